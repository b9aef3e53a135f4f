"""Differences as plain values: pairs, separations, published comparisons, and their errors."""

from collections.abc import Sequence

from .asked import ContrastRow
from .conditions import PairRow, Separation
from .estimate import Estimate
from .families import AdjustedP
from .image_errors import ImageErrors
from .json_values import Json, estimate_json, p_json
from .results import Analysis, Robustness
from .side_tests import RobustP, model_tests, published_tests, robust_tests
from .summaries import Comparison


def contrasts_json(analysis: Analysis) -> list[Json]:
    """Every difference that was judged, each with its kind."""
    found = analysis.differences
    logit = analysis.logit.differences if analysis.logit else ()
    robust = robust_tests(found.robustness)
    models = model_tests(found.images)
    simple = [
        {
            "contrast": f"{pair.high} - {pair.low}",
            "kind": "simple",
            **_judged(pair),
            "logit": estimate_json(logit[number]) if logit else None,
            "robustness": _robustness(found.robustness.get(number), robust.get(number)),
            "images": _images(found.images.get(number), models.get(number)),
        }
        for number, pair in enumerate(found.simple)
    ]
    others = [
        {"contrast": row.name, "kind": row.kind, **_judged(row)}
        for row in (*found.asked, *found.incumbent)
    ]
    return [*simple, *others, *_comparisons(analysis.published.comparisons)]


def separations_json(rows: Sequence[Separation]) -> list[Json]:
    """The best against the second best of each condition."""
    return [
        {
            "condition": dict(row.condition),
            "best": row.best,
            "second": row.second,
            **estimate_json(row.estimates[-1]),
            "z": row.estimates[0].statistic(),
            **p_json(row.p[-1]),
            "is_separated": row.is_separated,
            "reason": row.reason,
            "models": _models(row.estimates, row.p),
        }
        for row in rows
    ]


def _robustness(found: Robustness | None, tests: RobustP | None) -> Json | None:
    if found is None:
        return None
    return {
        "num_pairs": found.tests.num_pairs if found.tests else None,
        "permutation": p_json(tests.permutation) if tests else None,
        "wilcoxon": p_json(tests.wilcoxon) if tests else None,
        "smallest": p_json(tests.smallest) if tests else None,
        "bca": list(found.bca) if found.bca else None,
    }


def _images(found: ImageErrors | None, models: AdjustedP | None) -> Json | None:
    if found is None or models is None:
        return None
    return {
        "these_images": estimate_json(found.these),
        "new_images": estimate_json(found.new),
        "bootstrap_error": found.bootstrap,
        "mcnemar": {
            "compares": found.models.label,
            "seed": found.seed,
            "only_high": found.models.only_high,
            "only_low": found.models.only_low,
            **p_json(models),
        },
    }


def _comparisons(rows: Sequence[Comparison]) -> list[Json]:
    """Of published summary statistics: pooled, and Welch's beside it."""
    return [
        {
            "contrast": f"{row.high} - {row.low}",
            "kind": "summary",
            "cohens_d": row.cohens_d,
            **estimate_json(row.pooled),
            **p_json(pooled),
            "welch": {**estimate_json(row.welch), **p_json(welch)},
        }
        for row, (pooled, welch) in zip(rows, published_tests(rows), strict=True)
    ]


def _judged(row: PairRow | ContrastRow) -> Json:
    return {
        "condition": dict(row.condition),
        **estimate_json(row.estimate),
        **p_json(row.p[-1]),
        "margin": row.margin,
        "verdict": row.verdict,
        "reason": row.reason,
        "scale": "points",
        "models": _models(row.estimates, row.p),
    }


def _models(estimates: Sequence[Estimate], p: Sequence[AdjustedP]) -> list[Json]:
    """The same difference under every deciding model of the error."""
    return [
        {
            "source": estimate.source,
            "standard_error": estimate.standard_error,
            "df": estimate.df,
            "statistic": estimate.statistic(),
            **p_json(entry),
        }
        for estimate, entry in zip(estimates, p, strict=True)
    ]
