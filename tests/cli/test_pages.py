"""What commands print, in full, as it stands in tests/data/pages: numbers, order, units, words.

A number that is wrong in one column is seen by no test that looks for a word beside it. Who changes
what is printed writes the pages anew, and reads their difference:

    PYTHONPATH=src:tests python tests/cli/test_pages.py [NAME ...]
"""

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest

import actwise as aw
from actwise.cli.main import run_command
from actwise.datasets import DATASETS
from actwise.report.html import render_html
from actwise.store import RunStore
from made.cases import CASES, RESULTS
from made.data import TRAIN_IMAGES, encode_image
from made.pages import pictures
from made.runs import leased, look_at, made_epoch, made_plan, made_record, made_study

PAGES = Path(__file__).parents[1] / "data" / "pages"
CASE = "analyze --full --csv"
MLP = (
    "demo --executor inline factors.model=mlp factors.regularization=none seeds=0 "
    "factors.activation=relu,elu train.epochs=1 train.train_size=256"
)
COMMANDS = {
    "catalogue": [
        "list activations",
        "list models",
        "list regularizers",
        "list datasets",
        "list studies",
        "show activation elu(0.5)",
        "show activation rational",
        "show activation rrelu",
    ],
    "plans": [
        "plan cifar-mini --workers 1",
        "plan paper --workers 1 seeds=0",
        "plan identity --workers 1 factors.regularization=bn,bn+dropout",
        "plan tuning --workers 1 factors.activation=relu factors.regularization=bn --json",
    ],
    "crossover": [
        f"{CASE} crossover.csv",
        "analyze --csv crossover.csv --scale logit --sums III",
        "analyze --csv crossover.csv --contrast relu,elu --margin 0.3",
    ],
    "one-run-at-chance": [f"{CASE} one_run_at_chance.csv"],
    "split-plot": [f"{CASE} split_plot.csv --strata dataset,model"],
    "halved-errors": [f"{CASE} halved_errors.csv --lower-is-better"],
    "pair-gap": [
        f"{CASE} pair_gap.csv",
        "analyze --csv pair.csv",
        "analyze --csv pair_gap.csv --json",
    ],
    "paper": ["analyze --bank paper --full"],
    "mish": ["analyze --bank mish --full"],
    "trottier": ["analyze --bank trottier --full"],
    "store": [
        "status --store store",
        "table --store store",
        "table --store store --format markdown",
        "table --store store --format latex",
        "table --store store --format csv",
        "export --store store --what runs --format csv",
        "export --store store --what epochs --format csv",
        "export --store store --what predictions --format csv",
        "export --store store --what environments --format csv",
        "store gc --store store --dry-run",
        "analyze --store store --full",
        "table --store store --format json",
        "status --store store --json",
    ],
    "runs": [
        *(f"show run {number} --store store" for number in range(7)),
        "show run 1 --store store --json",
    ],
    "cifar-mini": [
        "import RESULTS/seed-0 RESULTS/seed-1 RESULTS/seed-2 RESULTS/seed-3 --store mini",
        "import RESULTS/seed-3 RESULTS/seed-4 --store mini",
        "status --store mini",
        "table --store mini",
        "analyze --store mini --full",
        "analyze --store mini --where dataset=cifar10",
    ],
}
COMMANDS["trained"] = [  # digits, by a small network, for one epoch
    f"run {MLP} --store trained",
    f"run {MLP} --store trained seeds=0..1 --keep-weights",
    f"run {MLP} --store trained --observe-again --keep-weights",
    f"run {MLP} --smoke",
    "status --store trained",
    "store copy copied --store trained",
    "store rm --store trained --study demo --yes",
    "store gc --store trained",
    "status --store trained",
    "status --store copied --study demo",
    "export --store copied --what all -o exported",
    "import exported --data . --store trained",
    "data verify digits",
    "data list --data .",
]
COMMANDS["json"] = [  # what programs read; the store is that of the page "store"
    *(f"list {what} --json" for what in ("models", "regularizers", "datasets", "studies")),
    "show activation elu(0.5) --json",
    "show activation prelu --json",
    "data list --data . --json",
    "data verify digits --json",
    "data verify folder:images --json",
    "data verify folder:images",
    "store gc --store store --dry-run --json",
    "store copy copied --store store --json",
    "export --store store --what runs --format json --where activation=relu",
    "export --store store --what looks --format csv",
    "export --store store --what answers --format csv",
    "export --store store --what probes --format csv",
    "export --store store --what all -o exported --json --where activation=elu",
    "import exported --store imported",
    "import RESULTS/seed-0 --store imported --json",
    "status --store imported --json",
    "export --store imported --what runs --format csv",
    "export --store imported --what answers --format csv",
    "export --store imported --what environments --format csv",
    "table --store store --where activation=relu",
    "table --store store --format latex --caption C --label L",
    "store rm --store copied --study made --yes --json",
]
COMMANDS["surgery"] = [
    "audit mlp",
    "audit resnet20 --full",
    "audit convnet --shape 1,28,28 --json",
    "swap resnet20 elu",
    "swap convnet prelu --full",
    "swap mlp elu(0.5) --json",
]
REPORTS = {"report": "crossover.csv", "curves": "bank:trottier"}
"""Of the second only the pictures."""


