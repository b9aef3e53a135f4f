"""What to use in each network, and what follows for the study."""

from .decide import Decision as Decision
from .decide import NetworkDecision as NetworkDecision
from .decide import decide as decide
from .rates import choose_rates as choose_rates
