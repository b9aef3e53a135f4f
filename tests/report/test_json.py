"""``analyze --json``: a p value never stands alone, every key is documented, format 2 holds."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.report import analysis_json
from actwise.store import RunStore
from made.cases import case_rows
from made.runs import finish, made_plan, made_study
from made.studies import made_rows

FAMILY = {"p", "adjusted_p", "family", "size", "method"}
PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
DATA = ("factors", "scope", "condition", "conditions", "network", "stratum", "name", "leaders")
DATA = (*DATA, "margin", "incomplete", "rates", "scale")
"""Keys whose objects have the names of a study as keys."""
FACTORS = {"dataset", "model", "regularization", "activation", "depth", "inner_norm"}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a value."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item)
    elif isinstance(value, dict):
        yield value
        for item in value.values():
            yield from objects(item)


def seven_seeds() -> list[dict[str, Any]]:
    """Enough runs for every table of p values, over 50 pairs among them."""
    levels = {
        "dataset": ("cifar10", "cifar100"),
        "model": ("vgg16",),
        "regularization": ("bn", "bn+aug"),
        "activation": ("relu", "prelu", "elu", "silu", "gelu", "mish"),
    }
    rows = made_rows(seeds=7, generator=np.random.default_rng(1), levels=levels)
    rows[3] |= {"test_accuracy": None, "status": "diverged"}
    return rows


def analysed(name: str, folder: Path) -> Analysis:
    if name == "seven seeds":
        return aw.analyze(seven_seeds())
    if name != "store":
        return aw.analyze(name)
    study = made_study(seeds="0..2")
    with RunStore.open(folder / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned)
        return aw.analyze(store)


SOURCES = ["bank:paper", "bank:trottier", "bank:mish", "seven seeds", "store"]


@pytest.mark.parametrize("source", SOURCES)
def test_every_p_value_has_its_family(source: str, tmp_path: Path) -> None:
    values = analysis_json(analysed(source, tmp_path))
    tests = [o for o in objects(values) if any(key == "p" or key.endswith("_p") for key in o)]
    assert tests
    for found in tests:
        assert set(found) >= FAMILY
        assert {key for key in found if key.endswith("_p")} == {"adjusted_p"}
        assert found["family"] and found["size"] >= (found["p"] is not None)
        assert found["p"] is None or found["p"] <= found["adjusted_p"] <= 1


def keys_of(value: Any, *, inside: str = "") -> set[str]:
    """Every key of every object, but those that are names of a study."""
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item, inside=inside)}
    if not isinstance(value, dict):
        return set()
    found = set() if inside in DATA else set(value)
    return found.union(*(keys_of(item, inside=key) for key, item in value.items()))


@pytest.mark.parametrize("source", SOURCES)
def test_every_key_is_documented(source: str, tmp_path: Path) -> None:
    section = PAGE.split("## `analyze`")[1].split("\n## ")[0]
    documented = set(re.findall(r"`([a-z_0-9]+)`", section))
    assert keys_of(analysis_json(analysed(source, tmp_path))) - documented - FACTORS == set()


@pytest.mark.parametrize("source", SOURCES)
def test_it_is_json_without_numbers_that_are_none(source: str, tmp_path: Path) -> None:
    values = analysis_json(analysed(source, tmp_path))
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["format"] == 2


def test_strata_and_the_decision_have_the_documented_form() -> None:
    values = analysis_json(aw.analyze(case_rows("split_plot")))
    (first, second) = values["strata"]
    assert set(first) == {"name", "within_sd", "within_df", "total_sd", "total_df", "idle_seeds"}
    assert first["within_sd"] == pytest.approx(1.527708887, rel=1e-8)
    assert second["within_sd"] == pytest.approx(0.5579824768, rel=1e-8)
    decision = values["decision"]
    assert decision["kind"] == "per_network" or len(decision["networks"]) == 2
    for network in decision["networks"]:
        assert set(network) >= {"network", "kind", "levels", "by", "why", "next_step"}
        assert set(network["network"]) <= set(values["factors"])


def test_a_contrast_has_the_documented_form() -> None:
    values = analysis_json(aw.analyze(case_rows("split_plot")))
    row = next(
        row
        for row in values["contrasts"]
        if row["kind"] == "simple"
        and set(row["condition"].values()) >= {"vgg16", "bn"}
        and {row["a"], row["b"]} == {"prelu", "relu"}
    )
    sign = 1 if row["a"] == "prelu" else -1
    assert sign * row["estimate"] == pytest.approx(2.665)
    assert row["standard_error"] == pytest.approx(1.080253, abs=1e-6)
    assert row["p"] == pytest.approx(0.029655, abs=1e-6)
    assert (row["df"], row["verdict"], row["fragile"]) == (12, "undecided", False)


def test_over_50_pairs_are_exploratory() -> None:
    (first, *_) = analysis_json(aw.analyze(seven_seeds()))["contrasts"]
    assert first["method"] == "benjamini-hochberg"
    assert first["family"].endswith("(exploratory)")


def test_every_cell_has_its_mean_curve() -> None:
    values = analysis_json(aw.analyze("bank:trottier"))
    assert len(values["curves"]) == len(values["cells"])
    (first, *_) = values["curves"]
    assert first["epochs"] == list(range(1, 201)) and len(first["mean"]) == 200
    assert {"dataset", "depth", "activation", "measure"} <= set(first)


def test_a_cell_whose_runs_all_diverged_has_no_mean() -> None:
    rows = [
        {**row, "status": "diverged", "test_accuracy": None} if row["activation"] == "elu" else row
        for row in seven_seeds()
    ]
    cells = analysis_json(aw.analyze(rows))["cells"]
    elu = [cell for cell in cells if cell["activation"] == "elu"]
    assert {(c["mean"], c["n"], c["diverged"]) for c in elu} == {(None, 0, 7)}
    assert not any(isinstance(v, float) and math.isnan(v) for c in cells for v in c.values())
