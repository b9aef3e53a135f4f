"""From recorded runs to cells, statistics and verdicts. Torch-free."""

from .reading import Bank as Bank
from .reading import bank_names as bank_names
from .reading import load_bank as load_bank
from .table import SETTINGS as SETTINGS
from .table import Setting as Setting
from .table import Table as Table
from .table import TableCell as TableCell
from .table import make_table as make_table
from .table import select_planned as select_planned
