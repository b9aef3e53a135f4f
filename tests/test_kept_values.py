"""Values of many parts in full, as they stand in tests/data/pages/values.

A number or a word that changes in one of many is seen by no test of their properties. Who changes
them on purpose writes the pages anew, and reads their difference:

    PYTHONPATH=src:tests python tests/test_kept_values.py
"""

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sqlalchemy import text

from actwise import activations, regularization
from actwise.cli.options import parse_duration
from actwise.cli.output import amount, size
from actwise.cli.plot import plot_lines
from actwise.cli.sites import pattern_of
from actwise.datasets import DATASETS, deal_folds
from actwise.engine.schedule import Schedule
from actwise.engine.split import split_images
from actwise.errors import UnknownNameError, require_number, shortened
from actwise.models import MODELS, LayerFactory, initialise, resolve
from actwise.registry import format_value, parse_value
from actwise.rng import position, stream, stream_seed
from actwise.spec import TrainSpec, load_study, shipped_studies
from actwise.store import RunStore
from actwise.sweep.drive.progress_notes import ProgressNotes
from actwise.sweep.drive.time_left import TimeLeft
from actwise.sweep.plan.cost import assumed_flops, makespan
from actwise.sweep.plan.rounds import are_enough, seconds_of_costs
from actwise.sweep.watch import events as e
from actwise.sweep.watch import words
from actwise.sweep.worker import Advanced
from made.exports import made_export
from made.runs import made_plan, made_study

PAGES = Path(__file__).parent / "data" / "pages" / "values"
Lines = Iterator[str]


def streams() -> Lines:
    for seed, purpose, name, epoch in product((0, 7), ("weights", "order"), ("", "a"), (0, 3)):
        generator = stream(seed, purpose, name, epoch)
        yield f"{seed} {purpose} {name!r} {epoch}: {stream_seed(seed, purpose, name, epoch)}"
        yield f"  {generator.integers(0, 1000, 5).tolist()} {position(generator)}"


def sets() -> Lines:
    for name, entry in DATASETS.items():
        if "made" not in entry.description:  # by other tests
            yield f"{name}: {entry.published} {entry.folders} {entry.location}"
            yield from (f"  {download}" for download in entry.downloads)
            for form in entry.forms:
                found = str(getattr(form.find, "__self__", ""))
                yield f"  {form.looks_for}: {re.sub(r' at 0x[0-9a-f]+', '', found)}"


def schema() -> Lines:
    with (
        tempfile.TemporaryDirectory() as folder,
        RunStore.open(f"{folder}/new", create=True) as new,
    ):
        for kind, statement in rows_of(
            new, "SELECT type, sql FROM sqlite_master WHERE sql > '' ORDER BY 2"
        ):
            yield f"{kind}: {' '.join(str(statement).split())}"
        yield str(rows_of(new, "PRAGMA user_version") + rows_of(new, "PRAGMA application_id"))


def rows() -> Lines:
    """What stands in a store with finished, diverged, failed and pending runs."""
    with tempfile.TemporaryDirectory() as folder:
        made_export(Path(folder))
        with RunStore.open(f"{folder}/origin") as store:
            named = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            for (table,) in rows_of(store, named):
                for row in rows_of(store, f"SELECT * FROM {table} ORDER BY 1, 2"):
                    if table != "marks":  # drawn at random
                        yield f"{table}: {tuple(map(short, row))}"


def rows_of(store: RunStore, query: str) -> list[tuple[Any, ...]]:
    return store.database.read(lambda c: [tuple(row) for row in c.execute(text(query))])


def short(value: Any) -> Any:
    if isinstance(value, str):
        value = re.sub(r"20\d\d-\d\d-\d\dT[\d:.+]+", "THEN", value)
    given = value.encode() if isinstance(value, str) else value
    is_long = isinstance(given, bytes) and (given is value or len(given) > 60)
    return hashlib.sha256(given).hexdigest()[:12] if is_long else value


def networks() -> Lines:
    """Names, shapes and first weights of every network, narrow."""
    elu = activations.resolve("prelu")
    for name in MODELS:
        if not name.endswith(("56", "110")):
            layers = LayerFactory(elu, regularization.resolve("gn(4)+dropout(0.2)"))
            model = resolve(name)
            net = model.build(layers, input_shape=(3, 32, 32), num_classes=10, width=0.25)
            initialise(net, seed=1, init="gain", gain=1.25)
            yield f"{name}: {sorted(layers.sites)}"
            yield f"  {' '.join(type(part).__name__ for part in net.modules())}"
            for key, value in net.named_parameters():
                some = [f"{x:.4g}" for x in value.detach().flatten()[:2].tolist()]
                yield f"  {key} {tuple(value.shape)} {' '.join(some)}"


