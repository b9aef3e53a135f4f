"""What ``analyze`` says to do next is what settles something, as a command that can be copied."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.report.words import next_steps
from actwise.store import RunStore
from actwise.store.exchange import copy_store
from made.analysed import SMALL, rows_of, stored
from made.runs import finish, made_plan, made_study


@pytest.mark.parametrize(
    ("started_as", "said"),
    [
        (("d/my study.toml",), "actwise run 'd/my study.toml' seeds=0..{} --store"),
        (
            ("my.toml", "train.init=gain", "seeds=0..2", "observe.keep_weights=on"),
            "actwise run my.toml train.init=gain observe.keep_weights=on seeds=0..{} --store",
        ),
        ((), "start made again with seeds=0..{}"),
    ],
)
def test_the_next_step_is_the_start_of_the_study_at_more_seeds(
    tmp_path: Path, started_as: tuple[str, ...], said: str
) -> None:
    settings: dict[str, Any] = {
        "factors": {"train.epochs": [3], "activation": ["relu", "elu"]},
        "train": {"init": "gain"},
    }
    folder = tmp_path / "a store"
    analysis = stored(folder, num_seeds=3, seeds="0..2", started_as=started_as, **settings)
    (step,) = next_steps(analysis)
    found = analysis.decision.networks[0].next_step
    assert found is not None and found.seeds_upper is not None
    text = said.format(2 + max(1, found.seeds_upper - 3))
    if started_as:
        assert step.command == f"{text} {shlex.quote(str(folder))}"
    else:
        assert step.sentence.endswith(text) and not step.command


@pytest.mark.parametrize("is_given", [True, False])
def test_the_next_step_at_a_url_names_the_folder_that_it_needs(
    is_given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stored(tmp_path / "store", num_seeds=3, seeds="0..2", started_as=("my.toml",))
    with RunStore.open("store") as store:
        copy_store(store, "sqlite:///runs.db", artifacts=tmp_path / "files")
    artifacts = Path("files") if is_given else None
    with RunStore.open("sqlite:///runs.db", artifacts=artifacts) as opened:
        steps = next_steps(aw.analyze(opened))
    ending = f"--store sqlite:///runs.db --artifacts {'files' if is_given else 'DIR'}"
    assert [step.command.endswith(ending) for step in steps] == [True]


def test_the_next_step_names_what_the_network_needs_of_a_file_of_several(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"name": "mine", "seeds": "0..2"}
    settings["factors"] = {"model": ["mlp", "convnet"], "activation": ["relu", "elu"]}
    given = ("my.toml", "factors.model=mlp,convnet", "train.epochs=3", "seeds=0..2")
    settings["train"] = {"epochs": 3}
    analysis = stored(tmp_path / "store", num_seeds=3, started_as=given, **settings)
    commands = [step.command for step in next_steps(analysis) if step.command]
    assert commands
    for command, model in zip(commands, ("mlp", "convnet"), strict=False):
        assert f"actwise run my.toml train.epochs=3 factors.model={model} seeds=0..1" in command


def test_the_next_step_of_a_network_starts_the_latest_study_that_has_it(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        for model, width in (("mlp", 0.5), ("convnet", 1.0)):
            factors = {"model": [model], "activation": ["relu", "elu"]}
            study = made_study(name=f"of-{model}", seeds="0..2", width=width, factors=factors)
            planned = made_plan(study)
            store.add_study(study, planned, started_as=[f"{model}.toml"])
            for run in planned:
                noise = 0.2 * ((run.spec.seed * 7 + len(run.spec.activation) * 3) % 5)
                finish(store, [run], test_accuracy=80.0 + noise)
        analysis = aw.analyze(store)
    commands = [step.command for step in next_steps(analysis) if step.command]
    assert {command.split()[2] for command in commands} == {"mlp.toml", "convnet.toml"}
    assert not any("factors.model" in command for command in commands)  # each has its own alone


def test_a_network_that_hardly_learned_is_told_nothing_of_seeds() -> None:
    low = [
        {**row, "test_accuracy": row["test_accuracy"] - 68.0} for row in rows_of(5, sd=2.0, **SMALL)
    ]
    low = [{**row, "dataset": "cifar10"} for row in low]
    said = [step.sentence for step in next_steps(aw.analyze(low, margin=0.01))]
    assert said and all(text.endswith("it has hardly learned") for text in said)


@pytest.mark.parametrize(
    ("means", "said"),
    [
        (
            {"relu": 40.0, "elu": 70.0},
            "no number of seeds up to 100 tells elu and relu apart by 1 point; if elu leads by 30 "
            r"points, as it does now, [1-9] more seeds? shows? it",
        ),
        (
            {"relu": 50.0, "elu": 50.1},
            "no number of seeds up to 100 tells elu and relu apart by 1 point: a larger --margin "
            "asks for less",
        ),
    ],
)
def test_where_no_seeds_settle_the_margin_the_next_step_says_what_they_can_show(
    means: dict[str, float], said: str
) -> None:
    rows = [
        {"model": "net", "activation": name, "seed": seed, "test_accuracy": mean + noise}
        for name, mean in means.items()
        for seed, noise in enumerate((-8.0, 8.0) if name == "elu" else (5.0, -5.0))
    ]
    analysis = aw.analyze(rows, factors=["model", "activation"], margin=1.0)
    (step,) = next_steps(analysis)
    assert re.fullmatch(said, step.sentence), step.sentence
    found = analysis.decision.networks[0].next_step
    assert found is not None and found.seeds is None
    assert found.lead == pytest.approx(means["elu"] - means["relu"])


def test_the_command_names_what_differs_from_the_shipped_study(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"name": "demo", "seeds": "0..2", "width": 0.5}
    settings["factors"] = {"model": ["mlp", "convnet"], "activation": ["relu", "elu"]}
    analysis = stored(tmp_path / "store", num_seeds=3, **settings)
    commands = [step.command for step in next_steps(analysis) if step.command]
    assert commands
    for command, model in zip(commands, ("mlp", "convnet"), strict=False):
        assert f" factors.model={model} " in command
        assert " factors.activation=relu,elu " in command and " width=0.5 " in command
