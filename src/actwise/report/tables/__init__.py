"""Tables of words and how they are printed: ``actwise table``, and the one printer of text."""

from .columns import Fitted as Fitted
from .columns import columns as columns
from .columns import text_lines as text_lines
from .formats import FORMATS as FORMATS
from .formats import plain as plain
from .formats import render as render
from .formats import write as write
from .grid import BEST_MARK as BEST_MARK
from .grid import GridEntry as GridEntry
from .grid import arrange as arrange
from .grid import grid_view as grid_view
from .grid import headings as headings
from .paper import paper_accuracy as paper_accuracy
from .text import table_text as table_text
from .view import View as View
from .view import make_view as make_view
from .wrapping import wrap as wrap