def ids() -> Lines:
    for name in shipped_studies():
        study = load_study(name)
        cells = [*study.cells()]
        yield f"{name}: {len(cells)} {study.seeds} {study.looks} {cells[0]} {cells[-1]}"
    study = made_study(regularization=["bn", "bn+dropout"], width=0.5, train={"epochs": 7})
    for run in made_plan(study):
        yield f"{run.run_id} {run.spec_hash} {run.cell_hash} {run.settings} {run.is_aliased}"


def rates() -> Lines:
    for schedule, warmup in product(("plateau", "step", "cosine", "onecycle"), (0, 2)):
        if schedule != "onecycle" or not warmup:
            settings = {"schedule": schedule, "warmup_epochs": warmup, "epochs": 8}
            settings |= {"plateau_patience": 0} if schedule == "plateau" else {}
            plan = Schedule(TrainSpec.model_validate(settings), batches_per_epoch=3)
            found = []
            for epoch in range(8):
                found += [f"{plan.learning_rate(3 * epoch + k):.6g}" for k in range(3)]
                loss = (3.0, 2.0, 2.0, 1.9999, 1.9, 1.9, 1.9, 1.9)[epoch]
                ends = plan.ends_with(epoch + 1, train_loss=loss)
                plan.end_epoch(train_loss=loss, validation_loss=None)
                found.append(f"| {ends} {plan.is_over(epoch + 1)} {plan.state()['drops']}\n")
            yield from f"{schedule} {warmup}\n {' '.join(found)}".splitlines()


def splits() -> Lines:
    labels_N = np.arange(60) % 4 % 3
    for seed, fraction, number in product((0, 1, 5), (0.0, 0.2, 0.5), (None, 11)):
        found = split_images(labels_N, seed=seed, validation_fraction=fraction, train_size=number)
        held = found.validation_indices_N.tolist()
        yield f"{seed} {fraction} {number}: {found.train_indices_N.tolist()} | {held}"
    pictures_N = np.arange(60) // 3
    for num_folds in (2, 5):
        yield str(deal_folds(labels_N, num_folds, pictures_N=pictures_N).fold_N.tolist())


def spoken() -> Lines:
    run = {"run_id": "a" * 20, "label": "vgg16 elu seed 3"}
    at = {"epoch": 2, "batch": 3, "batches": 9}
    told: list[e.Event] = [
        e.SweepStarted(study="s", num_runs=9, num_done=n, workers=w, logs="l")
        for n, w in ((0, 1), (2, 3), (9, 1))
    ]
    for epochs, loss, rate, left in product((5, None), (1.23456, None), (99.6, None), (61.0, None)):
        numbers = {"loss": loss, "images_per_second": rate, "seconds_left": left}
        told.append(e.RunProgress(**run, **at, epochs=epochs, **numbers, metrics={"f1": 0.51234}))
    for accuracy, reason in product((71.238, None), ("", "ValueError: no")):
        told.append(
            e.RunEnded(
                **run,
                status="finished",
                test_accuracy=accuracy,
                train_seconds=12.34,
                metrics={"a": 1.0, "b": None, "c": 2.0, "d": 3.0, "e": 4.0},
                reason=reason,
            )
        )
    told += [e.RunPutBack(**run, reason="killed", is_given_up=g, attempts=3) for g in (True, False)]
    told += [e.RunStarted(**run, attempt=2, is_compiling=c) for c in (True, False)]
    told += [e.RunEndedElsewhere(**run, status="diverged"), e.Note("note")]
    told += [e.Waiting(num_runs=2, holders=("a", "b"))]
    ends = {"finished": 1, "diverged": 2, "failed": 3, "left": 4, "exit_code": 1}
    told += [e.SweepEnded(**ends, put_back=n) for n in (0, 2)]
    counter = words.Counter()
    for event in told:
        counter.count(event)
        yield f"{counter} {e.event_values(event)}"
        yield from (f"  {words.describe_event(event, width=w)!r}" for w in (None, 40, 60))
    for seconds in (0, 0.4, 89.4, 90, 599.6, 600, 5399, 5400, 172_799, 172_800, 9e6):
        both = (words.describe_seconds(seconds, is_compared=c) for c in (False, True))
        yield f"{seconds}: {', '.join(both)}"
    yield from (words.shorten_middle("abcdefghij", room) for room in range(3, 11))
    yield repr(words.fold("some words that are long", 10))


