"""Where runs happen: in this process or in worker processes, behind one seam. Torch-free."""

from .choose import make_executor as make_executor
from .describer import Describer as Describer
from .early import EarlyWorkers as EarlyWorkers
from .executor import Executor as Executor
from .executor import WorkSource as WorkSource
from .stopping import StopRequest as StopRequest
