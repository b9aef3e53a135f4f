"""``to_json``: a p value never stands alone, and what a report draws is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study
from made.studies import made_rows

FAMILY = {"p", "adjusted_p", "family", "family_size", "method"}


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
    return made_rows(seeds=7, generator=np.random.default_rng(1), levels=levels)


@pytest.mark.parametrize("source", ["bank:paper", "bank:trottier", "bank:mish", "seven seeds"])
def test_every_p_value_has_its_family(source: str) -> None:
    values = aw.analyze(seven_seeds() if source == "seven seeds" else source).to_json()
    tests = [o for o in objects(values) if any(key == "p" or key.endswith("_p") for key in o)]
    assert tests
    for found in tests:
        assert set(found) >= FAMILY
        assert {key for key in found if key.endswith("_p")} == {"adjusted_p"}
        assert found["family"] and found["family_size"] >= (found["p"] is not None)
        assert found["p"] is None or found["p"] <= found["adjusted_p"] <= 1


def test_the_tests_of_effects_are_a_family_of_each_decomposition() -> None:
    values = aw.analyze(seven_seeds()).to_json()
    tests = [effect for effect in values["effects"] if effect["p"] is not None]
    assert {(e["family"], e["family_size"]) for e in tests} == {("effects, all data, points", 7)}
    least = min(tests, key=lambda effect: effect["p"])
    assert least["adjusted_p"] == pytest.approx(min(1.0, 7 * least["p"]))
    families = {o["family"] for o in objects(values["logit"]) if "family" in o}
    assert families == {f"effects, {d}, logit" for d in ("all data", "cifar10", "cifar100")}


def test_over_50_pairs_are_exploratory_in_every_column() -> None:
    (first, *_) = aw.analyze(seven_seeds()).to_json()["contrasts"]
    for found in (first, first["robustness"]["permutation"], first["robustness"]["wilcoxon"]):
        assert found["method"] == "benjamini-hochberg"
        assert found["family"].endswith("(exploratory)")
    assert first["robustness"]["smallest"]["p"] == 2**-6


def test_every_cell_has_its_mean_curve() -> None:
    values = aw.analyze("bank:trottier").to_json()
    assert len(values["curves"]) == len(values["cells"])
    (first, *_) = values["curves"]
    assert first["epochs"] == list(range(1, 201)) and len(first["mean"]) == 200
    assert {"dataset", "depth", "activation", "measure"} <= set(first)


def test_every_level_has_its_time(tmp_path: Path) -> None:
    study = made_study()
    with RunStore.open(tmp_path / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned)
        values = aw.analyze(store).to_json()
    assert values["time"] == [
        {"level": level, "epochs": 3.0, "train_seconds": 12.5} for level in ("relu", "elu")
    ]
    assert [curve["mean"] for curve in values["curves"]] == [[10.0, 20.0, 30.0]] * 2
