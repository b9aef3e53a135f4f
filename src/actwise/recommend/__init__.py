"""Which activation, within a budget: a race of short and full trainings, and what it can say."""

from .advised import CaseAdvice as CaseAdvice
from .costs import Costs as Costs
from .costs import Ratio as Ratio
from .costs import StepCost as StepCost
from .costs import cost as cost
from .course import RaceFailedError as RaceFailedError
from .preview import Preview as Preview
from .race import Advice as Advice
from .race import Further as Further
from .race import GainOver as GainOver
from .race import Knowledge as Knowledge
from .race import KnownCondition as KnownCondition
from .race import Outlook as Outlook
from .race import Race as Race
from .race import Told as Told
from .race import Trial as Trial
from .race import advice_text as advice_text
from .race import shipped_knowledge as shipped_knowledge
