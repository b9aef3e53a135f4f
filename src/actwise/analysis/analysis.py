"""What is asked of the runs of a study, and the whole answer as frozen data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..shown import Shown
from .cell_rows import CellRow
from .checks import Checks, Finding, Recomputed
from .claims import ClaimResult, ClaimsOrigin
from .decision import Decision
from .differences import ContrastRow, IncumbentRow, Pair, PairRow, Refusal, Separation
from .effects import Association, Effects, Sums
from .model import Model, Scale
from .precision import ImageErrors, Looks, RunPrecision
from .reading import StudyResults
from .rules import Regret
from .table import Observations


@dataclass(frozen=True)
class Question:
    """What is asked of the runs.

    Attributes:
        contrast: A pair (A, B) of levels of the compared factor, A minus B.
        claims: TOML file with claims of the user's own, judged beside the paper's.
        margin: Margin of equivalence in points for all data sets.
        scale: The scale of effects and gains that are shown.
        strata: Factors whose combinations share a residual variance; by default one network's do.
        sums: Type of the sums of squares of the decomposition.
        command: The command that looks at the results, for the record of looks.
    """

    contrast: Pair | None = None
    claims: Path | None = None
    margin: float | None = None
    scale: Scale = "points"
    strata: tuple[str, ...] | None = None
    sums: Sums = "II"
    command: str = "analyze"


@dataclass(frozen=True, repr=False)
class Analysis(Shown):
    """The whole analysis of one study, as data; words are made by ``report``.

    Attributes:
        results: The runs and where they come from.
        question: What was asked.
        decision: What to use.
        alpha: Level of each test: 5 %, or what planned looks leave to each.
        observed: The runs that were judged; where learning rates were chosen, those at the chosen
            ones. None for published summary statistics.
        model: The model in points; None without a completed run.
        cells: Every cell with runs.
        effects, logit: Decompositions and gains in points and on the logit scale; ``logit`` is
            None where the response is no percentage.
        pairs: All pairs in all conditions, or only the pair asked for.
        images: Of pairs, by position in ``pairs``, their errors on these and on new test images.
        asked, refusals: Of the pair asked for; what of it is not estimable.
        incumbent: Every level against the one in use, by network.
        separations: The best against the second best in each condition.
        rules: Regret of rules of choice.
        claims, claims_origins: Verdicts on claims, and when each set of claims was fixed.
        associations: Of changes in signal flow with changes in the response; exploratory.
        findings: What a careful reader must know first.
        precisions: Run SD of each stratum, and what it could have shown.
        checks: Outliers, and what hangs on one seed.
        looks: Looks at the results, this one included.
        published: What can be said of published summary statistics.
    """

    results: StudyResults
    question: Question
    decision: Decision
    alpha: float
    looks: Looks
    observed: Observations | None = None
    model: Model | None = None
    cells: tuple[CellRow, ...] = ()
    effects: Effects | None = None
    logit: Effects | None = None
    pairs: tuple[PairRow, ...] = ()
    images: Mapping[int, ImageErrors] = field(default_factory=dict)
    asked: tuple[ContrastRow, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    incumbent: tuple[IncumbentRow, ...] = ()
    separations: tuple[Separation, ...] = ()
    rules: tuple[Regret, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    claims_origins: tuple[ClaimsOrigin, ...] = ()
    associations: tuple[Association, ...] = ()
    findings: tuple[Finding, ...] = ()
    precisions: tuple[RunPrecision, ...] = ()
    checks: Checks = field(default_factory=Checks)
    published: Recomputed = field(default_factory=Recomputed)

    @property
    def shown(self) -> Effects | None:
        """Effects and gains on the scale that was asked for."""
        return self.logit if self.question.scale == "logit" else self.effects

    def to_dict(self) -> dict[str, Any]:
        """What ``analyze --json`` prints."""
        values: dict[str, Any] = self._display().values()
        return values

    def to_rows(self) -> Sequence[Mapping[str, Any]]:
        """The cells."""
        cells: Sequence[Mapping[str, Any]] = self.to_dict()["cells"]
        return cells
