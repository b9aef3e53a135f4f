"""The runs behind an analysis as plain values: where they come from, cells and curves."""

from ...analysis import Analysis, CellRow
from ..words import mean_interval
from .values import Json, plain, without

_SOURCE = ("kind", "name", "citation", "aliases", "optimism", "not_computed", "first_result")


def source_json(analysis: Analysis) -> Json:
    """Where the runs come from, and how they were read."""
    results, observed = analysis.results, analysis.observed
    bank = results.bank
    pairs = zip(observed.factors, observed.levels, strict=True) if observed else ()
    return {
        "source": {
            **{name: getattr(results, name) for name in _SOURCE},
            "studies": [without(note, "spec_json") for note in results.studies],
            "environments": len(results.environments),
            "taken": plain(results.taken),
        },
        "response": observed.response if observed else bank.response if bank else None,
        "higher_is_better": observed.higher_is_better if observed else True,
        "focus": observed.focus if observed else "activation",
        "factors": dict(pairs),
        "labels": results.table.labels if results.table else {},
        "scope": results.scope,
        "flow": {**results.flow, "reasons": results.excluded},
    }


def cells_json(analysis: Analysis) -> list[Json]:
    """Every cell with its mean, or published summary statistics."""
    if analysis.results.summaries:
        return [
            {"activation": s.name, "mean": s.mean, "sd": s.sd, "n": s.num_runs}
            for s in analysis.results.summaries
        ]
    return [_cell(analysis, row) for row in analysis.cells]


def curves_json(analysis: Analysis) -> list[Json]:
    """Mean learning curves."""
    observed = analysis.results.observed
    factors = observed.factors if observed else ()
    return [
        {**dict(zip(factors, curve.cell, strict=True)), **without(curve, "cell")}
        for curve in analysis.results.curves
    ]


def _cell(analysis: Analysis, row: CellRow) -> Json:
    observed = analysis.observed
    assert observed is not None, "cells come from runs"
    found = plain(row.mean) if row.mean else {}
    lower, upper = mean_interval(analysis, row.mean)
    return {
        **dict(zip(observed.factors, row.cell, strict=True)),
        "mean": found.get("estimate"),
        "sd": row.sd,
        "n": row.num_runs,
        "diverged": row.num_diverged,
        "stuck": row.num_stuck,
        "hardly_learned": row.is_hardly_learned,
        **{name: found.get(name) for name in ("standard_error", "df")},
        "lower": lower,
        "upper": upper,
        "epochs": row.epochs,
        "train_seconds": row.seconds,
        "as_published": row.as_published,
    }
