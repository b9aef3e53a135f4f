"""Users' code that changed since there were results: what is trained again, and what it says."""

import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.cli.main import run_command
from actwise.errors import SpecError
from actwise.models import make_describe
from actwise.spec import StudySpec, canonical_settings, cell_hash, run_id, spec_hash
from actwise.store import RunStore
from actwise.store.database.schema import to_json
from actwise.store.exchange import export_all, import_folders
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.plan import Todo, find_todo
from actwise.sweep.watch import Note, RunStarted
from made.sweeps import Listener, small_study, sweep

ACTIVATIONS = {
    "double": "from factor_of_both import factor\n\ndef f(x):\n    return factor * x.relu()\n",
    "triple": "def f(x):\n    return 3 * x.relu()\n",
    "factor_of_both": "factor = 2\n",
}
NETWORK = """
from torch import nn
from factor_of_both import factor

def build(layers, input_shape, num_classes, width):
    units = 4 * factor
    ins = input_shape[0] * input_shape[1] * input_shape[2]
    hidden = nn.Linear(ins, units), layers.act((units,)), nn.Linear(units, num_classes)
    return nn.Sequential(nn.Flatten(), *hidden)
"""
WriteCode = Callable[[Mapping[str, str]], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteCode:
    """Writes modules of a project, and forgets those of it that were imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(modules: Mapping[str, str]) -> None:
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        for name in (*ACTIVATIONS, "network"):
            monkeypatch.delitem(sys.modules, name, raising=False)

    write(ACTIVATIONS)
    return write


def study_of(*activations: str, **changes: Any) -> StudySpec:
    values = {"seeds": (0, 1), "epochs": 1, "train_size": 64, **changes}
    return small_study(activation=activations, **values)


def notes(folder: Path, study: StudySpec, **options: object) -> tuple[list[str], list[str]]:
    """What a sweep says, and the labels of the runs that it trains."""
    listener = Listener()
    assert sweep(folder, study, progress=listener, **options).exit_code == 0
    trained = sorted(event.label.removeprefix("convnet ") for event in listener.of(RunStarted))
    return [note.text for note in listener.of(Note)], trained


CHANGES = {
    "the activation's own file": ("triple", "def f(x):\n    return 4 * x.relu()\n", ["triple.py"]),
    "a module that it imports": ("factor_of_both", "factor = 5\n", ["factor_of_both.py"]),
    "one module more": (
        "double",
        "from triple import f as g\n\ndef f(x):\n    return g(x)\n",
        ["double.py", "factor_of_both", "triple.py"],
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_only_what_a_changed_file_reaches_is_trained_again_and_the_file_is_named(
    tmp_path: Path, write: WriteCode, kind: str
) -> None:
    module, text, files = CHANGES[kind]
    study = study_of("relu", "double:f", "triple:f")
    assert notes(tmp_path / "store", study) == ([], sorted(labels("relu", "double:f", "triple:f")))
    write({module: text})
    if files[1:]:
        (tmp_path / "factor_of_both.py").unlink()
    changed = "double:f" if module != "triple" else "triple:f"
    (said,), trained = notes(tmp_path / "store", study)
    assert said.startswith(f"{', '.join(files)} changed since 2 finished runs: they are trained")
    assert trained == labels(changed)
    assert notes(tmp_path / "store", study) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n" + ACTIVATIONS["triple"],
        '"""A docstring."""\n' + ACTIVATIONS["triple"],
        "def f(x):\n    'Of the function.'\n\n    return (3 * x.relu())  # three\n",
    ],
)
def test_comments_docstrings_and_layout_retrain_nothing(
    tmp_path: Path, write: WriteCode, text: str
) -> None:
    study = study_of("triple:f")
    notes(tmp_path / "store", study)
    write({"triple": text})
    assert notes(tmp_path / "store", study) == ([], [])


def test_results_of_accepted_code_count_as_finished(tmp_path: Path, write: WriteCode) -> None:
    folder, study = tmp_path / "store", study_of("double:f", "triple:f")
    notes(folder, study)
    first = planned_ids(folder)
    write({"factor_of_both": "factor = 1 + 1\n"})
    todo = plan_against(folder, study)
    (change,) = todo.code_changes
    assert (change.modules, change.num_runs) == (("factor_of_both",), 2)
    (digest,) = re.findall(r"--accept-code-digest (\w+)", str(change))
    assert notes(folder, study, accept_code_digests=(digest,)) == ([], [])
    assert notes(folder, study, accept_code_digests=(digest[:8],)) == ([], [])
    assert planned_ids(folder) == first
    # What was trained since wins.
    assert notes(folder, study)[1] == labels("double:f")
    assert notes(folder, study, accept_code_digests=(digest,)) == ([], [])
    assert planned_ids(folder) == set(todo.run_ids)


def test_where_two_codes_of_a_run_changed_both_are_to_be_accepted(
    tmp_path: Path, write: WriteCode
) -> None:
    folder = tmp_path / "store"
    study = study_of("double:f", model=("network:build",), regularization=("none",), seeds=(0,))
    write({"network": NETWORK})
    notes(folder, study)
    first = planned_ids(folder)
    write({"factor_of_both": "factor = 3\n"})
    (change,) = plan_against(folder, study).code_changes
    both = re.findall(r"--accept-code-digest (\w+)", str(change))
    assert len(set(both)) == 2
    for one in both:
        todo = plan_against(folder, study, accept_code_digests=(one,))
        assert len(todo.run_ids) == 1 and not first & set(todo.run_ids)
    assert notes(folder, study, accept_code_digests=tuple(both)) == ([], [])
    assert planned_ids(folder) == first


@pytest.mark.parametrize(
    ("digest", "sentence"),
    [
        ("f" * 64, "no result in store .* is of users' code with this digest; there are: [0-9a-f]"),
        ("f" * 8, "no result in store"),
        ("abc", "'abc' is no code digest; expected its 64 hexadecimal digits"),
        ("xyz" * 9, "is no code digest"),
        ("", "is no code digest"),
    ],
)
def test_a_digest_that_no_result_has_is_refused(
    tmp_path: Path, write: WriteCode, digest: str, sentence: str
) -> None:
    study = study_of("triple:f", seeds=(0,))
    notes(tmp_path / "store", study)
    with pytest.raises(SpecError, match=sentence):
        notes(tmp_path / "store", study, accept_code_digests=(digest,))


def test_results_with_a_digest_of_the_file_alone_are_read_named_and_accepted(
    tmp_path: Path, write: WriteCode
) -> None:
    folder, study = tmp_path / "store", study_of("double:f", seeds=(0,))
    notes(folder, study)
    digest = make_older(folder, study, tmp_path / "double.py")
    todo = plan_against(folder, study)
    (change,) = todo.code_changes
    assert "of 1 finished run hold an older digest of users' code" in str(change)
    assert f"it is trained again (--accept-code-digest {digest} takes" in str(change)
    assert notes(folder, study, accept_code_digests=(digest,)) == ([], [])
    export_and_import(folder, tmp_path / "imported")
    (said,), trained = notes(folder, study)
    assert (said, trained) == (str(change), labels("double:f", seeds=(0,)))


def test_what_a_digest_was_made_from_travels_with_an_export(
    tmp_path: Path, write: WriteCode
) -> None:
    study = study_of("double:f", seeds=(0,))
    notes(tmp_path / "store", study)
    export_and_import(tmp_path / "store", tmp_path / "imported")
    write({"factor_of_both": "factor = 7\n"})
    (said,), _ = notes(tmp_path / "imported", study)
    assert said.startswith("factor_of_both.py changed since 1 finished run: it is trained again")


def test_the_modules_of_a_code_digest_stand_beside_the_id_and_not_in_it(
    tmp_path: Path, write: WriteCode
) -> None:
    (run,) = make_plan(study_of("double:f", seeds=(0,)), make_describe(None)).runs
    ((_, digest),) = run.settings["code"]
    assert list(run.settings["code_modules"][digest]) == ["double", "factor_of_both"]
    description = make_describe(None)(run.spec)
    assert cell_hash(run.spec, replace(description, code_modules={})) == run.cell_hash


def test_plan_says_what_a_store_lacks(
    tmp_path: Path, write: WriteCode, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_of("relu", "triple:f")
    file = tmp_path / "study.toml"
    file.write_text(
        'name = "small"\nwidth = 0.125\nseeds = [0, 1]\n[factors]\ndataset = ["digits"]\n'
        'model = ["convnet"]\nregularization = ["bn+dropout(0.1)+aug"]\n'
        'activation = ["relu", "triple:f"]\n[train]\nepochs = 1\nbatch_size = 64\n'
        "train_size = 64\nlearning_rate = 0.05\n"
    )

    def planned(*options: str) -> tuple[str, dict[str, object]]:
        command = ["plan", str(file), "--store", str(tmp_path / "store"), *options]
        assert run_command(command) == 0
        shown = capsys.readouterr().out
        assert run_command([*command, "--json"]) == 0
        return " ".join(shown.split()), json.loads(capsys.readouterr().out)["left"]

    nothing: list[object] = []
    text, left = planned()
    assert "left 4 runs to train, 0 of 4 done before" in text
    assert left == {"num_runs": 4, "num_left": 4, "code_changes": nothing}
    assert not (tmp_path / "store").exists()
    sweep(tmp_path / "store", study)
    text, left = planned()
    assert "left nothing left to train, 4 of 4 done before" in text
    assert left == {"num_runs": 4, "num_left": 0, "code_changes": nothing}
    write({"triple": "import importlib\n" + ACTIVATIONS["double"].replace("from", "# from", 1)})
    write({"triple": "factor = 3\nload = __import__\ndef f(x): return factor * x.relu()\n"})
    text, left = planned()
    assert "left 2 runs to train, 2 of 4 done before" in text
    assert "changed triple.py changed since 2 finished runs: they are trained again" in text
    assert text.count("triple.py hands on __import__, which imports (line 2): changes of what") == 1
    (option,) = re.findall(r"--accept-code-digest \w{64}", text)
    text, left = planned(*option.split())
    assert "nothing left to train" in text


def labels(*activations: str, seeds: tuple[int, ...] = (0, 1)) -> list[str]:
    return sorted(f"{name} seed {seed}" for name in activations for seed in seeds)


def plan_against(folder: Path, study: StudySpec, **options: Any) -> Todo:
    with RunStore.open(folder) as store:
        return find_todo(make_plan(study, make_describe(None)), store, RunOptions(**options))


def planned_ids(folder: Path) -> set[str]:
    with RunStore.open(folder) as store:
        return {run.run_id for run in store.planned()}


def make_older(folder: Path, study: StudySpec, file: Path) -> str:
    """Give the one run of a store the id from before imports were followed; its code digest."""
    plan = make_plan(study, make_describe(None))
    (run,) = plan.runs
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    ((level, _),) = run.settings["code"]
    older = replace(plan.description(run), code_digests=((level, digest),), code_modules={})
    cell = cell_hash(run.spec, older)
    hashed = spec_hash(cell, run.spec.seed)
    values = (run_id(hashed), hashed, cell, to_json(canonical_settings(run.spec, older)))
    with sqlite3.connect(folder / "store.sqlite") as database:
        database.execute("UPDATE runs SET run_id=?, spec_hash=?, cell_hash=?, settings=?", values)
        for table in ("study_runs", "epochs", "predictions"):
            database.execute(f"UPDATE {table} SET run_id = ?", values[:1])
    return digest


def export_and_import(folder: Path, other: Path) -> None:
    with RunStore.open(folder) as store:
        export_all(store, other.with_suffix(".export"))
    with RunStore.open(other, create=True) as store:
        import_folders([other.with_suffix(".export")], store)
