"""Every level against the one in use now: marginal means, Dunnett's adjustment."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .asked import Candidate, ContrastRow, judged
from .contrasts import combine
from .dunnett import dunnett_p
from .estimate import Estimate
from .evidence import Evidence
from .families import AdjustedP
from .inference import CellModel, Weights
from .ranking import marginal_means, mean_variances, shared_conditions
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

    Dunnett 1955 with the variances that the means have (levels may have unequal numbers of runs);
    where each cell has its own, Holm's adjustment asks for no common one. Empty where no condition
    has all levels.
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
    adjuster = (
        by_sign(family, "holm")
        if evidence.variance == "cell"
        else _dunnett(family, means, incumbent)
    )
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


def _dunnett(family: str, means: Mapping[str, Weights], incumbent: str) -> Adjuster:
    levels = [incumbent, *(level for level in means if level != incumbent)]

    def adjuster(estimates: Sequence[Estimate], model: CellModel) -> tuple[AdjustedP, ...]:
        control, *arms = mean_variances(model, [means[level] for level in levels]).tolist()
        found = []
        for estimate in estimates:
            (adjusted,) = dunnett_p(
                [abs(estimate.statistic())],
                variances=arms,
                control_variance=control,
                df=estimate.df,
                two_sided=False,
            )
            p = min(estimate.p_above(), estimate.p_below())
            found.append(AdjustedP(p, adjusted, family, len(estimates), "dunnett"))
        return tuple(found)

    return adjuster
