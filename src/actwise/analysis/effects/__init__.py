"""What the factors do: decomposition of the sums of squares, and gains by augmentation."""

from .associations import Association as Association
from .associations import associations as associations
from .decomposition import Decomposition as Decomposition
from .decomposition import Effect as Effect
from .decomposition import TermTest as TermTest
from .decomposition import decompose as decompose
from .design import SUMS as SUMS
from .design import Sums as Sums
from .gains import augmentation_gains as augmentation_gains
from .study import Effects as Effects
from .study import effects_of as effects_of
from .study import regularization_interactions as regularization_interactions
