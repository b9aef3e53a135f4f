"""What findings are looked for in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..effects import Effects
from ..model import Model
from ..precision import Looks, Seen
from ..reading import StudyResults
from ..table import Observations
from .outliers import OutlierRun
from .published import Recomputed

Rows = Sequence[str]
"""Evidence: numbers and names, an entry each; nothing where there is nothing to find."""
Detect = Callable[["Facts"], Rows]


@dataclass(frozen=True)
class Facts:
    """A study and what was made of it.

    Attributes:
        results: The runs and where they come from.
        observed: The runs that are analysed; None for published summary statistics.
        model: In points; None without a run.
        effects: On each scale.
        looks: Looks at the results, this one included.
        outliers: Runs far out.
        published: Of published summary statistics.
    """

    results: StudyResults
    observed: Observations | None = None
    model: Model | None = None
    effects: tuple[Effects, ...] = ()
    looks: Looks = field(default_factory=lambda: Looks((), (), None, None, (), (), Seen(0)))
    outliers: tuple[OutlierRun, ...] = ()
    published: Recomputed | None = None


def on_runs(detect: Callable[[Observations, Model], Rows]) -> Detect:
    """A detector that needs runs, some of which completed."""

    def found(facts: Facts) -> Rows:
        if facts.observed is None or facts.model is None or not facts.model.cells:
            return ()
        return detect(facts.observed, facts.model)

    return found
