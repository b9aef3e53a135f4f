"""Whole analyses of small studies, all numbers of them, as they are kept in ``data/wholes``.

Who changes what is computed writes them anew, and reads their difference:

    PYTHONPATH=src:tests python tests/analysis/test_whole_analyses.py [NAME ...]
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.report import analysis_text, plain
from actwise.report.figures import NARROW, curve_figures, summary_figure
from actwise.store import RunStore
from made.analysed import rows_of, stored
from made.cases import case_rows
from made.claims import ELU_BEATS_RELU
from made.probed import probed_store
from made.runs import answered_record, leased, made_plan, made_record, made_study
from made.studies import LEVELS, made_rows
from made.tasks import fill_task_store, task_study
from made.wholes import Maker, differences, json_lines, keep, page_lines, picture_lines

OWN_CLAIMS = (
    ELU_BEATS_RELU
    + """
[[claim]]
id = "U2"
statement = "Augmentation narrows the gap to PReLU."
[[claim.component]]
name = "{dataset}"
gap_change = true
each = { dataset = ["cifar10", "cifar100"] }
terms = [
  { weight = 1, where = { regularization = "bn+aug", activation = "prelu" } },
  { weight = -1, where = { regularization = "bn+aug", activation = "relu" } },
]
"""
)


def uneven_rows() -> list[dict[str, Any]]:
    """Cells of one to four seeds, two without runs, runs that diverged or learned nothing."""
    rows = made_rows(
        seeds=4,
        generator=np.random.default_rng(3),
        sd=0.6,
        seed_sd=0.4,
        levels=LEVELS | {"dataset": ("cifar10",)},
        truth=lambda cell: 70.0 + 2.0 * (cell["activation"] == "elu") * (cell["model"] == "vgg16"),
    )
    rows = [row for place, row in enumerate(rows) if place % 11 and place // 4 not in (2, 9)]
    for place in (5, 29):
        rows[place] |= {"status": "diverged", "test_accuracy": None}
    rows[12]["test_accuracy"] = 10.0
    rows[30]["test_accuracy"] = 55.0
    return rows


def many_levels() -> list[dict[str, Any]]:
    """More pairs than are tested one by one."""
    names = (
        "relu",
        "prelu",
        "elu",
        "silu",
        "gelu",
        "mish",
        "celu",
        "tanh",
        "swish",
        "softplus",
        "selu",
    )
    levels = {"dataset": ("cifar10",), "activation": names}
    return made_rows(
        seeds=3,
        generator=np.random.default_rng(4),
        levels=levels,
        truth=lambda cell: 80.0 + names.index(cell["activation"]) / 5,
    )


def budgets() -> list[dict[str, Any]]:
    """Two lengths of training and two learning rates."""
    levels = {
        "model": ("vgg16",),
        "train.epochs": ("10", "30"),
        "train.learning_rate": ("0.05", "0.1"),
        "activation": ("relu", "elu"),
    }
    return made_rows(
        seeds=3,
        generator=np.random.default_rng(5),
        levels=levels,
        truth=lambda cell: (
            60.0
            + float(cell["train.epochs"]) / 3
            + (cell["activation"] == "elu")
            * (1.5 if cell["train.learning_rate"] == "0.1" else -1.5)
        ),
    )


def own_training(folder: Path) -> Analysis:
    """A loss, over depths, of trainings of the user's own."""
    noise = np.random.default_rng(6)

    def values(run: Any) -> dict[str, tuple[float | None, ...]]:
        depth = float(run.spec.task.settings["depth"])
        loss = 1.0 - 0.1 * depth + 0.05 * (run.spec.activation == "relu") + noise.normal(0, 0.02)
        return {"loss": (loss + 0.5, loss + 0.1, loss)}

    task = {"response": "loss", "higher_is_better": False, "unit": "none"}
    study = task_study(task=task, factors={"depth": [1, 2, 3]}, seeds="0..3")
    fill_task_store(folder / "store", study, values, num_epochs=3)
    return aw.analyze(folder / "store")


def looked_at(folder: Path) -> Analysis:
    """The second of three planned looks, at runs whose predictions and answers are there."""
    study = made_study(seeds="0..7", activation=("relu", "elu", "prelu"), looks=[2, 4, 8])
    planned = made_plan(study)
    with RunStore.open(folder / "store", create=True) as store:
        store.add_study(study, planned)
        for num_seeds in (2, 3, 4):
            for run in planned:
                seed, length = run.spec.seed, len(run.spec.activation)
                if seed == num_seeds - 1 or (num_seeds == 2 and seed == 0):
                    accuracy = 70.0 + 0.7 * length + 0.3 * seed + 0.11 * (seed * 7 + length) % 0.5
                    record = answered_record(run.run_id, test_accuracy=accuracy)
                    store.record(leased(store, run.run_id), record)
            analysis = aw.analyze(store)
    return analysis


