"""Any PyTorch model: which activations it computes, and the same model with another one."""

from .audit import DoesNotRunError as DoesNotRunError
from .audit import audit as audit
from .changing import Miss as Miss
from .changing import SwapReport as SwapReport
from .finding import Audit as Audit
from .finding import Site as Site
from .finding import Unseen as Unseen
from .parameters import load_filling as load_filling
from .parameters import parameter_groups as parameter_groups
from .swap import swap as swap
