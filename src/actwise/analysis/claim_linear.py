"""Claims that are a conjunction of contrasts, theta_k > c_k for k = 1..K.

Supported: every one-sided lower limit at 1 - alpha exceeds c_k (intersection-union, Berger 1982:
no correction inside a claim). Refuted: some upper limit at 1 - alpha / K lies below its bound.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .claim import ClaimVerdict, Evaluation, Plan, component_result
from .inference import CellModel, Weights


@dataclass(frozen=True)
class Component:
    """One theta_k > c_k.

    Attributes:
        name: What theta is.
        weights: Its contrast.
        bound: c_k, in points.
        refutation: The claim is refuted where theta lies below this; None for ``bound``.
        least_estimate: The estimate itself must reach this for support.
        is_gap_change: Whether it says that gaps change, so that its sign must hold on the logit
            scale too.
    """

    name: str
    weights: Weights
    bound: float = 0.0
    refutation: float | None = None
    least_estimate: float = -math.inf
    is_gap_change: bool = False

    @property
    def refuted_below(self) -> float:
        """The refutation bound."""
        return self.bound if self.refutation is None else self.refutation

    @property
    def rule(self) -> str:
        """What is asked of theta."""
        parts = [f"{self.name} > {self.bound:g}", f"refuted below {self.refuted_below:g}"]
        if self.least_estimate > -math.inf:
            parts.append(f"the estimate at least {self.least_estimate:g}")
        if self.is_gap_change:
            parts.append("above 0 on the logit scale too")
        return "; ".join(parts)


def linear_plan(
    components: Sequence[Component],
    *,
    is_aliased: bool = False,
    is_half_measured: bool = False,
    notes: tuple[str, ...] = (),
) -> Plan:
    """The plan of a conjunction.

    Args:
        components: theta_k > c_k.
        is_aliased: What the claim is about changes only together with other things: undecided.
        is_half_measured: The other half needs measurements that are not there: never supported.
        notes: For readers.
    """
    barred: dict[ClaimVerdict, str] = {}
    if is_half_measured:
        barred["supported"] = "missing-cells"
    if is_aliased:
        barred.update({"supported": "aliased", "refuted": "aliased", "undecided": "aliased"})

    def evaluate(model: CellModel) -> Evaluation:
        return evaluate_components(components, model)

    def holds_on_logit(model: CellModel) -> bool:
        changes = [c for c in components if c.is_gap_change]
        return all(model.contrast(c.weights, name=c.name).value > 0 for c in changes)

    weights = tuple(component.weights for component in components)
    rules = tuple(component.rule for component in components)
    return Plan(weights, evaluate, holds_on_logit, barred, notes, rules)


def evaluate_components(components: Sequence[Component], model: CellModel) -> Evaluation:
    """The rule for a conjunction, under one model of the error."""
    results = tuple(
        component_result(
            model.contrast(component.weights, name=component.name),
            num_components=len(components),
            bound=component.bound,
            refutation=component.refuted_below,
        )
        for component in components
    )
    if any(result.upper < result.refutation for result in results):
        return Evaluation("refuted", results)
    is_supported = all(
        result.lower > result.bound and result.estimate >= component.least_estimate
        for result, component in zip(results, components, strict=True)
    )
    return Evaluation("supported" if is_supported else "undecided", results)
