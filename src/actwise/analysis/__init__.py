"""From recorded runs to cells, statistics and verdicts. Torch-free."""

from .analysis import Analysis as Analysis
from .analysis import Question as Question
from .analyze import analyze as analyze
from .analyze import analyze_results as analyze_results
from .analyze import analyze_store as analyze_store
from .cell_rows import CellRow as CellRow
