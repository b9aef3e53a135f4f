"""What of the runs limits a conclusion besides findings."""

from dataclasses import dataclass

from .outliers import OutlierRun
from .without_seed import WithoutSeed


@dataclass(frozen=True)
class Checks:
    """Outlying runs, and what hangs on one seed; neither changes a number."""

    outliers: tuple[OutlierRun, ...] = ()
    without_seed: tuple[WithoutSeed, ...] = ()