def clocks() -> Lines:
    """What is left and when progress is noted, by a clock that stands in steps of a second."""
    now = [0.0]
    left = TimeLeft({"a": 4.0, "b": 2.0}, clock=lambda: now[0])
    notes = ProgressNotes(clock=lambda: now[0])
    steps: list[tuple[str, Callable[[], object]]] = [
        ("expect", lambda: left.expect("c", 3.0)),
        ("first", lambda: left.progress("a", 0.25)),
        ("on", lambda: left.progress("a", 0.5)),
        ("known", lambda: left.expect("c", 1.0)),
        ("unknown", lambda: left.progress("z", 0.5)),
        ("unknown ends", lambda: left.end("z")),
        ("other", lambda: left.progress("b", 0.0)),
        ("end", lambda: left.end("a")),
        ("elsewhere", lambda: left.end("c")),
        ("back", lambda: left.put_back("b")),
        ("again", lambda: left.progress("b", 0.5)),
        ("most", lambda: left.progress("b", 0.75)),
    ]
    for name, step in steps:
        now[0] += 1.0
        step()
        yield f"{name}: {left.seconds()}"
    for batch, epoch, epochs, wait in (
        (1, 1, 4, 0),
        (2, 1, 4, 1),
        (2, 1, 4, 3.9),
        (4, 1, 4, 0.1),
        (1, 2, 4, 1),
        (1, 2, 4, 3.9),
        (2, 2, 4, 0.2),
        (1, 3, None, 0),
    ):
        now[0] += wait
        told = {"epoch": epoch, "epochs": epochs, "batch": batch, "batches": 4, "loss": 0.5}
        notes.hear(1, Advanced.model_validate({**told, "run_id": "a" * 20, **OF_PROGRESS}))
        yield f"{told}: {[asdict(point) for point in notes.due()]}"


OF_PROGRESS = {"images_per_second": 8.0}


def arithmetic() -> Lines:
    for width in (0.0625, 0.125, 0.2, 0.25, 0.5, 1.0, 2.0):
        yield f"{width}: {assumed_flops(width):.6g}"
    yield str([makespan([5.0, 4.0, 3.0, 2.0], workers=n) for n in (1, 2, 3, 5)])
    for number, seconds in product((2, 3, 6, 7, 8), (9.9, 10.0, 59.9, 60.0)):
        yield f"{number} {seconds}: {are_enough(number, seconds)}"
    yield str([seconds_of_costs(x) for x in (0.0, 1.0, 1.5, 5.0, 15.0, 20.0, 30.0)])
    yield str([parse_duration(word) for word in ("90", "90s", "10m", "1h30m", "0.5h", "1h1m1s")])
    yield str([size(n) for n in (0, 999, 1000, 999_499, 1e6, 999e6, 1e9, 1.55e12)])
    yield str([amount(n) for n in (None, 0, 999, 1000)])
    yield str([pattern_of(x) for x in ("layer1.0.relu", "a12b", "1a.b@x.py:3", "conv2d.act1a")])
    x = np.linspace(-2, 2, 9)
    yield from plot_lines(x, [x, np.abs(x)], width=30, height=4)
    yield from plot_lines(x, [0 * x], width=12, height=2)
    yield from plot_lines(
        x, [x**3, np.where(x > 1, np.inf, x)], width=30, height=3, y_range=(-1, 1)
    )


def levels() -> Lines:
    for word in ("on", "True", "off", "FALSE", "3", "3.0", "1e3", " x ", "nan", "-7", "9" * 400):
        value = parse_value(word)
        yield f"{word[:9]!r}: {value!r} {format_value(value)}"
    yield format_value([1, 2.5, None, "a"])
    for number in (1, 19, 20, 21, 40):
        yield str(UnknownNameError("thing", "zzz", [f"name{i}" for i in range(number)], other="o"))
    yield str(UnknownNameError("thing", "nam", ["name", "names"], other="or another"))
    yield str(UnknownNameError("thing", "nam", []))
    yield from (shortened("x" * n) for n in (117, 118, 119, 150))
    for arguments in ((True,), ("x",), (1.5,), (0,)):
        with pytest.raises(Exception, match="n=") as refusal:
            require_number("n", *arguments, least=1)
        yield f"{arguments} {refusal.value}"


SECTIONS: tuple[Callable[[], Lines], ...] = (
    streams,
    sets,
    schema,
    rows,
    networks,
    ids,
    rates,
    splits,
    spoken,
    clocks,
    arithmetic,
    levels,
)


@pytest.mark.parametrize("section", SECTIONS, ids=[s.__name__ for s in SECTIONS])
def test_values_are_as_they_were(section: Callable[[], Lines]) -> None:
    stored = (PAGES / f"{section.__name__}.txt").read_text(encoding="utf-8")
    assert list(section()) == stored.split("\n")[:-1]


if __name__ == "__main__":
    torch.set_num_threads(1)
    PAGES.mkdir(exist_ok=True)
    for each in SECTIONS:
        lines = "".join(f"{line}\n" for line in each())
        (PAGES / f"{each.__name__}.txt").write_text(lines, encoding="utf-8")
