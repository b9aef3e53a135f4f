"""Every level against the one in use now: marginal means, Dunnett's adjustment."""

from .asked import Candidate, ContrastRow, judged
from .contrasts import combine
from .dunnett import dunnett_p
from .evidence import Evidence
from .families import AdjustedP
from .ranking import marginal_means

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

    Every level has the same conditions, so the means are equally precise (Dunnett 1955). Empty
    where no condition has all levels.
    """
    means = marginal_means(evidence)
    if incumbent not in means or len(means) < 2:
        return ()
    members = []
    for level, weights in means.items():
        if level != incumbent:
            name = f"{level} - {incumbent}"
            difference = combine((1.0, weights), (-1.0, means[incumbent]))
            candidate = Candidate(name, "incumbent", (), difference)
            members.append((candidate, evidence.estimates(difference, name)))
    shown = iter(range(len(evidence.models)))

    def adjust_all(p_values: list[float], family: str) -> tuple[AdjustedP, ...]:
        model = next(shown)
        estimates = [found[model] for _, found in members]
        adjusted = (
            dunnett_p(
                [abs(estimate.statistic()) for estimate in estimates],
                variances=[1.0] * len(estimates),
                control_variance=1.0,
                df=estimates[0].df,
                two_sided=False,
            )
            if estimates[0].is_testable
            else p_values
        )
        return tuple(
            AdjustedP(p, q, family, len(p_values), "dunnett")
            for p, q in zip(p_values, adjusted, strict=True)
        )

    family = f"against {incumbent}"
    return tuple(judged(evidence, members, family=family, adjust_all=adjust_all))
