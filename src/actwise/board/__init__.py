"""A live page of a store: what is shown (:mod:`.state`), and who serves it (:mod:`.server`)."""

from .server import BoardServer as BoardServer
from .state import STATES as STATES
from .state import Board as Board
from .state import study_entry as study_entry
from .state import time_left as time_left
