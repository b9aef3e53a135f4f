"""Finished runs, kept for good, and who is training the others. Torch-free."""

from .database import StoreUnavailableError as StoreUnavailableError
from .plans import Look as Look
from .plans import Outdated as Outdated
from .plans import Registration as Registration
from .plans import StoredRun as StoredRun
from .plans import StoredStudy as StoredStudy
from .plans import what_changed as what_changed
from .reading import CurvePoint as CurvePoint
from .reading import Machine as Machine
from .reading import PredictedClasses as PredictedClasses
from .reading import StoreSnapshot as StoreSnapshot
from .removal import Garbage as Garbage
from .removal import Removed as Removed
from .removal import collect_garbage as collect_garbage
from .removal import remove as remove
from .runs import LEASE_SECONDS as LEASE_SECONDS
from .runs import Lease as Lease
from .runs import OtherResultError as OtherResultError
from .runs import Owner as Owner
from .runs import RunState as RunState
from .runs import StaleLeaseError as StaleLeaseError
from .runs import kept_weights as kept_weights
from .runs import written_weights as written_weights
from .store import RunStore as RunStore
from .users_results import UsersResult as UsersResult
from .users_results import users_results as users_results