def made_store() -> list[str]:
    """Run ids of a study of which every kind of run is there."""
    study = made_study(
        activation=("relu", "elu", "prelu", "gelu"), seeds="0..3", train={"epochs": 9}
    )
    with RunStore.open("store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        ids = [run.run_id for run in planned]
        for number, run_id in enumerate(ids[:9]):
            epochs = tuple(
                made_epoch(k + 1, validation_accuracy=11.0 + k, learning_rate=0.3 / (k + 1))
                for k in range(14 if number == 8 else number + 1)
            )
            record = made_record(
                run_id,
                epochs=epochs,
                test_accuracy=60.0 + 1.7 * number - 3.1 * (number % 2),
                validation_accuracy=58.25 + number,
                train_seconds=1234.56 * (number + 1),
                best_test_accuracy=70.5 if number == 2 else None,
            )
            store.record(leased(store, run_id), record)
        lost = {"test_accuracy": None, "test_loss": None}
        diverged = made_record(ids[9], status="diverged", **lost)
        traceback = "Traceback:\nValueError: no"
        failed = made_record(ids[10], status="failed", epochs=(), traceback=traceback, **lost)
        none_left = [replace(diverged, run_id=run_id) for run_id in ids[12:]]
        for record in (diverged, failed, *none_left):
            store.record(leased(store, record.run_id), record)
        store.release(leased(store, ids[11]), "its worker was killed by SIGKILL")
        look_at(store, num_seeds=2)
    return ids


def write_images(folder: Path) -> None:
    """Ten pictures of two classes, two of them alike."""
    for number, pixels in enumerate((*TRAIN_IMAGES[:9], TRAIN_IMAGES[0])):
        path = folder / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_image(pixels))


def printed(command: str, ids: list[str]) -> str:
    """A command with its output; a run is named by its place in the plan."""
    order = [0, 2, 8, 9, 10, 11, 5]
    words = command.split()
    if words[:2] == ["show", "run"]:
        words[2] = ids[order[int(words[2])]]
    words = [word.replace("RESULTS", str(RESULTS / "cifar-mini")) for word in words]
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        patch.object(sys, "argv", ["actwise", *words]),
    ):
        code = run_command(words)
    out.seek(0)
    ending = f" (exit {code})" * bool(code)
    return f"$ actwise {command}{ending}\n{steady(out.read())}\n"


def steady(text: str) -> str:
    """Without what changes with the version, the day and the machine."""
    text = re.sub(r"(?<![\d.])[0-9a-f]{16,64}", lambda found: found[0][:6], text)
    text = re.sub(r"\d+\.\d{11,}", lambda found: f"{float(found[0]):.9g}", text)
    text = re.sub(r"(?<=\.py):\d+:\d+", ":PLACE", text)
    text = re.sub(r"sha256-[\w+/]+=", "sha256-STYLE", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+)?(\+00:00| UTC)?", "THEN", text)
    text = text.replace(aw.__version__, "VERSION").replace(str(Path.cwd()), "HERE")
    # Paths are as long as the machine has them: a line of progress is put together again.
    while text != (text := re.sub(r"(?m)^(\[\d+/\d+\] .*)\n  (?=\S)", r"\1 ", text)):
        pass
    trained = r"test [\d.]+ % in [\d.]+ s|(?<=seed \d, )loss [\d.]+"
    trained += r"|(?<=\()[\d.]+ [kM]?B\b|(?<=by )[\d.]+ [kM]?B\b"
    text = re.sub(trained, "SOME", text)
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if not re.search(r": epoch \d", line))


def page(name: str) -> str:
    """One page as it is now, made in the working directory."""
    for case in CASES.glob("*.csv"):  # beside it: a path's length would fold lines elsewhere
        shutil.copyfile(case, case.name)
    if name in REPORTS:
        analysis = aw.analyze(REPORTS[name])
        text = render_html(analysis, command="actwise report", now=datetime(2026, 1, 2, tzinfo=UTC))
        if name == "curves":
            text = "\n".join(pictures(text)[12:14])
        for picture in pictures(text):  # an element a line, where it is drawn
            text = text.replace(picture, picture.replace("><", ">\n<"))
        return f"{steady(re.sub(r'<style>.*?</style>', '', text, flags=re.DOTALL))}\n"
    ids = made_store() if name in ("store", "runs", "json") else []
    if name == "json":
        write_images(Path("images"))
    # Which data lie in a cache differs from machine to machine, and plans name what is missing.
    cached = name in ("plans", "json")
    cache = {"ACTWISE_CACHE": str(Path.cwd() / "cache")} if cached else {}
    # Tests add sets that they made.
    shipped = {name: entry for name, entry in DATASETS.items() if "made" not in entry.description}
    with patch.dict(os.environ, cache), patch.object(DATASETS, "_entries", shipped):
        text = "".join(printed(command, ids) for command in COMMANDS[name])
    files = sorted(Path("exported").glob("*.parquet"))
    return text + "".join(f"{file}: {', '.join(pq.read_schema(file).names)}\n" for file in files)


@pytest.mark.parametrize("name", [*COMMANDS, *REPORTS])
def test_a_page_reads_as_it_did(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    stored = (PAGES / f"{name}.txt").read_text(encoding="utf-8")
    assert page(name).splitlines() == stored.splitlines()


def written(names: Iterable[str]) -> Iterator[Path]:
    """Write pages."""
    os.environ["COLUMNS"] = "100"
    PAGES.mkdir(exist_ok=True)
    for name in names:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            text = page(name)
        (PAGES / f"{name}.txt").write_text(text, encoding="utf-8")
        yield PAGES / f"{name}.txt"


if __name__ == "__main__":
    for path in written(sys.argv[1:] or [*COMMANDS, *REPORTS]):
        sys.stderr.write(f"{path}\n")
