"""Tables and reports for people and for other programs. Torch-free."""

from .json import analysis_json as analysis_json
from .signal import signal_text as signal_text
from .signal import write_signal as write_signal
from .tables import FORMATS as FORMATS
from .tables import plain as plain
from .tables import render as render
from .tables import table_text as table_text
from .tables import write as write
from .terminal import analysis_text as analysis_text
