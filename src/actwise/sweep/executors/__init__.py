"""Where runs happen: in this process, in worker processes or on a cluster, behind one seam.

Torch-free.
"""

from .choose import make_executor as make_executor
from .describer import Describer as Describer
from .executor import Executor as Executor
from .executor import WorkSource as WorkSource
from .kept import end_kept_mother as end_kept_mother
from .nursery import Nursery as Nursery
from .stopping import StoppedError as StoppedError
from .stopping import StopRequest as StopRequest
