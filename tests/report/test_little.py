"""Studies that allow little: what is printed says so, and says nothing that is not known."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from made.runs import failed_record, leased, made_plan, made_record, made_study

Outcome = float | str | None
MEANS = {"relu": 80.0, "elu": 82.0, "prelu": 80.5}


def noisy(activation: str, seed: int) -> float:
    return MEANS[activation] + 0.15 * ((seed * 7 + len(activation) * 3) % 5)


def unless(condition: Callable[[str, int], bool], other: Outcome) -> Callable[[str, int], Outcome]:
    return lambda activation, seed: (
        other if condition(activation, seed) else noisy(activation, seed)
    )


CASES: dict[str, Callable[[str, int], Outcome]] = {
    "nothing": lambda a, s: None,
    "one run": unless(lambda a, s: (a, s) != ("relu", 0), None),
    "all failed": lambda a, s: "failed",
    "all diverged": lambda a, s: "diverged",
    "half-finished": unless(lambda a, s: s > 0 and a != "relu", None),
    "two of three": unless(lambda a, s: (a, s) == ("prelu", 2), None),
    "ties": lambda a, s: 80.0 + s,
    "zero variance": lambda a, s: MEANS[a],
    "one seed": unless(lambda a, s: s > 0, None),
    "missing cell": unless(lambda a, s: a == "prelu", None),
    "diverged": unless(lambda a, s: (a, s) == ("elu", 1), "diverged"),
    "complete": noisy,
}


def write_store(case: str, *, looks: list[int] | None = None) -> None:
    study = made_study(activation=tuple(MEANS), seeds="0..2", looks=looks or [])
    with RunStore.open("store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        for run in planned:
            outcome = CASES[case](run.spec.activation, run.spec.seed)
            if outcome is None:
                continue
            claim = leased(store, run.run_id)
            if outcome == "failed":
                record = failed_record(run.run_id)
            elif outcome == "diverged":
                record = made_record(
                    run.run_id, status="diverged", test_accuracy=None, predictions=None
                )
            else:
                record = made_record(run.run_id, test_accuracy=outcome)
            store.record(claim, record)


@pytest.fixture(autouse=True)
def in_a_terminal_of_80_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def out_of(capsys: pytest.CaptureFixture[str], command: str) -> str:
    capsys.readouterr()
    assert run_command(command.split()) == 0
    return capsys.readouterr().out


def joined(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("case", CASES)
def test_every_command_prints_it_within_80_columns(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(case)
    for command in ("table --store store", "analyze --store store", "analyze --store store --full"):
        out = out_of(capsys, command)
        commands = [line for line in out.splitlines() if "actwise" in line]
        lines = [line for line in out.splitlines() if line not in commands]
        assert max(map(len, lines)) <= 80
        assert not re.search(r"\bnan\b|\bNone\b|-0\.0+\b", out)
    out_of(capsys, "report --store store -o r.html --figures figures")
    assert not re.search(r"\bnan\b|>None<|-0\.0+\b(?! \d)", Path("r.html").read_text())


SAID = {
    "nothing": "Nothing can be said: no run has completed",
    "all failed": "Nothing can be said: no run has completed: 9 failed",
    "all diverged": "Nothing can be said: no run has completed: 9 diverged",
    "one run": "Nothing can be said: no condition has two levels of activation",
    "half-finished": "So far, with 4 planned runs missing",
    "two of three": "So far, with 1 planned run missing",
    "missing cell": "So far, with 3 planned runs missing",
    "one seed": "So far, with 6 planned runs missing",
    "ties": "Not told apart",
    "zero variance": "Not told apart",
    "complete": "Use elu (95 %)",
}


@pytest.mark.parametrize("case", SAID)
def test_the_headline_promises_no_more_than_the_runs_tell(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(case)
    assert SAID[case] in joined(out_of(capsys, "analyze --store store"))


@pytest.mark.parametrize("case", ["nothing", "all failed", "all diverged"])
def test_without_a_verdict_no_look_is_recorded(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(case, looks=[2, 3])
    assert "This look was not planned" not in out_of(capsys, "analyze --store store --full")
    with RunStore.open("store") as store:
        assert not store.looks()


def test_without_a_run_to_run_deviation_no_p_is_promised(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_store("one seed")
    out = joined(out_of(capsys, "analyze --store store --full"))
    assert "since nothing is known of the run-to-run deviation" in out
    assert "train it at more seeds" in out and "seeds=0..2" in out


def test_adjusted_means_are_told_from_plain_ones(capsys: pytest.CaptureFixture[str]) -> None:
    told = "these means are at the average seed"
    write_store("two of three")
    assert told in joined(out_of(capsys, "analyze --store store --full"))
    run_command(["report", "--store", "store", "-o", "r.html"])
    assert told in Path("r.html").read_text()


def test_a_complete_study_has_plain_means_only(capsys: pytest.CaptureFixture[str]) -> None:
    write_store("complete")
    assert "average seed" not in joined(out_of(capsys, "analyze --store store --full"))


def test_claims_that_cannot_be_judged_are_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    write_store("complete")
    out = out_of(capsys, "analyze --store store --full")
    assert "missing-cells" not in out and "Claims" not in out.split("Provenance")[0]


def test_without_variance_no_number_of_seeds_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    write_store("zero variance")
    out = out_of(capsys, "analyze --store store")
    assert "seeds tell" not in out and "number of seeds" not in out
    assert "runs that all agree" in joined(out)


def test_what_diverged_runs_leave_open_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    write_store("diverged")
    out = joined(out_of(capsys, "analyze --store store --full"))
    assert "undecided (diverged)" in out and "diverged runs" in out and "Lost runs" in out


def test_planned_looks_change_the_level_of_every_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_store("complete", looks=[2, 3])
    out = joined(out_of(capsys, "analyze --store store --full"))
    assert "95 % interval" not in out and "(95 %" not in out
    assert re.search(r"9[678](\.\d)? % interval", out)
    assert re.search(r"9[3456](\.\d)? % interval", out)
    assert "Looks are planned at 2 and 3 seeds" in out
