"""An analysis as plain values, in the shape of docs/json.md; what is not known is None."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .. import __version__
from .asked import ContrastRow
from .claim import ClaimResult, ComponentResult
from .conditions import PairRow, Separation
from .estimate import Estimate
from .families import AdjustedP
from .image_errors import ImageErrors
from .results import Analysis, CellRow, Decomposed, Margin, Robustness, ScaleResults
from .results_notes_json import checks_json, looks_json, source_json, summaries_json
from .summaries import Comparison

Json = dict[str, Any]


def analysis_json(analysis: Analysis) -> Json:
    """The whole analysis; see docs/json.md for every key."""
    shown = analysis.shown
    values: Json = finite(
        {
            "actwise": __version__,
            **source_json(analysis.source),
            "scale": analysis.scale,
            "decision": asdict(analysis.decision),
            "cells": _cells(analysis),
            "decomposition": _decomposition(shown.pooled) if shown else None,
            "effects": _effects(shown.pooled) if shown else [],
            "effects_by_dataset": _by_dataset(shown) if shown else {},
            "margins": [_margin(row) for row in analysis.margins],
            "contrasts": _contrasts(analysis),
            "refused": [asdict(refusal) for refusal in analysis.differences.refusals],
            "claims": [_claim(claim) for claim in analysis.claims],
            "claims_origin": analysis.claims_origin,
            "findings": [
                {"code": f.code, "title": f.title, "evidence": f.evidence, "advice": f.advice}
                for f in analysis.findings
            ],
            "logit": _other_scale(analysis.logit) if analysis.logit else None,
            "gains": _gains(shown) if shown else [],
            "rules": [asdict(rule) for rule in analysis.rules],
            "separations": [_separation(row) for row in analysis.differences.separations],
            "ranking": _ranking(analysis),
            "looks": looks_json(analysis.looks),
            "flow": {**analysis.source.flow, "reasons": analysis.source.excluded},
            **checks_json(analysis.checks),
        }
    )
    return values


def finite(value: Any) -> Any:
    """Plain JSON values; numbers that are not finite become None, tuples lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def estimate_json(estimate: Estimate) -> Json:
    """An estimate with its 95 % and 90 % intervals; df is None where it is known exactly."""
    lower, upper = estimate.interval()
    lower_90, upper_90 = estimate.interval(0.90)
    return {
        "estimate": estimate.value,
        "standard_error": estimate.standard_error,
        "df": estimate.df,
        "lower": lower,
        "upper": upper,
        "lower_90": lower_90,
        "upper_90": upper_90,
    }


def _cells(analysis: Analysis) -> list[Json]:
    if analysis.source.summaries:
        return summaries_json(analysis.source.summaries)
    observed = analysis.source.observed
    factors = observed.factors if observed else ()
    return [_cell(factors, row) for row in analysis.cells]


def _cell(factors: Sequence[str], row: CellRow) -> Json:
    nothing = Estimate("", math.nan, math.nan, 0.0, "")
    found = estimate_json(row.mean or nothing)
    return {
        **dict(zip(factors, row.cell, strict=True)),
        "mean": found["estimate"],
        "sd": row.sd,
        "n": row.num_runs,
        "diverged": row.num_diverged,
        **{key: found[key] for key in ("standard_error", "df", "lower", "upper")},
        "epochs": row.epochs,
        "train_seconds": row.seconds,
    }


def _decomposition(pooled: Decomposed | None) -> Json | None:
    if pooled is None:
        return None
    found = pooled.found
    return {
        "total_ss": found.total_ss,
        "focus": found.focus,
        "focus_ss": found.focus_ss,
        "block_ss": found.block_ss,
        "residual_ss": found.residual_ss,
        "residual_df": found.residual_df,
        "sums": found.sums,
        "is_balanced": found.is_balanced,
        "missing": found.missing,
        "noise_ss": dict(pooled.noise_ss),
    }


def _effects(pooled: Decomposed | None) -> list[Json]:
    return [asdict(size) for size in pooled.sizes] if pooled else []


def _by_dataset(results: ScaleResults) -> Json:
    return {
        name: {"decomposition": _decomposition(found), "effects": _effects(found)}
        for name, found in results.by_dataset.items()
    }


def _margin(row: Margin) -> Json:
    values = {"dataset": row.dataset, "factor": row.factor, "at": row.at, "level": row.level}
    return {**values, **estimate_json(row.mean)}


