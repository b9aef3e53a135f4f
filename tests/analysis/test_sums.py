"""Type III sums of squares, asked for by a user."""

import json
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.effects import Decomposition, Effects
from actwise.cli.main import run_command
from actwise.errors import SpecError
from made.studies import made_rows


def uneven_rows() -> list[dict[str, Any]]:
    """All cells filled, with two to four runs, without seeds."""
    generator = np.random.default_rng(2)
    rows = made_rows(seeds=4, generator=generator)
    keep = generator.random(len(rows)) < 0.6
    chosen = [row for row, kept in zip(rows, keep, strict=True) if kept or row["seed"] < 2]
    return [{key: value for key, value in row.items() if key != "seed"} for row in chosen]


def parts(found: Effects | None) -> list[Decomposition]:
    assert found is not None and found.together is not None
    return [found.together, *found.by_dataset.values(), *found.by_network.values()]


def test_type_three_is_asked_for_and_stated() -> None:
    two, three = (aw.analyze(uneven_rows(), sums=sums) for sums in ("II", "III"))  # type: ignore[arg-type]
    for found, sums in ((two, "II"), (three, "III")):
        assert {part.sums for part in parts(found.effects) + parts(found.logit)} == {sums}
    sizes = [{row.term: row.ss for row in parts(a.effects)[0].effects} for a in (two, three)]
    highest = "dataset:model:regularization:activation"
    assert sizes[0][highest] == pytest.approx(sizes[1][highest])
    assert sizes[0]["activation"] != pytest.approx(sizes[1]["activation"])


def test_type_three_with_missing_cells_is_refused_with_their_names() -> None:
    rows = [
        row
        for row in uneven_rows()
        if (row["dataset"], row["model"], row["activation"]) != ("cifar10", "vgg16", "elu")
    ]
    with pytest.raises(SpecError, match=r"type III.*cifar10, vgg16, bn, elu"):
        aw.analyze(rows, sums="III")
    with pytest.raises(SpecError, match="sums 'I' is not one of II, III"):
        aw.analyze(rows, sums="I")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="--sums changes nothing here"):
        aw.analyze("bank:mish", sums="III")


def test_the_command_takes_the_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["analyze", "--bank", "paper", "--sums", "III", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decomposition"]["sums"] == "III"
    assert run_command(["analyze", "--bank", "trottier", "--sums", "III"]) == 2
    assert "type III decomposition is not estimable" in capsys.readouterr().err
