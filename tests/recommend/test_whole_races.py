"""Whole advice of races, as it is kept in ``data/wholes``.

Who changes what a race asks for or says writes it anew, and reads the difference:

    PYTHONPATH=src:tests python tests/recommend/test_whole_races.py [NAME ...]
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actwise.recommend import Advice, CaseAdvice
from actwise.recommend.costs import Costs, Ratio, StepCost
from actwise.recommend.preview import preview
from actwise.recommend.request import RaceRequest
from actwise.report.advice import posterior_figure, render_advice
from actwise.report.figures import NARROW
from actwise.store import RunStore
from actwise.store.records import RunRecord
from actwise.sweep import RunOptions
from actwise.sweep.watch import Note, SweepEnded, SweepStarted
from made.race_results import SIX, made_race, made_results, raced
from made.races import ALIKE, SMALL, race
from made.runs import made_epoch, made_record
from made.sweeps import Listener
from made.wholes import Maker, differences, json_lines, keep, page_lines, picture_lines

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TWELVE = (*SIX, "celu", "selu", "tanh", "softplus", "leaky_relu", "hardswish")
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # of the race, of its results
    "usual": ({}, {}),
    "as in the bank": ({"widened": False, "prior": True}, {"seed": 1}),
    "no incumbent": ({"incumbent": None, "full_runs": 9.0}, {"seed": 2}),
    "elu in use": ({"incumbent": "elu", "margin": 0.5, "full_runs": 12.0}, {"seed": 3}),
    "alike": ({"full_runs": 8.0, "margin": 3.0}, {"seed": 4, "spread": 0.01}),
    "far apart": ({"full_runs": 8.0}, {"seed": 5, "spread": 6.0}),
    "screening": ({"full_runs": 2.5}, {"seed": 6}),
    "some diverge": ({"full_runs": 7.0}, {"seed": 7, "diverging": ("relu", "mish")}),
    "one is left": ({}, {"seed": 8, "diverging": SIX[1:]}),
    "all diverge": ({}, {"seed": 9, "diverging": SIX}),
    "guesses": ({"num_classes": 2}, {"seed": 10, "spread": 3.0}),
    "twelve": ({"candidates": TWELVE, "full_runs": 14.0}, {"seed": 11}),
    "to the end": ({"full_runs": 9.0, "use_stopping": False}, {"seed": 12, "spread": 3.0}),
    "no place": ({"full_runs": 9.0, "incumbent_place": False}, {"seed": 13, "spread": 2.0}),
}


def simulated(folder: Path) -> Iterator[str]:
    """Of each race its sentences, all its data and the order of its trials."""
    for name, (options, results) in OPTIONS.items():
        seed, rest = results.get("seed", 0), {k: v for k, v in results.items() if k != "seed"}
        found = raced(made_race(**options), made_results(seed, **rest), workers=1 + seed % 3)
        advice = found.advice()
        yield f"== {name}"
        yield from str(advice).split("\n")
        values = advice.to_dict()
        trials = values.pop("trials")
        yield from json_lines(values)
        asked = (told["trial"] for told in trials)
        yield ", ".join(f"{t['activation']} {t['epochs']} {t['seed']} {t['fold']}" for t in asked)


def unlearned(folder: Path) -> Iterator[str]:
    """Races in which hardly anything is learned, at and beside what is guessing."""
    for num_classes, lowest in ((10, 9.0), (10, 11.0), (10, 13.0), (100, 1.5), (None, 1.0)):
        values = {name: lowest + place for place, name in enumerate(SIX)}
        found = raced(
            made_race(num_classes=num_classes, full_runs=4.0),
            lambda trial, values=values: values[trial.activation] + trial.is_full / 4,  # type: ignore[misc]
        )
        yield f"== {num_classes} classes, from {lowest} %"
        yield from str(found.advice()).split("\n")
        yield from json_lines({"floor": found.advice().floor, "far": found.advice().far_below})


def cost_of(name: str, place: int) -> StepCost:
    step = 1.0 + 0.07 * place
    return StepCost(
        activation=name,
        milliseconds=12.34 + place,
        step=Ratio(step, step - 0.01, step + 0.02),
        forward=Ratio(step - 0.03, step - 0.04, step),
        backward=Ratio(step + 0.05, step + 0.04, step + 0.06),
        memory_bytes=123_456_789 + 10_000_000 * place,
    )


def of_a_case(folder: Path) -> Iterator[str]:
    """An advice with costs, its rows, and its page."""
    results = made_results(14, diverging=("prelu",))
    advice = raced(made_race(full_runs=7.0), results).advice()
    order = sorted(SIX, key=lambda name: (name != "relu", name not in ("gelu", "mish"), name))
    costs = Costs(
        model="convnet",
        width=0.5,
        regularization="bn",
        incumbent="relu",
        rows=tuple(cost_of(name, place) for place, name in enumerate(order)),
        input_shape=(3, 32, 32),
        batch_size=64,
        device="cpu",
        threads=1,
        num_rounds=9,
    )
    run_ids = tuple(f"{number:020x}" for number in range(len(advice.trials)))
    train = {"schedule": "onecycle", "learning_rate": 0.1}
    found = CaseAdvice(
        **{field.name: getattr(advice, field.name) for field in fields(Advice)},
        case={"dataset": "digits", "model": "convnet", "width": 0.5, "epochs": 27, "train": train},
        apply='aw.swap(model, "elu", example=x)',
        costs=costs,
        notes=("a first note", "a second one"),
        study="recommend-made",
        run_ids=run_ids,
        train_seconds=123.4,
    )
    lengths = {0: 60, 1: 61, 2: 130}  # what is more than a picture shows
    records = {
        run_id: recorded(run_id, place, lengths.get(place, told.trial.epochs), told.value)
        for place, (run_id, told) in enumerate(zip(run_ids, advice.trials, strict=True))
    }
    yield from str(found).split("\n")
    yield from repr(found).split("\n")
    yield from json_lines(found.to_dict())
    yield from page_lines(found._repr_html_())
    yield from json_lines({"rows": list(found.to_rows())})
    yield from str(costs).split("\n")
    yield from picture_lines(posterior_figure(found, NARROW))
    page = render_advice(found, records, command="actwise recommend x", now=NOW)
    yield from page_lines(page)
    curves = re.findall(r"<svg.*?</svg>", page, re.DOTALL)[2:]
    yield from (
        re.sub(r' [\w-]+="([^"]*)"', r" \1", "".join(curves[:2])).replace("><", ">\n<").split("\n")
    )


def recorded(run_id: str, place: int, num_epochs: int, value: float | None) -> RunRecord:
    epochs = tuple(
        made_epoch(k, validation_accuracy=(value or 10.0) - 5.0 / k, train_loss=2.0 / (k + place))
        for k in range(1, num_epochs + 1)
    )
    changes: dict[str, Any] = {"epochs": epochs, "train_seconds": 3.0 + place}
    if value is None:
        changes |= {"status": "diverged", "test_accuracy": None}
    return made_record(run_id, **changes)


OF_THIS_MACHINE = ("train_seconds", "run_ids")
LESS = {"response": "error_rate", "higher_is_better": False}


def of_own_trainings(folder: Path) -> Iterator[str]:
    """Races of trainings of the user's own: what is noted on the way, said, filed and shown."""
    for function, more in (("scores", {"settings": {"epochs": 12}}), ("errors", LESS)):
        study = {
            "name": "own",
            "description": "of mine",
            "seeds": [3],
            "task": {"train": f"made.races_in_tasks:{function}", "unit": "percent", **more},
            "factors": {"activation": ["relu", "elu"]},
        }
        asked = {"data": None, "candidates": None, "overrides": (), "budget": "4runs"}
        heard = Listener()
        with RunStore.open(folder / function, create=True) as store:
            advice = race(store, study, epochs=None, progress=heard, **asked)
            yield f"== {function}"
            for event in (*heard.of(SweepStarted), *heard.of(Note), *heard.of(SweepEnded)):
                yield re.sub(r"logs='.*?'", "logs", str(event))
            filed = [(entry.study, entry.spec.description) for entry in store.studies()]
            yield f"{filed} {len(store.planned(advice.study))}"
        yield from str(advice).split("\n")
        values = {k: v for k, v in advice.to_dict().items() if k not in OF_THIS_MACHINE}
        yield from json_lines(values)


