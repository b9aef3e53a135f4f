"""How tables of others are understood, all of it, as it is kept in ``data/wholes``.

PYTHONPATH=src:tests python tests/rows/test_whole_tables.py
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from actwise.analysis.reading import Selection, StudyResults, open_source
from actwise.analysis.table import Observations
from actwise.errors import ActwiseError
from made.wholes import Maker, differences, keep

HEADERS = (
    # of activation, seed and response, and of a further column
    ("activation", "seed", "test_accuracy", "model"),
    ("Activation", " Seed ", "Test Accuracy", "Model"),
    ("act_fn", "random_seed", "acc", "arch"),
    ("nonlinearity", "rng-seed", "val_acc", "backbone"),
    ("act", "run seed", "top1", "net"),
    ("model.act", "trainer/seed", "eval/accuracy", "optimizer"),
    ("cfg/activation_fn", "random_state", "Top-1 Accuracy", "data_set"),
    ("activation_name", "seed", "accuracy", "test_acc"),
    ("activation", "seed", "val_accuracy", "dev_acc"),
    ("activation", "seed", "best_acc", "loss"),
    ("activation", "seed", "valAcc", "max_acc"),
    ("act", "nonlinearity", "acc", "seed"),
    ("activation", "seed", "acc", "activation "),
    ("activation", "seed", "acc5", "acc_1"),
    ("activation", "seed", "test_error", "status"),
    ("config.activation", "config.seed", "summary.test_acc", "config.lr"),
    ("params_activation", "params_seed", "value", "number"),
    ("params.act", "params.random_seed", "metrics.test_accuracy", "params.max_epochs"),
    ("activation", "seed", "acc__MIN", "acc__MAX"),
    ("step", "value", "wall time", "x"),
)
VALUES = (
    # of the response of four runs
    ("80.5", "81", "83.25", "82"),
    ("0.805", "0.81", "0.8325", "0.82"),
    ("80.5", "81", "0.8325", "82"),
    ("80.5", "101", "83.25", "82"),
    ("80.5", "", "nan", "82"),
    ("80.5", "many", "83.25", "82"),
    ("80.5", "-1", "83.25", "82"),
    ("0.9", "0.4", "45", "12"),
    ("250", "120", "0.5", "99"),
)
FURTHER = (
    ("a", "a", "a", "a"),
    ("1", "1.0", "1e0", "2"),
    ("x y", "x-y", "X_Y", "z"),
    ("finished", "running", "COMPLETED", "crashed"),
    ("ok", "diverged", "Failed", "finished"),
    ("", "", "b", "b"),
)
OPTIONS = (
    {"response": "test_error", "lower_is_better": True},
    {"response": "test_error"},
    {"response": "nothing"},
    {"columns": {"activation": "act_fn"}},
    {"columns": {"seed": "model"}, "where": ("activation=elu",)},
    {"factors": ("model",)},
    {"preset": "wandb"},
    {"preset": "wand"},
)


def lines_of(folder: Path) -> Iterator[str]:
    """Of each table what it is read as, or the sentence that refuses it."""
    plain, values, further = HEADERS[0], VALUES[0], FURTHER[0]
    yield from (_said(folder, header, values, further) for header in HEADERS)
    for found in VALUES:
        yield from (_said(folder, (*plain[:2], name, "model"), found, further) for name in NAMES)
    for found, name in product(FURTHER, ("model", "status", "State", "train.width")):
        yield _said(folder, (*plain[:3], name), values, found)
    for options, header in product(OPTIONS, (plain, (*plain[:2], "test_error", "act_fn"))):
        yield _said(folder, header, values, further, **options)
    for separator, number in ((";", "80,5"), ("\t", "80.5"), ("|", "80.5")):
        yield _said(folder, plain, (number, *values[1:]), further, separator=separator)


NAMES = ("test_accuracy", "top1", "topError", "f1_score", "loss")


def _said(
    folder: Path,
    header: tuple[str, ...],
    values: tuple[str, ...],
    further: tuple[str, ...],
    *,
    separator: str = ",",
    **options: Any,
) -> str:
    runs = zip(("relu", "relu", "elu", "elu"), "0101", values, further, strict=True)
    lines = [separator.join(header), *map(separator.join, runs)]
    (folder / "runs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    named = f"{separator.join(header)} {options or ''} {'/'.join(values)} {'/'.join(further)}: "
    if not options.get("response") and header[2] in NAMES[1:]:
        options = {**options, "response": header[2]}
        options["lower_is_better"] = header[2] in ("topError", "loss")
    try:
        with open_source(folder / "runs.csv", Selection(**options)) as results:
            assert isinstance(results, StudyResults) and results.observed is not None
    except ActwiseError as error:
        return named + str(error).replace(str(folder), "HERE")
    observed, taken = results.observed, results.taken
    found = [
        f"{' '.join(levels)} {value:.6g}"
        for levels, value in zip(_levels(observed), observed.response_R, strict=True)
    ]
    seeds = None if observed.seeds_R is None else observed.seeds_R.tolist()
    read = f"{taken.program} {dict(taken.columns)} {taken.fractions} {results.excluded}"
    return f"{named}{observed.response} by {observed.factors}: {found} at {seeds}; {read}"


def _levels(observed: Observations) -> Iterator[list[str]]:
    for codes in observed.codes_RF:
        yield [levels[code] for levels, code in zip(observed.levels, codes, strict=True)]


MAKERS: dict[str, Maker] = {"tables": lines_of}


@pytest.mark.parametrize("name", MAKERS)
def test_tables_are_understood_as_they_were(name: str, tmp_path: Path) -> None:
    assert differences(name, MAKERS[name](tmp_path)) == []


if __name__ == "__main__":
    keep(MAKERS)