def deviating(folder: Path) -> Analysis:
    """Nothing is trained as in the paper; seed 3 on another kind of machine, one run away."""
    train = {
        "epochs": 9,
        "train_size": 1000,
        "batch_size": 64,
        "learning_rate": 0.05,
        "optimizer": "adamw",
        "schedule": "onecycle",
        "validation_fraction": 0.2,
    }
    study = made_study(seeds="0..3", width=0.25, train=train)
    with RunStore.open(folder / "store", create=True) as store:
        store.add_study(study, planned := made_plan(study))
        for run in planned[1:]:
            seed, is_elu = run.spec.seed, run.spec.activation == "elu"
            device = "cuda" if seed == 3 and is_elu else "cpu"
            record = made_record(
                run.run_id,
                test_accuracy=70.0 + seed * 0.3 + is_elu * (1.0 + seed * 0.2),
                environment={"host": "here", "fingerprint": {"device": device}},
            )
            store.record(leased(store, run.run_id), record)
        return aw.analyze(store, margin=0.4)


def claimed(folder: Path) -> Analysis:
    rows = made_rows(
        seeds=4,
        generator=np.random.default_rng(7),
        truth=lambda cell: (
            80.0
            + (cell["activation"] == "elu") * (cell["model"] == "vgg16")
            + 0.7 * (cell["activation"] == "prelu") * ("aug" not in cell["regularization"])
        ),
    )
    (folder / "mine.toml").write_text(OWN_CLAIMS, encoding="utf-8")
    return aw.analyze(rows, claims=folder / "mine.toml", margin=0.4)


def many_networks() -> list[dict[str, Any]]:
    """More networks than a short text has lines for, of which every fourth has other leaders."""
    models = tuple(f"net{number}" for number in range(22))
    return made_rows(
        seeds=2,
        generator=np.random.default_rng(8),
        levels={"dataset": ("mine",), "model": models, "activation": ("relu", "elu", "prelu")},
        sd=0.4,
        truth=lambda cell: (
            60.0 + 3.0 * (cell["activation"] == ("elu" if int(cell["model"][3:]) % 4 else "prelu"))
        ),
    )


SOURCES: dict[str, Callable[[Path], Analysis]] = {
    "uneven": lambda folder: aw.analyze(uneven_rows()),
    "uneven-logit": lambda folder: aw.analyze(
        uneven_rows(), scale="logit", strata=["model"], contrast=("elu", "relu")
    ),
    "many-levels": lambda folder: aw.analyze(many_levels()),
    "budgets": lambda folder: aw.analyze(budgets()),
    "own-training": own_training,
    "claims": claimed,
    "one-network": lambda folder: aw.analyze(
        rows_of(5, shifts={"elu": 3.0}, dataset=("cifar10",), model=("vgg16",)), sums="III"
    ),
    "alike": lambda folder: aw.analyze(
        rows_of(8, shifts={"relu": -3.0}, sd=0.1, dataset=("cifar10",), model=("resnet18",))
    ),
    "half-finished": lambda folder: stored(folder / "store", num_seeds=2, seeds="0..4"),
    "probed": lambda folder: aw.analyze(probed_store(folder / "store")),
    "looks": looked_at,
    "deviating": deviating,
    "many-networks": lambda folder: aw.analyze(many_networks()),
    "single-runs": lambda folder: aw.analyze(
        [row for row in rows_of(1, dataset=("cifar10",)) if row.pop("seed") == 0]
    ),
    "lower-is-better": lambda folder: aw.analyze(
        case_rows("halved_errors"), lower_is_better=True, margin=0.2
    ),
    "published-mish": lambda folder: aw.analyze("bank:mish"),
    "some-of-the-paper": lambda folder: aw.analyze(
        "bank:paper", where=["dataset=cifar10"], contrast=("elu", "relu")
    ),
}
WITHOUT = ("actwise", "curves")
IN_FULL, IN_NOTEBOOKS, SHORT = ("budgets", "probed", "deviating"), ("uneven",), ("many-networks",)
NARROW_ONES, WIDE_ONES = ("uneven", "many-levels"), ("budgets", "own-training", "probed")


def whole(name: str, folder: Path) -> Iterator[str]:
    """All that is computed, what a notebook prints, the short text, and for some the pictures."""
    analysis = SOURCES[name](folder)
    values = analysis.to_dict()
    for path in (folder / "store", folder):
        values["source"] = {
            key: value.replace(str(path), path.name) if isinstance(value, str) else value
            for key, value in values["source"].items()
        }
    if name not in SHORT:
        yield from json_lines({key: v for key, v in values.items() if key not in WITHOUT})
    full = name in IN_FULL
    text = plain(analysis_text(analysis, command="actwise analyze x", full=full), 80)
    yield from text.replace(str(folder), "HERE").split("\n")
    yield from repr(analysis).replace(str(folder), "HERE").split("\n")
    if name in (*IN_NOTEBOOKS, *SHORT):
        yield from page_lines(analysis._repr_html_())
    if name in NARROW_ONES:
        yield from picture_lines(summary_figure(analysis, width=NARROW))
    if name in WIDE_ONES:
        first = [drawing for drawing in curve_figures(analysis) if drawing.name.endswith("-1")]
        yield from picture_lines([*summary_figure(analysis), *first])


MAKERS: dict[str, Maker] = {name: lambda f, name=name: whole(name, f) for name in SOURCES}  # type: ignore[misc]


@pytest.mark.parametrize("name", SOURCES)
def test_an_analysis_says_what_it_said(name: str, tmp_path: Path) -> None:
    assert differences(name, whole(name, tmp_path)) == []


if __name__ == "__main__":
    keep(MAKERS)
