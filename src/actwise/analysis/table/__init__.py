"""Runs as a table: observations, cells, conditions and networks."""

from .cells import SETTINGS as SETTINGS
from .cells import Setting as Setting
from .cells import Table as Table
from .cells import TableCell as TableCell
from .cells import make_table as make_table
from .cells import select_planned as select_planned
from .conditions import BUDGETS as BUDGETS
from .conditions import Condition as Condition
from .conditions import Levels as Levels
from .conditions import Network as Network
from .conditions import as_number as as_number
from .conditions import at_largest_budget as at_largest_budget
from .conditions import cell_at as cell_at
from .conditions import condition_of as condition_of
from .conditions import network_of as network_of
from .conditions import runs_at_largest_budget as runs_at_largest_budget
from .levels import is_augmented as is_augmented
from .levels import is_residual as is_residual
from .levels import without_augmentation as without_augmentation
from .observations import Booleans as Booleans
from .observations import Cell as Cell
from .observations import Floats as Floats
from .observations import Integers as Integers
from .observations import Observations as Observations
