"""What a sweep tells whoever watches, and the ways to show it."""

from .events import EVENT_NAMES as EVENT_NAMES
from .events import Event as Event
from .events import Note as Note
from .events import ProgressSink as ProgressSink
from .events import RunEnded as RunEnded
from .events import RunEndedElsewhere as RunEndedElsewhere
from .events import RunProgress as RunProgress
from .events import RunPutBack as RunPutBack
from .events import RunStarted as RunStarted
from .events import SweepEnded as SweepEnded
from .events import SweepStarted as SweepStarted
from .events import Waiting as Waiting
from .lines import Detail as Detail
from .lines import JsonProgress as JsonProgress
from .lines import PlainProgress as PlainProgress
from .lines import Silence as Silence
from .lines import choose_progress as choose_progress
from .lines import watcher as watcher
from .words import describe_progress as describe_progress
from .words import describe_seconds as describe_seconds
from .words import shorten_middle as shorten_middle
