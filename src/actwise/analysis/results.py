"""Everything that one analysis found, as frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .asked import ContrastRow, Refusal
from .assumptions import OutlierRun, SeedCorrelation
from .claim import ClaimResult
from .conditions import PairRow, Separation
from .decision import Decision
from .divergence import DivergenceRate
from .effects import EffectSize
from .equal_variances import EqualVariances
from .estimate import ALPHA, Estimate
from .evidence import Evidence, Variance
from .factorial import Decomposition
from .finding import Finding
from .gains import Gain
from .image_errors import ImageErrors
from .looks import Looks
from .precision import Precision
from .ranking import RankRow
from .reading import StudyResults
from .robustness import PairedTests
from .rules import Regret
from .scales import Scale
from .summaries import Comparison, Contradiction
from .table import Cell


@dataclass(frozen=True)
class CellRow:
    """One cell: completed runs, their mean with its 95 % interval, and what did not complete.

    Attributes:
        as_published: Its figure as the paper of a bank gives it, where that is no plain mean.
    """

    cell: Cell
    num_runs: int
    mean: Estimate | None
    sd: float
    num_diverged: int
    epochs: float | None
    seconds: float | None
    as_published: float | None = None


@dataclass(frozen=True)
class Decomposed:
    """One decomposition with the sizes of its terms.

    Attributes:
        noise_ss: What noise alone would add to the compared factor's part, for single runs: by
            model of the error.
    """

    found: Decomposition
    sizes: tuple[EffectSize, ...]
    noise_ss: Mapping[str, float]


@dataclass(frozen=True)
class ScaleResults:
    """What has a value on either scale."""

    scale: Scale
    evidence: Evidence
    pooled: Decomposed | None
    by_dataset: Mapping[str, Decomposed]
    gains: tuple[Gain, ...]
    differences: tuple[Estimate, ...]


@dataclass(frozen=True)
class Margin:
    """A level's mean at one level of another factor, over the cells that all levels share.

    Attributes:
        dataset: The data set, or "all" where there is no such factor.
        factor, at: The other factor and its level.
        level: Level of the compared factor.
        mean: The estimate, in points.
    """

    dataset: str
    factor: str
    at: str
    level: str
    mean: Estimate


@dataclass(frozen=True)
class Robustness:
    """Columns that stand beside an interval and decide nothing.

    Attributes:
        tests: Sign-flip and Wilcoxon tests, from 6 pairs on.
        bca: Bootstrap interval of the difference, from 20 runs on.
    """

    tests: PairedTests | None
    bca: tuple[float, float] | None


@dataclass(frozen=True)
class Differences:
    """Levels of the compared factor against each other.

    Attributes:
        simple: All pairs in all conditions (or only the pair asked for).
        robustness: Tests and intervals without the normal assumption, by position in ``simple``.
        images: Standard errors on these and on new test images, by position in ``simple``.
        asked: The pair asked for: its mean over conditions, and what changes it.
        refusals: What is not estimable.
        incumbent: Every level against the one in use.
        separations: The best against the second best in each condition.
        ranking: Levels from best to worst.
        ranking_at_chance: The same with diverged runs at chance accuracy; empty where none
            diverged, or where that accuracy is not known.
    """

    simple: tuple[PairRow, ...] = ()
    robustness: Mapping[int, Robustness] = field(default_factory=dict)
    images: Mapping[int, ImageErrors] = field(default_factory=dict)
    asked: tuple[ContrastRow, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    incumbent: tuple[ContrastRow, ...] = ()
    separations: tuple[Separation, ...] = ()
    ranking: tuple[RankRow, ...] = ()
    ranking_at_chance: tuple[RankRow, ...] = ()


@dataclass(frozen=True)
class Checks:
    """How far the runs and the model can be trusted."""

    precisions: tuple[Precision, ...] = ()
    equal_variances: tuple[EqualVariances, ...] = ()
    seed_correlation: SeedCorrelation | None = None
    outliers: tuple[OutlierRun, ...] = ()
    divergence: tuple[DivergenceRate, ...] = ()


@dataclass(frozen=True)
class Published:
    """What can be said of published summary statistics."""

    comparisons: tuple[Comparison, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """The whole analysis of one source.

    Attributes:
        source: The runs and where they come from.
        scale: The scale that is shown; verdicts are always in points.
        margin: Margin of equivalence given by the user, or None for the defaults.
        variance: Whether a data set has one residual variance, or each cell its own.
        alpha: Level of each test: 5 %, or what planned looks leave to each.
        decision: What to use, or that nothing can be concluded.
        cells: Every cell with runs.
        points, logit: Decompositions and gains; None without a completed run, and ``logit`` where
            the response is no percentage.
        margins: Means by each other factor, for interaction plots.
        rules: Regret of rules of choice.
        claims, claims_origin: Verdicts on claims, and when the claims were fixed.
    """

    source: StudyResults
    scale: Scale
    margin: float | None
    decision: Decision
    cells: tuple[CellRow, ...] = ()
    points: ScaleResults | None = None
    logit: ScaleResults | None = None
    margins: tuple[Margin, ...] = ()
    differences: Differences = Differences()
    rules: tuple[Regret, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    claims_origin: str = ""
    findings: tuple[Finding, ...] = ()
    checks: Checks = Checks()
    looks: Looks | None = None
    published: Published = Published()
    variance: Variance = "pooled"
    alpha: float = ALPHA

    @property
    def shown(self) -> ScaleResults | None:
        """Results on the scale that was asked for."""
        return self.logit if self.scale == "logit" else self.points

    def to_json(self) -> dict[str, Any]:
        """Plain values in the shape of docs/json.md; None where a number is not known."""
        from .results_json import analysis_json

        return analysis_json(self)
