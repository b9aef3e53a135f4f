"""From a study to recorded runs: plan, executors, workers, driver. Torch-free at import."""

from .load import load_model as load_model
from .options import Outcome as Outcome
from .options import RunOptions as RunOptions
from .plan import Plan as Plan
from .plan import make_plan as make_plan
from .run import run_study as run_study
