"""``actwise plan`` as people and programs read it."""

import json
import re
from tempfile import TemporaryDirectory

import pytest
import torch

from actwise.cli.main import run_command

EMPTY = TemporaryDirectory()
ONE_DATA_SET = "plan paper factors.dataset=cifar10 factors.model=resnet18-table2 width=0.125"


@pytest.fixture(autouse=True)
def in_a_terminal_of_200_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    # Without any data, whatever other tests have decoded.
    monkeypatch.setenv("ACTWISE_CACHE", EMPTY.name)


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run_command(command.split()) == 0
    out, err = capsys.readouterr()
    # A slow machine is told how far it is.
    assert all(line.startswith("calibrating: ") for line in err.splitlines())
    return out


def test_too_few_seeds_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(f"{ONE_DATA_SET} seeds=0..1", capsys)
    missing, warning = (line for line in out.splitlines() if line.startswith("  warning"))
    assert "`run` would refuse: cifar10 needs a data folder: give --data DIR" in missing
    assert "2 seeds give" in warning
    assert "`equivalent` on cifar10 (margin 0.5 and run SD 0.25 points)" in warning
    assert "50 % power takes" in warning
    assert printed(f"{ONE_DATA_SET} seeds=0..9", capsys).count("warning") == 1


def test_probes_of_fewer_images_than_asked_for_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    few = "demo observe.probes.images=100 train.train_size=1000 train.epochs=1"
    out = printed(f"plan {few}", capsys)
    assert "probes    40 images instead of the 100 asked for: at most 4 % of those of an" in out
    for others in ("observe.probes.forced=true", "observe.probes.images=40"):
        assert "instead of" not in printed(f"plan {few} {others}", capsys)


def test_one_seed_and_an_unknown_deviation_are_told_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "one seed never concludes `equivalent` on cifar10" in printed(
        f"{ONE_DATA_SET} seeds=0", capsys
    )
    out = printed("plan demo", capsys)
    assert "power     not known on digits" in out
    assert "warning" not in out


def test_the_run_sd_is_said_to_come_from_long_and_wide_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = (
        "of long, full-width runs (bank trottier); short or narrow runs scatter more, in points: "
        "0.62 with resnet18-table2, 1.90 with vgg16-table1"
    )
    assert printed("plan paper", capsys).count(told) == 1
    assert told in printed(f"{ONE_DATA_SET} seeds=0..2", capsys)
    assert "trottier" not in printed("plan demo", capsys)
    (row,) = json.loads(printed(f"{ONE_DATA_SET} --json", capsys))["power"]
    assert "trottier" in row["run_sd_source"]
    (row,) = json.loads(printed("plan demo --json", capsys))["power"]
    assert row["run_sd_source"] is None


def test_programs_read_the_power_too(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = json.loads(printed(f"{ONE_DATA_SET} seeds=0..1 --json", capsys))["power"]
    assert row["dataset"] == "cifar10"
    assert 0 < row["power"] < 0.5
    assert row["seeds_for_half"] > 2


def test_planned_looks_lower_the_level_and_the_power(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"{ONE_DATA_SET} seeds=0..4"
    usual, shared = (
        json.loads(printed(f"{command} {more} --json", capsys))["power"][0]
        for more in ("", "looks=3,5")
    )
    assert usual["alpha"] == 0.05
    assert shared["alpha"] == pytest.approx(0.028, abs=0.003)
    assert shared["power"] < usual["power"]
    assert "each look at 2." in printed(f"{command} looks=3,5", capsys)


def test_aliased_cells_add_no_power(capsys: pytest.CaptureFixture[str]) -> None:
    labels = "factors.regularization=bn,bn+dropout factors.model=resnet18"
    command = f"plan paper factors.dataset=cifar10 {labels} --json"
    (row,) = json.loads(printed(command, capsys))["power"]
    assert row["num_cells"] == 3


def test_the_time_says_that_it_is_assumed_and_how_to_measure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = printed("plan demo", capsys)
    assert "(assumed: 28 GFLOP/s per core, 3.5 s to start; --calibrate measures)" in out
    assert "28 to 83 GFLOP/s" in printed("plan demo factors.width=0.125,1", capsys)
    assert "about 4 s" in printed(
        "plan demo factors.model=mlp factors.regularization=none train.epochs=1", capsys
    )


def test_only_a_measured_time_is_an_upper_bound(capsys: pytest.CaptureFixture[str]) -> None:
    cell = "factors.model=mlp factors.regularization=none factors.activation=relu seeds=0"
    plan = f"plan demo {cell} train.epochs=200 --workers 1"
    for command, begin in (
        (f"{plan} train.schedule=plateau", "about .* with 1 worker if no plateau ends it early"),
        (f"{plan} train.schedule=cosine", r"about .* with 1 worker \(assumed"),
        (f"{plan} train.schedule=plateau --calibrate", r"at most .* with 1 worker \(measured"),
    ):
        assert re.search(f"^  time      {begin}", printed(command, capsys), re.MULTILINE)


def test_small_networks_have_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed("plan demo width=0.01", capsys)
    assert "0.00 M" not in out
    assert "1.3 k" in out


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_a_plan_for_a_device_that_is_not_here_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed("plan demo --device cuda", capsys)
    assert "no CUDA device is here" in out
    assert "time      not known for a CUDA device; --calibrate on one measures it" in out
    values = json.loads(printed("plan demo --device cuda --json", capsys))
    assert values["estimate"]["seconds"] is None
    assert "no CUDA device" in values["note"]
    assert json.loads(printed("plan demo --json", capsys))["note"] is None


@pytest.mark.parametrize(
    ("arguments", "warning"),
    [
        ("seeds=0..99 --workers 999", r"999 workers on \d+ cores? are no faster than \d+"),
        ("--workers 1 --threads 999", r"1 x 999 threads on \d+ cores? are no faster than \d+"),
        ("train.precision=tf32 --device cpu", "`run` would refuse: .*needs a CUDA device"),
        ("width=16 factors.model=vgg16-table1", "`run` would refuse: a run needs about .* GB"),
    ],
)
def test_a_plan_warns_of_what_stands_in_its_way(
    arguments: str, warning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads(printed(f"plan demo {arguments} --json", capsys))
    assert re.search(warning, values["note"])


def test_more_workers_than_cores_take_no_less_time(capsys: pytest.CaptureFixture[str]) -> None:
    def seconds(workers: int) -> float:
        out = printed(f"plan demo seeds=0..99 --workers {workers} --json", capsys)
        return float(json.loads(out)["estimate"]["seconds"])

    assert seconds(1000) == pytest.approx(seconds(500), rel=0.3)
    assert seconds(1000) > seconds(1) / 999


def test_a_seed_that_may_be_meant_as_a_count_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = "seeds=5 is one seed, number 5; 5 replicates are seeds=0..4"
    assert told in printed("plan demo seeds=5", capsys)
    for other in ("seeds=0..4", "seeds=0", "seeds=1", "seeds=20260101", "seeds=5,6"):
        assert "replicates are" not in printed(f"plan demo {other}", capsys)
