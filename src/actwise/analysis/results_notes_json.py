"""The parts of an analysis' JSON that are about the runs: source, checks, looks."""

import math
from collections.abc import Sequence
from dataclasses import asdict

from .json_values import Json, p_json
from .looks import Looks
from .precision import Precision
from .reading import StudyResults, Summary
from .results import Checks
from .side_tests import variance_tests


def source_json(source: StudyResults) -> Json:
    """Where the runs come from, and how they were read."""
    observed = source.observed
    bank = source.bank
    response = observed.response if observed else bank.response if bank else None
    return {
        "source": {
            "kind": source.kind,
            "name": source.name,
            "citation": source.citation,
            "aliases": source.aliases,
            "not_computed": source.not_computed,
            "optimism": source.optimism,
            "studies": [
                {
                    "study": note.study,
                    "spec_hash": note.study_hash,
                    "started_at": note.started_at,
                    "registrations": [asdict(entry) for entry in note.registrations],
                }
                for note in source.studies
            ],
            "first_result": source.first_result,
            "environments": len(source.environments),
        },
        "response": response,
        "higher_is_better": observed.higher_is_better if observed else True,
        "focus": observed.focus if observed else "activation",
        "factors": {
            name: list(levels)
            for name, levels in (
                zip(observed.factors, observed.levels, strict=True) if observed else ()
            )
        },
        "scope": dict(source.scope),
    }


def checks_json(checks: Checks) -> Json:
    """Precision and assumptions."""
    return {
        "precision": [_precision(row) for row in checks.precisions],
        "assumptions": {
            "equal_variances": [
                {**asdict(row), **p_json(p)}
                for row, p in zip(checks.equal_variances, variance_tests(checks), strict=True)
            ],
            "seed_correlation": (
                asdict(checks.seed_correlation) if checks.seed_correlation else None
            ),
            "outliers": [asdict(row) for row in checks.outliers],
        },
        "divergence": [asdict(row) for row in checks.divergence],
    }


def looks_json(looks: Looks | None) -> Json | None:
    """Looks before this one, the plan, and the level that it allows."""
    if looks is None:
        return None
    return {
        "taken": [asdict(look) for look in looks.taken],
        "planned": looks.planned,
        "num_seeds": looks.num_seeds,
        "nominal_level": looks.nominal_level,
        "unshared_error": looks.unshared_error,
        "unplanned": [asdict(seen) for seen in looks.unplanned],
        "is_planned": looks.is_planned,
    }


def summaries_json(summaries: Sequence[Summary]) -> list[Json]:
    """Published summary statistics as cells."""
    return [{"activation": s.name, "mean": s.mean, "sd": s.sd, "n": s.num_runs} for s in summaries]


def _precision(row: Precision) -> Json:
    values = asdict(row)
    first, last = values.pop("seeds_for_margin")
    components = [
        {
            **asdict(component),
            "sd": component.sd,
            "sd_lower": math.sqrt(component.lower),
            "sd_upper": math.sqrt(component.upper),
        }
        for component in row.components
    ]
    seeds = {"estimate": first, "upper": last}
    return {**values, "seeds_for_margin": seeds, "components": components}
