"""Cell means, the error of their contrasts, and the runs that came to nothing."""

from .chance import LostRuns as LostRuns
from .chance import as_accuracies as as_accuracies
from .chance import chance_accuracy as chance_accuracy
from .chance import exact_interval as exact_interval
from .chance import floor_accuracy as floor_accuracy
from .chance import hardly_learned as hardly_learned
from .condition import ConditionFit as ConditionFit
from .distributions import chi2_quantile as chi2_quantile
from .estimate import ALPHA as ALPHA
from .estimate import Estimate as Estimate
from .estimate import satterthwaite as satterthwaite
from .fitted import Model as Model
from .fitted import NotEstimableError as NotEstimableError
from .fitted import Weights as Weights
from .fitting import fit_model as fit_model
from .percent import is_percent as is_percent
from .percent import looks_like_fraction as looks_like_fraction
from .scales import SCALES as SCALES
from .scales import Scale as Scale
from .scales import on_scale as on_scale
from .single_runs import EXTERNAL_SOURCE as EXTERNAL_SOURCE
from .strata import Stratum as Stratum
from .training_scale import are_trained as are_trained
