"""The race by itself: it asks for trainings, is told results, and never trains anything."""

from .advice import Advice as Advice
from .advice import advice_text as advice_text
from .blocks import batches as batches
from .drawn import draw as draw
from .knowledge import Knowledge as Knowledge
from .knowledge import KnownCondition as KnownCondition
from .knowledge import shipped_knowledge as shipped_knowledge
from .outlook import CONFIDENCE as CONFIDENCE
from .outlook import Further as Further
from .outlook import GainOver as GainOver
from .outlook import Outlook as Outlook
from .outlook import WhyStopped as WhyStopped
from .posterior import posterior as posterior
from .race import Race as Race
from .settings import NUM_GRID_SEEDS as NUM_GRID_SEEDS
from .settings import candidate_names as candidate_names
from .settings import level_names as level_names
from .trial import LEAST_PERCENT as LEAST_PERCENT
from .trial import NUM_FOLDS as NUM_FOLDS
from .trial import Told as Told
from .trial import Trial as Trial
