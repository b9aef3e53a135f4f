"""Finished runs, kept for good, and who is training the others. Torch-free."""

from .database import StoreUnavailableError as StoreUnavailableError
from .leases import Claim as Claim
from .leases import StaleClaimError as StaleClaimError
from .looks import Look as Look
from .owners import LEASE_SECONDS as LEASE_SECONDS
from .owners import Owner as Owner
from .plans import StoredRun as StoredRun
from .plans import StoredStudy as StoredStudy
from .registrations import Registration as Registration
from .results import OtherResultError as OtherResultError
from .states import RunState as RunState
from .store import RunStore as RunStore
from .weight_files import kept_weights as kept_weights
from .weight_files import written_weights as written_weights
