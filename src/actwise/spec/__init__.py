"""Studies and runs as frozen data, and what makes a run the same run. Torch-free."""

from .analysis import AnalysisSpec as AnalysisSpec
from .claims import claims_in_force as claims_in_force
from .identity import ENGINE_VERSION as ENGINE_VERSION
from .identity import Describe as Describe
from .identity import Description as Description
from .identity import canonical_settings as canonical_settings
from .identity import cell_hash as cell_hash
from .identity import code_modules_in as code_modules_in
from .identity import description_key as description_key
from .identity import run_id as run_id
from .identity import settled as settled
from .identity import spec_hash as spec_hash
from .load import load_study as load_study
from .load import parse_stored_study as parse_stored_study
from .load import parse_study as parse_study
from .load import shipped_studies as shipped_studies
from .planned import PlannedRun as PlannedRun
from .run import REQUIRED_FACTORS as REQUIRED_FACTORS
from .run import RunSpec as RunSpec
from .study import StudySpec as StudySpec
from .train import ObserveSpec as ObserveSpec
from .train import TrainSettings as TrainSettings
from .train import TrainSpec as TrainSpec
