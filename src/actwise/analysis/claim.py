"""A claim as an executable hypothesis, and how every claim is judged.

A claim looks at a study and makes a plan: the contrasts it needs and a rule that gives a verdict
under one model of the error. Judging is the same for all: missing cells, diverged runs, both
models of single runs, both scales. A reason code always, the first of ``REASONS`` that applies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .estimate import ALPHA, Estimate
from .evidence import Evidence, Variance, gather, is_percent
from .inference import CellModel, NotEstimableError, Weights
from .table import Cell, Observations
from .wording import Wording

ClaimVerdict = Literal["supported", "refuted", "undecided"]

REASONS = (
    "missing-cells",
    "diverged",
    "aliased",
    "in-sample",
    "ceiling",
    "single-run",
    "imprecise",
    "ok",
)
"""In the order in which they apply."""


@dataclass(frozen=True)
class ComponentResult:
    """A component's estimate with the limits that decide, in the scale of the claim.

    Attributes:
        name: What was estimated.
        estimate, standard_error, df: NaN (and 0) where it could not be.
        lower: One-sided limit at 1 - alpha.
        upper: One-sided limit at the level that refutes, 1 - alpha / K for K components.
        bound: Support needs ``lower`` above this.
        refutation: The claim is refuted where ``upper`` lies below this.
    """

    name: str
    estimate: float
    standard_error: float
    df: float
    lower: float
    upper: float
    bound: float
    refutation: float


@dataclass(frozen=True)
class Evaluation:
    """What one model of the error says."""

    verdict: ClaimVerdict
    components: tuple[ComponentResult, ...]


@dataclass(frozen=True)
class Plan:
    """How a claim is to be judged in one study.

    Attributes:
        weights: Every contrast that is needed; cells that the study lacks may have weights.
        evaluate: The rule under one model of the error.
        holds_on_logit: Whether the signs are the same under a model on the logit scale.
        barred: Verdicts that cannot be given whatever the numbers say, with the reason.
        notes: What a reader must know besides.
        rules: What ``evaluate`` asks of the contrasts, in words and numbers.
    """

    weights: tuple[Weights, ...]
    evaluate: Callable[[CellModel], Evaluation]
    holds_on_logit: Callable[[CellModel], bool] = lambda model: True
    barred: Mapping[ClaimVerdict, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """A named hypothesis; ``plan`` turns it into contrasts of a study.

    Attributes:
        id, statement: Its name, and what it says.
        plan: How it is judged in a study.
        is_about_accuracy: Whether it speaks of accuracies in percent. Errors are then turned into
            accuracies, and any other response leaves it undecided; else the response is taken as
            it is given.
    """

    id: str
    statement: str
    plan: Callable[[Wording, Evidence], Plan]
    is_about_accuracy: bool = False


@dataclass(frozen=True)
class ClaimResult:
    """A verdict with everything that led to it.

    Attributes:
        id, statement: Of the claim; it is a family of its own.
        verdict, reason: The reason is one of ``REASONS``.
        components: Under the most cautious model.
        by_source: The verdict of each model of the error.
        margin: Margin of equivalence by data set, in points.
        runs, seeds: Completed runs of the study and its distinct seeds (0 without).
        variance_source: Where the shown standard errors come from.
        scope: Levels of the cells that have weight in the claim; "" where the study has none.
        missing: Cells that the claim needs and the study lacks.
        notes: What a reader must know besides.
    """

    id: str
    statement: str
    verdict: ClaimVerdict
    reason: str
    components: tuple[ComponentResult, ...]
    by_source: Mapping[str, ClaimVerdict]
    margin: Mapping[str, float]
    runs: int
    seeds: int
    variance_source: str
    scope: str
    scale: str = "points"
    alpha: float = ALPHA
    missing: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()


def judge_claims(
    observed: Observations,
    claims: Sequence[Claim],
    *,
    margin: float | None = None,
    variance: Variance = "pooled",
    alpha: float = ALPHA,
) -> tuple[ClaimResult, ...]:
    """Judge claims; those about accuracies see errors in percent as accuracies.

    Args:
        observed: The runs.
        claims: Such as :data:`claims.PAPER_CLAIMS`.
        margin: Margin of equivalence for all data sets, in points, instead of the defaults.
        variance: One residual variance a data set, or each cell its own.
        alpha: Level of each claim; planned looks share 5 %.
    """

    def evidence(runs: Observations) -> tuple[Evidence, Evidence | None]:
        points = gather(runs, margin=margin, variance=variance, alpha=alpha)
        if not points.is_percent:
            return points, None
        return points, gather(runs, scale="logit", variance=variance, alpha=alpha)

    as_given = as_accuracies = evidence(observed)
    if not observed.higher_is_better and is_percent(observed):
        flipped = observed.with_response(100.0 - observed.response_R)
        as_accuracies = evidence(replace(flipped, higher_is_better=True))
    return tuple(
        judge_claim(claim, *(as_accuracies if claim.is_about_accuracy else as_given))
        for claim in claims
    )


def judge_claim(claim: Claim, evidence: Evidence, logit: Evidence | None) -> ClaimResult:
    """Judge one claim from the evidence in points and, where there is one, on the logit scale."""
    wording = Wording(evidence.model.factors, evidence.model.cells)
    plan = _plan(claim, wording, evidence)
    by_source: dict[str, ClaimVerdict] = {}
    shown: tuple[ComponentResult, ...] = ()
    missing = _missing(plan, evidence.model)
    verdict: ClaimVerdict = "undecided"
    reason = "missing-cells"
    if plan.weights and not missing:
        try:
            found = {model.source: plan.evaluate(model) for model in evidence.models}
        except NotEstimableError as error:
            missing = error.missing
        else:
            by_source = {source: entry.verdict for source, entry in found.items()}
            shown = found[evidence.model.source].components
            verdict, reason = _decide(claim, plan, by_source, shown, evidence, logit)
    observed = evidence.observed
    return ClaimResult(
        claim.id,
        claim.statement,
        verdict,
        reason,
        shown,
        by_source,
        {
            name: evidence.margin_of(name)
            for name in dict.fromkeys(observed.run_datasets().tolist())
        },
        observed.completed().num_runs,
        0 if observed.seeds_R is None else len(set(observed.seeds_R.tolist())),
        evidence.model.source,
        wording.scope(cell for weights in plan.weights for cell in weights if weights[cell]),
        alpha=evidence.alpha,
        missing=missing,
        notes=plan.notes,
    )


def _plan(claim: Claim, wording: Wording, evidence: Evidence) -> Plan:
    """The claim's plan; one without contrasts where its response was not measured."""
    if evidence.is_percent or not claim.is_about_accuracy:
        return claim.plan(wording, evidence)
    response = evidence.observed.response
    note = f"it is about accuracies in percent, and {response} is no percentage"
    return Plan((), lambda model: Evaluation("undecided", ()), notes=(note,))