def _gains(results: ScaleResults) -> list[Json]:
    return [{"activation": g.activation, **estimate_json(g.estimate)} for g in results.gains]


def _other_scale(results: ScaleResults) -> Json:
    return {
        "decomposition": _decomposition(results.pooled),
        "effects": _effects(results.pooled),
        "effects_by_dataset": _by_dataset(results),
        "gains": _gains(results),
    }


def _contrasts(analysis: Analysis) -> list[Json]:
    found = analysis.differences
    logit = analysis.logit.differences if analysis.logit else ()
    simple = [
        {
            "contrast": f"{pair.high} - {pair.low}",
            "kind": "simple",
            **_judged(pair),
            "logit": estimate_json(logit[number]) if logit else None,
            "robustness": _robustness(found.robustness.get(number)),
            "images": _images(found.images.get(number)),
        }
        for number, pair in enumerate(found.simple)
    ]
    others = [
        {"contrast": row.name, "kind": row.kind, **_judged(row)}
        for row in (*found.asked, *found.incumbent)
    ]
    return [*simple, *others, *map(_comparison, analysis.published.comparisons)]


def _robustness(found: Robustness | None) -> Json | None:
    if found is None:
        return None
    tests = asdict(found.tests) if found.tests else {}
    return {**tests, "bca": list(found.bca) if found.bca else None}


def _images(found: ImageErrors | None) -> Json | None:
    if found is None:
        return None
    return {
        "these_images": estimate_json(found.these),
        "new_images": estimate_json(found.new),
        "bootstrap_error": found.bootstrap,
    }


def _comparison(comparison: Comparison) -> Json:
    """Of published summary statistics: pooled, and Welch's beside it."""
    return {
        "contrast": f"{comparison.high} - {comparison.low}",
        "kind": "summary",
        "cohens_d": comparison.cohens_d,
        **estimate_json(comparison.pooled),
        "p": comparison.pooled.p_value(),
        "welch": {**estimate_json(comparison.welch), "p": comparison.welch.p_value()},
    }


def _judged(row: PairRow | ContrastRow) -> Json:
    return {
        "condition": dict(row.condition),
        **estimate_json(row.estimate),
        **_family(row.p[-1]),
        "margin": row.margin,
        "verdict": row.verdict,
        "reason": row.reason,
        "scale": "points",
        "models": _models(row.estimates, row.p),
    }


def _family(p: AdjustedP) -> Json:
    return {
        "p": p.p,
        "adjusted_p": p.adjusted,
        "family": p.family,
        "family_size": p.size,
        "method": p.method,
    }


def _models(estimates: Sequence[Estimate], p: Sequence[AdjustedP]) -> list[Json]:
    """The same difference under every deciding model of the error."""
    return [
        {
            "source": estimate.source,
            "standard_error": estimate.standard_error,
            "df": estimate.df,
            "statistic": estimate.statistic(),
            "p": entry.p,
            "adjusted_p": entry.adjusted,
        }
        for estimate, entry in zip(estimates, p, strict=True)
    ]


def _separation(row: Separation) -> Json:
    return {
        "condition": dict(row.condition),
        "best": row.best,
        "second": row.second,
        **estimate_json(row.estimates[-1]),
        "z": row.estimates[0].statistic(),
        **_family(row.p[-1]),
        "is_separated": row.is_separated,
        "models": _models(row.estimates, row.p),
    }


def _ranking(analysis: Analysis) -> list[Json]:
    return [
        {
            "level": row.level,
            "mean": row.mean,
            "behind_best": estimate_json(row.behind_best),
            "may_be_best": row.may_be_best,
            "probability_best": row.probability_best,
        }
        for row in analysis.differences.ranking
    ]


def _claim(claim: ClaimResult) -> Json:
    return {
        "id": claim.id,
        "statement": claim.statement,
        "verdict": claim.verdict,
        "reason": claim.reason,
        "components": [_component(component) for component in claim.components],
        "by_source": dict(claim.by_source),
        "margin": dict(claim.margin),
        "alpha": claim.alpha,
        "family": claim.id,
        "runs": claim.runs,
        "seeds": claim.seeds,
        "df": min((component.df for component in claim.components), default=None),
        "variance_source": claim.variance_source,
        "scale": claim.scale,
        "scope": claim.scope,
        "missing": claim.missing,
        "notes": claim.notes,
    }


def _component(component: ComponentResult) -> Json:
    values = asdict(component)
    return {"contrast": values.pop("name"), **values}
