"""What becomes of runs: who trains them, how they stand, and their results."""

from .leases import Lease as Lease
from .leases import StaleLeaseError as StaleLeaseError
from .leases import lease_run as lease_run
from .leases import live_owners as live_owners
from .leases import put_back as put_back
from .leases import renew_leases as renew_leases
from .owners import LEASE_SECONDS as LEASE_SECONDS
from .owners import Owner as Owner
from .results import RECORD_COLUMNS as RECORD_COLUMNS
from .results import OtherResultError as OtherResultError
from .results import differing_fields as differing_fields
from .results import read_result as read_result
from .results import record_result as record_result
from .results import reopen_failed as reopen_failed
from .results import write_results as write_results
from .states import RunState as RunState
from .states import read_finished as read_finished
from .states import read_run_id as read_run_id
from .states import read_settings as read_settings
from .states import read_states as read_states
from .weight_files import keep_weights as keep_weights
from .weight_files import kept_weights as kept_weights
from .weight_files import written_weights as written_weights