def _decide(
    claim: Claim,
    plan: Plan,
    by_source: Mapping[str, ClaimVerdict],
    shown: tuple[ComponentResult, ...],
    evidence: Evidence,
    logit: Evidence | None,
) -> tuple[ClaimVerdict, str]:
    verdicts = set(by_source.values())
    verdict: ClaimVerdict = verdicts.pop() if len(verdicts) == 1 else "undecided"
    if any(evidence.touches_diverged(weights) for weights in plan.weights):
        others = _verdicts_at_chance(claim, evidence)
        if not others or any(other != verdict for other in others):
            return "undecided", "diverged"
    if verdict in plan.barred:
        return "undecided", plan.barred[verdict]
    if verdict == "supported" and logit and not plan.holds_on_logit(logit.model):
        return "undecided", "ceiling"
    if verdict != "undecided":
        return verdict, "ok"
    is_known = all(component.df > 0 for component in shown)
    return verdict, "imprecise" if is_known and len(set(by_source.values())) == 1 else "single-run"


def _verdicts_at_chance(claim: Claim, evidence: Evidence) -> list[ClaimVerdict]:
    """Each model's verdict with diverged runs at chance; what is cross-fitted has them too."""
    other = evidence.with_diverged()
    if other is None:
        return []
    plan = claim.plan(Wording(evidence.model.factors, evidence.model.cells), other)
    return [plan.evaluate(model).verdict for model in other.models]


def _missing(plan: Plan, model: CellModel) -> tuple[Cell, ...]:
    """Cells with a weight but without completed runs, each once."""
    return tuple(dict.fromkeys(cell for w in plan.weights for cell in model.missing(w)))


def component_result(
    estimate: Estimate, *, num_components: int, bound: float = 0.0, refutation: float = 0.0
) -> ComponentResult:
    """The row of an estimate with the limits of a claim of ``num_components`` components."""
    return ComponentResult(
        estimate.name,
        estimate.value,
        estimate.standard_error,
        estimate.df,
        estimate.lower(),
        estimate.upper(1 - estimate.alpha / num_components),
        bound,
        refutation,
    )
