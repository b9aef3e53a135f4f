"""The one that writes the store: claims runs for an executor and records what comes back."""

from .attention import attended as attended
from .driver import Driver as Driver
from .leftovers import clear_leftovers as clear_leftovers
from .progress_notes import NOTE_SECONDS as NOTE_SECONDS
from .progress_notes import ProgressNotes as ProgressNotes
from .time_left import TimeLeft as TimeLeft
