"""Rows of runs, as observations for the statistics and as cells for tables."""

from .blocking import Line as Line
from .blocking import apart_sentence as apart_sentence
from .blocking import joined as joined
from .blocking import seeds_cross as seeds_cross
from .cells import SETTINGS as SETTINGS
from .cells import Setting as Setting
from .cells import Table as Table
from .cells import TableCell as TableCell
from .cells import make_table as make_table
from .cells import select_planned as select_planned
from .observations import Booleans as Booleans
from .observations import Cell as Cell
from .observations import Floats as Floats
from .observations import Integers as Integers
from .observations import Observations as Observations
from .rows import PlacedRow as PlacedRow
from .rows import placed as placed
from .rows import read_rows as read_rows
from .rows import refuse_mixed_units as refuse_mixed_units
from .rows import seed_text as seed_text