REQUESTS: dict[str, dict[str, Any]] = {
    "usual": {"overrides": SMALL},
    "a part": {"overrides": SMALL, "budget": "50%", "candidates": SIX, "epochs": 12},
    "screening": {"candidates": ALIKE, "budget": "1runs", "epochs": 9, "margin": 5.0},
    "far from the bank": {"overrides": ("train.schedule=cosine", "width=2"), "budget": "10 runs"},
    "no incumbent": {"incumbent": None, "candidates": ("elu", "gelu"), "budget": "6.5runs"},
    "two workers": {"overrides": SMALL, "options": RunOptions(device="cpu", workers=2)},
}


def of_previews(folder: Path) -> Iterator[str]:
    """What races on the digits would cost; seconds but those of the start, as rates assume."""
    for name, changes in REQUESTS.items():
        options = {"options": RunOptions(device="cpu", workers=1)} | changes
        values = preview(RaceRequest("convnet", "digits", **options)).to_json()
        seconds, beside = values.pop("seconds"), values.pop("beside_seconds")
        yield f"== {name}"
        yield from json_lines(values | {"train_seconds": round(seconds - beside, 3)})


KINDS: dict[str, Callable[[Path], Iterator[str]]] = {
    "races-simulated": simulated,
    "races-unlearned": unlearned,
    "races-case": of_a_case,
    "races-own": of_own_trainings,
    "races-previews": of_previews,
}
MAKERS: dict[str, Maker] = dict(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_race_says_what_it_said(name: str, tmp_path: Path) -> None:
    assert differences(name, KINDS[name](tmp_path)) == []


if __name__ == "__main__":
    keep(MAKERS)
