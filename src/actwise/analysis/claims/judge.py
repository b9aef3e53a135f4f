"""Judging claims: every claim alike, whatever its rule.

Verdicts are asked for under each model of the error (two for single runs), with diverged and stuck
runs at chance, by own variances, and for changes of gaps on the logit scale. A claim is a family
of its own. A reason code always, the first that applies.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from ..model import ALPHA, are_trained, as_accuracies
from ..model.training_scale import settings_of
from ..table import Cell, Observations
from .claim import Claim, ClaimVerdict, ComponentResult, Rule
from .ground import Ground
from .words import Words

STANDING = ("fragile", "hardly-learned", "other-scale", "ok")
"""Reasons that label a verdict; all others leave a claim undecided."""
_SCALE_SETTINGS = ("width", "train.epochs", "train.schedule", "train.train_size")


@dataclass(frozen=True)
class ClaimResult:
    """A verdict with everything that led to it.

    Attributes:
        id, statement, is_shipped, response: Of the claim.
        verdict, reason: The first reason that applies (docs/statistics.md, section 7).
        by_model: The verdict of each model of the error; two for single runs, the shown one last.
        own_verdict: By the contrasts' own variances; None below 4 degrees of freedom.
        components: Under the model that is shown.
        margin: The smallest that the claim uses; None where it uses none.
        alpha: Level of the claim, which is its own family.
        runs, seeds: Of the cells with a weight; 0 seeds where they have none.
        df: The least of the components that are judged; 0 without.
        variance_source: Where the standard errors come from.
        scale: What is known of how these networks were trained, each setting's values.
        scale_matches: Whether that is the scale of the claims; None where it is not known.
        scope: By factor the levels of the cells with a weight.
        missing: Cells that the claim needs and the study lacks; patterns that matched nothing.
        notes: Codes: "half-measured", "no-percentage", "lower-is-better", "no-probes".
    """

    id: str
    statement: str
    is_shipped: bool
    response: str | None = None
    verdict: ClaimVerdict = "undecided"
    reason: str = "missing-cells"
    by_model: tuple[ClaimVerdict, ...] = ()
    own_verdict: ClaimVerdict | None = None
    components: tuple[ComponentResult, ...] = ()
    margin: float | None = None
    alpha: float = ALPHA
    runs: int = 0
    seeds: int = 0
    df: float = 0.0
    variance_source: str = ""
    scale: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    scale_matches: bool | None = None
    scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()


def judge_claims(
    observed: Observations,
    claims: Iterable[Claim],
    *,
    margin: float | None = None,
    alpha: float = ALPHA,
    bank: str | None = None,
    signals: Mapping[str, Observations] | None = None,
) -> tuple[ClaimResult, ...]:
    """Judge claims; those about accuracies see errors in percent as accuracies.

    Args:
        observed: The runs.
        claims: Such as :func:`paper_claims`.
        margin: Margin of equivalence for all data sets, in points, instead of the usual ones.
        alpha: Level of each claim; planned looks share 5 %.
        bank: Name of the bank that the runs come from.
        signals: The runs with each response that a claim may name.

    Raises:
        SpecError: for a claim that names an unknown factor, or of which the terms cancel.
    """
    given = turned = Ground(observed, margin, alpha, bank)
    if not observed.higher_is_better and given.is_percent:
        turned = replace(given, observed=as_accuracies(observed))
    grounds: dict[str | None, Ground] = {None: given}
    for name, found in (signals or {}).items():
        grounds[name] = Ground(found, None, alpha, bank, learned=given)
    return tuple(
        _judge(claim, turned if claim.head.accuracy else grounds.get(claim.head.response))
        for claim in claims
    )


def _judge(claim: Claim, ground: Ground | None) -> ClaimResult:
    head = claim.head
    result = ClaimResult(head.id, head.statement, claim.is_shipped, head.response)
    if ground is None or not ground.model.cells:
        return replace(result, notes=("no-probes",))
    model, result = ground.model, replace(result, alpha=ground.alpha)
    if head.half_measured:
        result = replace(result, notes=("half-measured",))
    if head.accuracy and not ground.is_percent:
        return replace(result, notes=(*result.notes, "no-percentage"))
    if not ground.observed.higher_is_better:
        result = replace(result, notes=(*result.notes, "lower-is-better"))
    words = Words(ground.observed, is_lenient=claim.is_shipped)
    rule = claim.make_rule(words, model, ground.margin)
    needed = dict.fromkeys(cell for weights in rule.contrasts for cell in weights)
    missing = tuple(cell for cell in needed if cell not in model.places)
    cells = [cell for cell in needed if cell in model.places]
    result = replace(result, missing=missing, **_circumstances(model.observed, cells))
    return result if missing else _decided(result, claim, rule, ground, cells)


def _circumstances(done: Observations, cells: Sequence[Cell]) -> dict[str, Any]:
    """What is known of the runs that the claim weighs."""
    weighed = frozenset(cells)
    runs_R = np.array([cell in weighed for cell in done.cells], dtype=np.bool_)[done.run_cells]
    settings = [settings_of(done, cell) for cell in cells]
    known = {name: [each[name] for each in settings if name in each] for name in _SCALE_SETTINGS}
    levels = zip(done.factors, zip(*cells, strict=True), strict=True) if cells else ()
    return {
        "runs": int(runs_R.sum()),
        "seeds": 0 if done.seeds_R is None else len(set(done.seeds_R[runs_R].tolist())),
        "scale": {name: tuple(dict.fromkeys(found)) for name, found in known.items() if found},
        "scale_matches": are_trained(done, cells),
        "scope": {factor: tuple(dict.fromkeys(column)) for factor, column in levels},
    }


def _decided(
    result: ClaimResult, claim: Claim, rule: Rule, ground: Ground, cells: Sequence[Cell]
) -> ClaimResult:
    """The verdict with the first reason that applies."""
    views = ground.views(rule)
    found = [rule.evaluate(view) for view in views]
    judged = [part for part in found[-1].components if part.is_judged]
    verdicts = [entry.verdict for entry in found]
    verdict = verdicts[0] if len(set(verdicts)) == 1 else "undecided"
    is_decided = verdict != "undecided"
    own = rule.evaluate(ground.own)
    has_own = all(part.df > 0 for part in own.components if part.is_judged)
    lost = [row for row in ground.lost if row.cell in cells]
    at_chance = [partial(ground.at_chance, view) for view in views] if lost else []
    # Nobody knows what the signal flow of a lost run would be.
    is_shaken = any(ground.learned is not None or math.isnan(row.shift) for row in lost) or any(
        rule.evaluate(view).verdict != said for view, said in zip(at_chance, verdicts, strict=False)
    )
    applies = {
        "missing-cells": claim.head.half_measured and verdict != "refuted",
        "diverged": is_shaken and any(row.diverged for row in lost),
        "stuck": is_shaken,
        "no-noise": any(map(ground.model.has_no_noise, rule.contrasts)),
        "aliased": claim.head.aliased,
        "in-sample": ground.bank in claim.head.in_sample,
        "scale": is_decided and not ground.holds_on_logit(rule, found[-1]),
        "single-run": len(set(verdicts)) > 1
        or (len(views) > 1 and not all(part.df > 0 for part in judged)),
        "imprecise": not is_decided,
        "fragile": has_own and own.verdict != verdict,
        "hardly-learned": not ground.hardly_learned.isdisjoint(cells),
        "other-scale": result.scale_matches is False,
        "ok": True,
    }
    reason = next(reason for reason, is_so in applies.items() if is_so)
    return replace(
        result,
        verdict=verdict if reason in STANDING else "undecided",
        reason=reason,
        by_model=tuple(verdicts),
        own_verdict=own.verdict if has_own else None,
        components=found[-1].components,
        margin=min((part.margin for part in judged if not math.isnan(part.margin)), default=None),
        df=min(part.df for part in judged),
        variance_source=", ".join(dict.fromkeys(part.source for part in judged)),
    )
