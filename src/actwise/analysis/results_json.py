"""An analysis as plain values, in the shape of docs/json.md; what is not known is None."""

import math
from collections.abc import Sequence
from dataclasses import asdict

from .. import __version__
from .claim import ClaimResult, ComponentResult
from .estimate import Estimate
from .json_values import Json, estimate_json, finite, mean_json, p_json
from .ranking import RankRow
from .reading import StudyResults, level_times
from .results import Analysis, CellRow, Decomposed, ScaleResults
from .results_differences_json import contrasts_json, separations_json
from .results_notes_json import checks_json, looks_json, source_json, summaries_json
from .side_tests import effect_tests
from .table_intervals import Interval, possible_range


def analysis_json(analysis: Analysis) -> Json:
    """The whole analysis; see docs/json.md for every key."""
    shown = analysis.shown
    values: Json = finite(
        {
            "actwise": __version__,
            **source_json(analysis.source),
            "scale": analysis.scale,
            "variance": analysis.variance,
            "alpha": analysis.alpha,
            "decision": asdict(analysis.decision),
            "cells": _cells(analysis),
            "decomposition": _decomposition(shown.pooled) if shown else None,
            "effects": _effects(shown, shown.pooled) if shown else [],
            "effects_by_dataset": _by_dataset(shown) if shown else {},
            "margins": _margins(analysis),
            "contrasts": contrasts_json(analysis),
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
            "separations": separations_json(analysis.differences.separations),
            "ranking": _ranking(analysis.differences.ranking),
            "ranking_at_chance": _ranking(analysis.differences.ranking_at_chance),
            "curves": _curves(analysis.source),
            "time": [asdict(row) for row in level_times(analysis.source)],
            "looks": looks_json(analysis.looks),
            "flow": {**analysis.source.flow, "reasons": analysis.source.excluded},
            **checks_json(analysis.checks),
        }
    )
    return values


def _cells(analysis: Analysis) -> list[Json]:
    if analysis.source.summaries:
        return summaries_json(analysis.source.summaries)
    observed = analysis.source.observed
    if observed is None or not analysis.cells:
        return []
    limits = possible_range(observed)
    return [_cell(observed.factors, row, limits) for row in analysis.cells]


def _cell(factors: Sequence[str], row: CellRow, limits: Interval) -> Json:
    nothing = Estimate("", math.nan, math.nan, 0.0, "")
    found = mean_json(row.mean or nothing, limits)
    return {
        **dict(zip(factors, row.cell, strict=True)),
        "mean": found["estimate"],
        "sd": row.sd,
        "n": row.num_runs,
        "diverged": row.num_diverged,
        **{key: found[key] for key in ("standard_error", "df", "lower", "upper")},
        "epochs": row.epochs,
        "train_seconds": row.seconds,
        "as_published": row.as_published,
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


def _effects(
    results: ScaleResults, found: Decomposed | None, dataset: str | None = None
) -> list[Json]:
    """Terms with their F tests; the terms of one decomposition are a family."""
    if found is None:
        return []
    where = f"{dataset or 'all data'}, {results.scale}"
    tests = effect_tests(found.sizes, where)
    return [{**asdict(s), **p_json(p)} for s, p in zip(found.sizes, tests, strict=True)]


def _by_dataset(results: ScaleResults) -> Json:
    return {
        name: {"decomposition": _decomposition(found), "effects": _effects(results, found, name)}
        for name, found in results.by_dataset.items()
    }


def _margins(analysis: Analysis) -> list[Json]:
    observed = analysis.source.observed
    if observed is None or not analysis.margins:
        return []
    limits = possible_range(observed)
    return [
        {
            "dataset": row.dataset,
            "factor": row.factor,
            "at": row.at,
            "level": row.level,
            **mean_json(row.mean, limits),
        }
        for row in analysis.margins
    ]


def _curves(source: StudyResults) -> list[Json]:
    factors = source.observed.factors if source.observed else ()
    return [
        {
            **dict(zip(factors, curve.cell, strict=True)),
            "measure": curve.measure,
            "epochs": curve.epochs,
            "mean": curve.mean,
        }
        for curve in source.curves
    ]


def _gains(results: ScaleResults) -> list[Json]:
    return [{"activation": g.activation, **estimate_json(g.estimate)} for g in results.gains]


def _other_scale(results: ScaleResults) -> Json:
    return {
        "decomposition": _decomposition(results.pooled),
        "effects": _effects(results, results.pooled),
        "effects_by_dataset": _by_dataset(results),
        "gains": _gains(results),
    }


def _ranking(rows: Sequence[RankRow]) -> list[Json]:
    return [
        {
            "level": row.level,
            "mean": row.mean,
            "behind_best": estimate_json(row.behind_best),
            "may_be_best": row.may_be_best,
            "probability_best": row.probability_best,
        }
        for row in rows
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
