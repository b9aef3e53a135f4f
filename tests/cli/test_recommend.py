"""``actwise recommend`` and ``actwise cost`` as people use them; a race that is killed goes on."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from actwise.sweep.plan import START_SECONDS
from made.forks import Fork
from made.pages import Page
from made.races import SMALL, without_times

RACE = (
    *("recommend", "convnet", *SMALL, "--dataset", "digits", "--epochs", "9", "--device", "cpu"),
    *("--candidates", "relu,leaky_relu(0.0001),leaky_relu(0.0002)", "--budget", "3runs"),
)
COMMAND = "from actwise.cli.main import main; main()"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, exit_code: int = 0) -> str:
    capsys.readouterr()
    assert run_command(arguments) == exit_code
    captured = capsys.readouterr()
    return captured.err if exit_code else captured.out


@pytest.mark.kills
def test_a_race_that_is_killed_ends_at_the_same_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def advice(store: Path, workers: int) -> dict[str, Any]:
        text = printed(capsys, *RACE, "--json", "--store", str(store), "--workers", str(workers))
        values: dict[str, Any] = json.loads(text)
        return without_times(values)

    killed = tmp_path / "killed"
    with Fork(COMMAND, *RACE, "--store", str(killed), "--workers", "1") as driver:
        for line in driver.stderr:
            if re.match(r"\[2/", line):
                break
        driver.kill()
    with RunStore.open(killed) as store:
        done = [state for state in store.states().values() if state.has_result]
    found = advice(killed, 2)
    assert 2 <= len(done) < len(found["trials"])
    assert found == advice(tmp_path / "whole", 1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raced")
    assert run_command([*RACE, "--store", f"{folder}/store", "--report", f"{folder}/r.html"]) == 0
    return folder / "store"


def test_the_pick_comes_first_and_the_line_that_applies_it_is_there(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(capsys, *RACE, "--store", str(store)).splitlines()
    # Which it is depends on the processor's arithmetic: the candidates differ by next to nothing.
    pick = r"(?:Use|Keep) (\S+)\. (?:Within \d\.\d points of t|T)he best of 3 \(9\d %"
    first = re.match(rf"{pick}|Screening only: (\S+) leads the 3 candidates", lines[0])
    assert first is not None
    assert [line for line in lines if len(line) > 80] == []
    has_line = any(line.startswith("Apply it: factors.activation=") for line in lines)
    assert has_line == ("relu" not in first.groups())  # what is kept needs no line
    assert any(line.startswith("Cost: ") for line in lines)


def test_the_page_has_candidates_trials_and_curves(store: Path) -> None:
    text = (store.parent / "r.html").read_text(encoding="utf-8")
    page = Page(text)
    assert {"table-candidates", "table-trials", "table-costs"} <= set(
        re.findall(r'id="(.*?)"', text)
    )
    assert text.count("<svg") >= 6
    assert page is not None


def test_a_preview_trains_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, *RACE, "--store", str(tmp_path / "new"), "--dry-run")
    assert "5 trainings at most" in text
    assert "3.0 full runs: 3 candidates of 3 epochs, then up to 2 of 9" in text
    assert "planning, start" in " ".join(text.split())
    assert list(tmp_path.iterdir()) == []


def test_a_preview_says_that_a_budget_pays_for_a_screening_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, *RACE[:-1], "2runs", "--store", f"{tmp_path}/new", "--dry-run")
    folded = " ".join(text.split())
    assert "3 candidates of 3 epochs, screening alone, 3.0 full runs pay full ones too" in folded


def test_a_preview_says_that_a_margin_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    command = ("recommend", "convnet", "--dataset", "digits", "--dry-run", "--margin")
    said = " ".join(printed(capsys, *command, "0.2").split())
    assert " note single runs do not tell 0.2 points: the margin is 1.0" in said
    assert "the margin" not in printed(capsys, *command, "3")


def test_a_report_that_has_no_folder_is_refused_before_the_race(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "nowhere" / "page.html"
    command = [*RACE, "--store", f"{tmp_path}/new", "--report", str(page)]
    assert "No such file" in printed(capsys, *command, exit_code=74)
    assert list(tmp_path.iterdir()) == []


def test_a_preview_of_a_training_of_the_users_own_counts_no_parameters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.toml").write_text(
        'name = "own"\n[task]\ntrain = "made.races_in_tasks:scores"\nunit = "percent"\n'
        '[factors]\nactivation = ["relu", "elu"]\n'
    )
    text = printed(capsys, "recommend", f"{tmp_path}/own.toml", "--dry-run")
    assert text.startswith("race ") and "\n  of        relu, elu\n" in text


def test_a_preview_says_what_is_there_already(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads(printed(capsys, *RACE, "--store", str(store), "--dry-run", "--json"))
    assert (values["most_runs"], values["num_done"]) == (5, 5)
    assert values["seconds"] > values["beside_seconds"] > START_SECONDS + 12
    lines = printed(capsys, *RACE, "--store", str(store), "--dry-run").splitlines()
    assert "  done      5 runs of it in the store already" in lines


def test_where_nothing_learned_exit_code_json_and_first_line_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*RACE[:-4], "--candidates", "relu,elu", "--store", str(tmp_path / "store")]
    command[5] = "train.learning_rate=0.000001"
    capsys.readouterr()
    assert run_command([*command, "--json"]) == 1
    values = json.loads(capsys.readouterr().out)
    assert (values["activation"], values["why_stopped"]) == (None, "unlearned")
    assert run_command(command) == 1
    assert capsys.readouterr().out.startswith("No advice: nothing has learned.")


def test_costs_are_a_table_with_the_cheapest_first(capsys: pytest.CaptureFixture[str]) -> None:
    command = "cost mlp --width 0.0625 --candidates prelu,elu --shape 1,8,8 --batch-size 8"
    header, *rows = printed(capsys, *command.split()).splitlines()
    assert header.split()[:2] == ["activation", "step"]
    ratios = [float(row.split()[1]) for row in rows[:3]]
    assert ratios == sorted(ratios)
    assert {row.split()[0] for row in rows[:3]} == {"relu", "prelu", "elu"}
    assert [row for row in rows if len(row) > 80] == []


def test_costs_without_an_incumbent_are_over_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    command = "cost mlp --width 0.0625 --candidates prelu,elu --shape 1,8,8 --batch-size 8 --json"
    values = json.loads(printed(capsys, *command.split(), "--incumbent", "none"))
    assert [row["activation"] for row in values["rows"]] == ["prelu", "elu"]
    assert values["incumbent"] == "prelu"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("recommend convnet --dataset digits", "recommend needs --store PATH"),
        ("recommend convnet --store new", "needs a data set: --dataset"),
        ("recommend convnt --dataset digits --store new", "did you mean convnet? One of your own"),
        ("recommend convnet --dataset digit --store new", "digits"),
        ("recommend convnet --dataset digits --store new --budget much", "such as 33%"),
        ("recommend convnet --dataset digits --store new --budget 0.5runs", "is too small"),
        (
            "recommend convnet --dataset digits --store new --candidates relu,elu --budget 1s",
            "budget 1s is too short",
        ),
        ("recommend convnet --dataset digits --store new --margin 0", "margin=0"),
        ("recommend convnet --dataset digits --store new --margin much", "--margin"),
        ("recommend convnet --dataset digits --store new --budget 500%", "at most 100%"),
        ("recommend convnet --dataset digits --store new --epochs 5", "at least 9 (--epochs 9)"),
        ("recommend convnet --dataset digits --store new --epochs ten", "ten"),
        ("recommend convnet --dataset digits --store new --workers 0", "workers=0"),
        ("recommend convnet --dataset digits --store new --device gpu", "cpu, cuda or auto"),
        ("recommend convnet --dataset digits --store new --candidates relu,,elu", "empty level"),
        ("recommend convnet --dataset digits --store new --candidates relu,rleu", "did you mean"),
        ("recommend convnet --dataset digits --store new --incumbent elus", "incumbent='elus'"),
        ("recommend convnet --dataset digits --store new --incumbent elus", "--incumbent none"),
        ("recommend convnet --dataset digits --store new --time-limit soon", "10m"),
        ("recommend nowhere.toml --store new", "No such file"),
        ("recommend convnet --dataset cifar10 --data nowhere --store new", "nowhere"),
        ("recommend convnet width=0 --dataset digits --store new", "greater than 0"),
        ("recommend demo --store new", "the factor"),
        ("recommend", "MODEL|STUDY"),
        ("cost", "MODEL"),
        ("cost convnt", "did you mean convnet"),
        ("cost convnet --shape 3x32", "is not C,H,W"),
        ("cost convnet --candidates rleu", "did you mean"),
        ("cost convnet --batch-size 1", "batch_size=1"),
        ("cost convnet --threads 0", "threads=0"),
        ("cost convnet --width 0 --candidates elu", "width"),
        ("cost convnet --device gpu --candidates elu", "gpu"),
    ],
)
def test_wrong_input_is_one_sentence_and_writes_nothing(
    arguments: str,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    capsys.readouterr()
    assert run_command(arguments.split()) in (2, 3)
    said = capsys.readouterr().err.strip().splitlines()
    assert complaint in said[-1]
    assert [line for line in said if line.startswith("actwise: ")] == said[-1:]
    assert list(tmp_path.iterdir()) == []
