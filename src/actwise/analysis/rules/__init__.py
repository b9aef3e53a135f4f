"""Rules of choice, and what following them would have cost."""

from .regret import Regret as Regret
from .regret import paper_advice as paper_advice
from .regret import regret_table as regret_table
