"""Every level against the one in use now: marginal means, Dunnett's adjustment."""

from collections.abc import Sequence
from dataclasses import replace

from .asked import Candidate, ContrastRow, judged
from .contrasts import combine
from .dunnett import dunnett_p
from .estimate import Estimate
from .evidence import Evidence
from .families import AdjustedP
from .ranking import marginal_means, shared_conditions
from .verdicts import Adjuster, by_sign

USUAL = "relu"
"""What networks use unless somebody chose otherwise."""


def choose_incumbent(evidence: Evidence) -> str | None:
    """ReLU where it is a level, else the first level of the study."""
    levels = evidence.observed.completed().levels_of(evidence.observed.focus)
    if not levels:
        return None
    return USUAL if USUAL in levels else levels[0]


def against_incumbent(evidence: Evidence, incumbent: str) -> tuple[ContrastRow, ...]:
    """Mean over the shared conditions of each other level minus the incumbent.

    Every level has the same conditions, so with one variance the means are equally precise
    (Dunnett 1955); where each cell has its own, Holm's adjustment asks for no such thing. Empty
    where no condition has all levels.
    """
    means = marginal_means(evidence)
    if incumbent not in means or len(means) < 2:
        return ()
    candidates = [
        Candidate(
            f"{level} - {incumbent}",
            "incumbent",
            (),
            combine((1.0, weights), (-1.0, means[incumbent])),
        )
        for level, weights in means.items()
        if level != incumbent
    ]
    family = f"against {incumbent}"
    adjuster = by_sign(family, "holm") if evidence.variance == "cell" else _dunnett(family)
    rows = judged(evidence, candidates, adjuster)
    other = evidence.with_diverged()
    # A condition that a level never completed is not in its mean; at chance it is.
    if other and set(shared_conditions(other)) != set(shared_conditions(evidence)):
        verdicts = {row.name: row.verdict for row in against_incumbent(other, incumbent)}
        rows = [
            row
            if verdicts.get(row.name) == row.verdict
            else replace(row, verdict="undecided", reason="diverged")
            for row in rows
        ]
    return tuple(rows)


def _dunnett(family: str) -> Adjuster:
    def adjuster(estimates: Sequence[Estimate]) -> tuple[AdjustedP, ...]:
        p_values = [min(e.p_above(), e.p_below()) for e in estimates]
        adjusted = dunnett_p(
            [abs(estimate.statistic()) for estimate in estimates],
            variances=[1.0] * len(estimates),
            control_variance=1.0,
            df=estimates[0].df,
            two_sided=False,
        )
        return tuple(
            AdjustedP(p, q, family, len(p_values), "dunnett")
            for p, q in zip(p_values, adjusted, strict=True)
        )

    return adjuster
