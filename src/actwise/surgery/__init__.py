"""Any PyTorch model: which activations it computes, and the same model with another one."""

from .audit import DoesNotRunError as DoesNotRunError
from .audit import Example as Example
from .audit import as_audit as as_audit
from .audit import as_site as as_site
from .audit import audit as audit
from .audit import call_model as call_model
from .audit import record as record
from .audit import refuse_unready as refuse_unready
from .audit import site_names as site_names
from .audit import uncompiled as uncompiled
from .changing import Miss as Miss
from .changing import SwapReport as SwapReport
from .finding import Audit as Audit
from .finding import Site as Site
from .finding import Unseen as Unseen
from .finding import left_as_it_was as left_as_it_was
from .finding import tensors as tensors
from .finding import with_tensors as with_tensors
from .parameters import load_filling as load_filling
from .parameters import parameter_groups as parameter_groups
from .swap import swap as swap
