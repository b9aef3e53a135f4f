"""Any PyTorch model: which activations it computes, and the same model with another one."""

from .audit import audit as audit
from .parameters import load_filling as load_filling
from .parameters import parameter_groups as parameter_groups
from .report import Miss as Miss
from .report import SwapReport as SwapReport
from .site import Audit as Audit
from .site import Site as Site
from .site import Unseen as Unseen
from .swap import swap as swap
