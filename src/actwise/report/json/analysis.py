"""An analysis as plain values, in the shape of docs/json.md; what is not known is None."""

from collections.abc import Iterator

from ... import __version__
from ...analysis import Analysis
from ...analysis.claims import ClaimResult
from ...analysis.effects import Decomposition, Effects
from ...analysis.precision import Looks
from .runs import cells_json, curves_json, source_json
from .values import Json, plain, without

FORMAT = 2


def analysis_json(analysis: Analysis) -> Json:
    """The whole analysis; see docs/json.md for every key."""
    effects, logit, checks = analysis.effects, analysis.logit, analysis.checks
    values: Json = plain(
        {
            "actwise": __version__,
            "format": FORMAT,
            **source_json(analysis),
            "scale": analysis.question.scale,
            "margin": analysis.question.margin,
            "alpha": analysis.alpha,
            "strata": [*_strata(analysis)],
            "decision": analysis.decision,
            "cells": cells_json(analysis),
            "curves": curves_json(analysis),
            **(_scale(effects) if effects else {"effects": []}),
            "logit": _scale(logit) if logit else None,
            "contrasts": [*_contrasts(analysis)],
            "separations": [
                {**plain(row), "is_separated": row.is_separated} for row in analysis.separations
            ],
            "refused": analysis.refusals,
            "claims": [_claim(claim) for claim in analysis.claims],
            "claims_origins": analysis.claims_origins,
            "associations": analysis.associations,
            "findings": analysis.findings,
            "rules": analysis.rules,
            "looks": _looks(analysis.looks),
            "precision": [
                {"stratum": dict(row.stratum.name), **without(row, "stratum")}
                for row in analysis.precisions
            ],
            "without_seed": checks.without_seed,
            "outliers": checks.outliers,
            "lost": analysis.model.lost if analysis.model else (),
            "contradictions": analysis.published.contradictions,
        }
    )
    return values


def _strata(analysis: Analysis) -> Iterator[Json]:
    for stratum in analysis.model.strata if analysis.model else ():
        yield {
            "name": dict(stratum.name),
            "within_sd": stratum.within.sd,
            "within_df": stratum.within.df,
            "total_sd": stratum.total.sd,
            "total_df": stratum.total.df,
            "idle_seeds": stratum.num_idle_seeds,
        }


def _contrasts(analysis: Analysis) -> Iterator[Json]:
    """Every difference that was judged, with its kind."""
    for position, pair in enumerate(analysis.pairs):
        images = analysis.images.get(position)
        about = {"kind": "simple", "contrast": f"{pair.a} - {pair.b}"}
        yield {**about, **plain(pair), "images": images}
    for asked in analysis.asked:
        yield {"contrast": asked.name, **without(asked, "name")}
    for row in analysis.incumbent:
        about = {"kind": "incumbent", "contrast": f"{row.level} - {row.incumbent}"}
        levels = {"condition": dict(row.network), "a": row.level, "b": row.incumbent}
        yield {**about, **levels, **without(row, "network", "level", "incumbent")}
    for found in analysis.published.comparisons:
        about = {"kind": "summary", "contrast": f"{found.high} - {found.low}"}
        levels = {"condition": {}, "a": found.high, "b": found.low}
        yield {**about, **levels, **plain(found.pooled), **without(found, "high", "low", "pooled")}


def _scale(found: Effects) -> Json:
    """Decompositions on one scale; their effects stand beside them."""
    by_dataset = [{"dataset": name, **_parts(part)} for name, part in found.by_dataset.items()]
    by_network = [
        {"network": dict(network), **_parts(part)} for network, part in found.by_network.items()
    ]
    together = _parts(found.together) if found.together else {"decomposition": None, "effects": []}
    parts = {"effects_by_dataset": by_dataset, "effects_by_network": by_network}
    gains = [{"activation": row.activation, **plain(row.estimate)} for row in found.gains]
    return {**together, **parts, "gains": gains}


def _parts(found: Decomposition) -> Json:
    effects = [{"term": row.term, **without(row, "factors")} for row in found.effects]
    return {"decomposition": without(found, "effects"), "effects": effects}


def _looks(looks: Looks) -> Json:
    """Looks before this one, and what the present one is."""
    now = {"num_seeds": looks.now.num_seeds, "is_planned": looks.is_planned}
    return {**without(looks, "earlier", "now"), **now}


def _claim(claim: ClaimResult) -> Json:
    parts = [{"contrast": part.name, **without(part, "name")} for part in claim.components]
    return {**plain(claim), "family": claim.id, "components": parts}
