"""From a study to recorded runs: plan, workers, executors, driver; :mod:`.run` does it all.

Torch-free at import. A worker process imports this too: what only a driver needs is not here.
"""

from .load import load_model as load_model
from .plan import Outcome as Outcome
from .plan import Plan as Plan
from .plan import RunOptions as RunOptions
from .plan import make_plan as make_plan
