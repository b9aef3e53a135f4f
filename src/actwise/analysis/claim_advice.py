"""Claim C8: the paper's advice has less regret than always PReLU, and little regret at all.

rho = mean over the conditions (d, n, r) of max_a mu - mu(rule), a = R, P, E. The maximum cancels in
rho(always P) - rho(rule), which is a contrast. rho(rule) itself is cross-fitted, and its upper
limit must lie below 0.75 points; on the runs that suggested the rule nothing is decided
(in-sample).
"""

import math
from collections.abc import Callable, Mapping, Sequence

from .claim import ClaimVerdict, ComponentResult, Evaluation, Plan, component_result
from .contrasts import combine
from .crossfit import cross_fitted_contrast
from .estimate import Estimate
from .evidence import Evidence
from .inference import CellModel, Weights
from .wording import Group, Wording

REGRET_BOUND = 0.75
_ACTIVATIONS = ("relu", "prelu", "elu")
Choice = Callable[[Group], str]


def advice_plan(wording: Wording, evidence: Evidence) -> Plan:
    """C8 over the conditions of VGG and residual networks that the study has."""
    groups = list(wording.groups()) or [Group("C10", "V", 0)]
    means = {g: {a: _mu(wording, g, a) for a in _ACTIVATIONS} for g in groups}
    weights = combine(
        *(
            (sign / len(groups), means[group][choose(group)])
            for group in groups
            for sign, choose in ((1.0, advice), (-1.0, _always_prelu))
        )
    )
    everything = tuple(mean for row in means.values() for mean in row.values())
    is_complete = not any(evidence.model.missing(mean) for mean in everything)
    own = _cross_fitted_regret(means, evidence) if is_complete else None
    barred: dict[ClaimVerdict, str] = {}
    if own is None:
        barred = dict.fromkeys(("supported", "refuted", "undecided"), "in-sample")

    def evaluate(model: CellModel) -> Evaluation:
        difference = model.contrast(weights, name="rho(always prelu) - rho(rule)")
        return _evaluate(difference, own or _in_sample_regret(means, model))

    rules = (f"rho(always prelu) - rho(rule) > 0; rho(rule) < {REGRET_BOUND:g}; refuted below 0",)
    notes = _notes(means, evidence.model) if is_complete else ()
    return Plan((weights, *everything), evaluate, barred=barred, notes=notes, rules=rules)


def advice(group: Group) -> str:
    """The paper's: PReLU without augmentation; with it ELU, in residual networks ReLU."""
    if not group.augmented:
        return "prelu"
    return "relu" if group.network == "S" else "elu"


Means = Mapping[Group, Mapping[str, Weights]]
"""mu(d, n, r, a) as weights of cells."""


def _cross_fitted_regret(means: Means, evidence: Evidence) -> Estimate | None:
    """rho(rule); in each half the best level is taken as given, so that regret is a contrast."""
    cells = {cell for row in means.values() for mean in row.values() for cell in mean}

    def regret_weights(model: CellModel) -> Weights:
        terms: list[tuple[float, Weights]] = []
        for group, row in means.items():
            best = max(row.values(), key=lambda mean: model.contrast(mean).value)
            terms += [(1 / len(means), best), (-1 / len(means), row[advice(group)])]
        return combine(*terms)

    return cross_fitted_contrast(evidence, cells, regret_weights, name="rho(rule), cross-fitted")


def _in_sample_regret(means: Means, model: CellModel) -> Estimate:
    losses = _losses(means, model, advice)
    return Estimate("rho(rule), in-sample", sum(losses) / len(losses), math.nan, 0.0, model.source)


def _evaluate(difference: Estimate, own: Estimate) -> Evaluation:
    """Support also needs the upper limit of rho(rule) below the bound; in-sample it has none."""
    first = component_result(difference, num_components=1)
    second: ComponentResult = component_result(
        own, num_components=1, bound=math.nan, refutation=math.nan
    )
    if first.upper < 0:
        return Evaluation("refuted", (first, second))
    is_supported = first.lower > 0 and second.upper < REGRET_BOUND
    return Evaluation("supported" if is_supported else "undecided", (first, second))


def _notes(means: Means, model: CellModel) -> tuple[str, ...]:
    rows: Sequence[tuple[str, Choice]] = (
        ("always prelu", _always_prelu),
        ("the rule", advice),
        ("the rule with ELU in residual networks", _with_elu),
    )
    notes = []
    for name, choose in rows:
        losses = _losses(means, model, choose)
        mean, worst = sum(losses) / len(losses), max(losses)
        notes.append(f"in-sample regret of {name}: mean {mean:.3f}, worst {worst:.2f} points")
    return tuple(notes)


def _losses(means: Means, model: CellModel, choose: Choice) -> list[float]:
    found = []
    for group, row in means.items():
        values = {level: model.contrast(mean).value for level, mean in row.items()}
        found.append(max(values.values()) - values[choose(group)])
    return found


def _always_prelu(group: Group) -> str:
    return "prelu"


def _with_elu(group: Group) -> str:
    return "elu" if group.augmented else "prelu"


def _mu(wording: Wording, group: Group, activation: str) -> Weights:
    return wording.mu(group.dataset, group.network, group.augmented, activation)
