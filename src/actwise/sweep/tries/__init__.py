"""The first batches of runs, trained to see that they can be and how fast; nothing is kept."""

from .calibrate import Calibration as Calibration
from .calibrate import CellRate as CellRate
from .calibrate import calibrate as calibrate
from .compiling import LEAST_SAVING as LEAST_SAVING
from .compiling import CompileAdvice as CompileAdvice
from .compiling import CompileTimes as CompileTimes
from .compiling import ModelAdvice as ModelAdvice
from .compiling import advise_on_compiling as advise_on_compiling
from .compiling import missing_compiler as missing_compiler
from .costs import time_steps as time_steps
from .smoke import SmokeReport as SmokeReport
from .smoke import SmokeResult as SmokeResult
from .smoke import smoke as smoke
from .tries import measure as measure
