"""Data sets as they are used: fetched, listed, read, verified, cached."""

from .download import FetchProgress as FetchProgress
from .download import fetch as fetch
from .listing import Listing as Listing
from .listing import found_levels as found_levels
from .listing import listing as listing
from .load import hand_over as hand_over
from .load import info as info
from .load import load as load
from .load import load_planned as load_planned
from .load import require_files as require_files
from .load import take_over as take_over
from .verify import VerifyReport as VerifyReport
from .verify import verify as verify
