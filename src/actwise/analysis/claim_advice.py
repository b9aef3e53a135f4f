"""Claim C8: the paper's advice has less regret than always PReLU, and little regret at all.

rho = mean over conditions of max_a mu - mu(rule). The maximum cancels in rho(always P) -
rho(rule), which is a contrast. rho(rule) itself is cross-fitted, and its upper limit must lie
below 0.75 points; on the runs that suggested the rule nothing is decided (in-sample).
"""

import math

from .claim import ClaimVerdict, ComponentResult, Evaluation, Plan, component_result
from .contrasts import combine
from .crossfit import cross_fitted_regret
from .estimate import Estimate
from .evidence import Evidence
from .inference import CellModel, Weights
from .rules import always, condition_means, paper_rule, regret
from .wording import Group, Wording

REGRET_BOUND = 0.75


def advice_plan(wording: Wording, evidence: Evidence) -> Plan:
    """C8 over the conditions of VGG and residual networks that the study has."""
    groups = list(wording.groups()) or [Group("C10", "V", 0)]
    weights = combine(
        *(
            term
            for group in groups
            for term in (
                (1 / len(groups), _mu(wording, group, _advice(group))),
                (-1 / len(groups), _mu(wording, group, "prelu")),
            )
        )
    )
    everything = tuple(_mu(wording, g, a) for g in groups for a in ("relu", "prelu", "elu"))
    own = cross_fitted_regret(evidence, paper_rule("relu"), name="rho(rule), cross-fitted")
    barred: dict[ClaimVerdict, str] = {}
    if own is None:
        barred = dict.fromkeys(("supported", "refuted", "undecided"), "in-sample")

    def evaluate(model: CellModel) -> Evaluation:
        difference = model.contrast(weights, name="rho(always prelu) - rho(rule)")
        return _evaluate(difference, own, evidence)

    return Plan((weights, *everything), evaluate, barred=barred, notes=_notes(evidence))


def _evaluate(difference: Estimate, own: Estimate | None, evidence: Evidence) -> Evaluation:
    first = component_result(difference, num_components=1)
    second = _regret_row(own, evidence)
    if first.upper < 0:
        return Evaluation("refuted", (first, second))
    is_supported = first.lower > 0 and second.upper < REGRET_BOUND
    return Evaluation("supported" if is_supported else "undecided", (first, second))


def _regret_row(own: Estimate | None, evidence: Evidence) -> ComponentResult:
    """rho(rule): support needs its upper 95 % limit below the bound."""
    nan = math.nan
    if own is not None:
        return component_result(own, num_components=1, bound=nan, refutation=nan)
    found = regret(condition_means(evidence.observed), paper_rule("relu"), name="rule")
    value = found.mean if found else nan
    return ComponentResult("rho(rule), in-sample", value, nan, 0.0, nan, nan, nan, nan)


def _notes(evidence: Evidence) -> tuple[str, ...]:
    means = condition_means(evidence.observed)
    rows = [
        regret(means, rule, name=name)
        for name, rule in (
            ("always prelu", always("prelu")),
            ("rule", paper_rule("relu")),
            ("rule with ELU in residual networks", paper_rule("elu")),
        )
    ]
    return tuple(
        f"in-sample regret of {row.rule}: mean {row.mean:.3f}, worst {row.worst:.2f} points"
        for row in rows
        if row is not None
    )


def _advice(group: Group) -> str:
    if not group.augmented:
        return "prelu"
    return "relu" if group.network == "S" else "elu"


def _mu(wording: Wording, group: Group, activation: str) -> Weights:
    return wording.mu(group.dataset, group.network, group.augmented, activation)
