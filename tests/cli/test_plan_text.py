"""What ``actwise plan`` says in whole lines: many cells, excluded ones, fixed levels of a task."""

from pathlib import Path

import pytest

from actwise.cli.main import run_command

NETWORKS = """name = "mine"
exclude = [{activation = "elu", regularization = "bn"}]
[factors]
dataset = ["digits"]
model = ["mlp"]
regularization = ["none", "bn"]
activation = ["relu", "elu"]
[train]
epochs = 1
"""
TASK = """name = "own"
[task]
train = "made.own_training:gives"
unit = "percent"
[task.settings]
what = "number"
[factors]
activation = ["relu"]
"""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def lines_of(command: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert run_command(["plan", *command.split()]) == 0
    return capsys.readouterr().out.splitlines()


def test_combinations_that_are_left_out_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text(NETWORKS)
    lines = lines_of("mine.toml seeds=0..1", capsys)
    assert lines[:4] == [
        "regularization  activation  activations  parameters    MACs",
        "none            relu                  3      1.06 M  1.05 M",
        "none            elu                   3      1.06 M  1.05 M",
        "bn              relu                  3      1.06 M  1.05 M",
    ]
    assert lines[4:7] == [
        "",
        "study mine: 3 cells x 2 seeds = 6 runs",
        "  excluded  1 combination",
    ]
    assert not any("excluded" in line for line in lines_of("mine.toml exclude=none", capsys))


@pytest.mark.parametrize(
    ("num_cells", "more"),
    [(60, []), (61, ["... and 1 cell more (--json)"]), (63, ["... and 3 cells more (--json)"])],
)
def test_sixty_cells_are_shown_and_the_others_counted(
    num_cells: int, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.toml").write_text(NETWORKS)
    rates = ",".join(f"0.{number:03}" for number in range(1, num_cells + 1))
    levels = "exclude=none factors.activation=relu factors.regularization=none"
    lines = lines_of(f"mine.toml {levels} factors.train.learning_rate={rates}", capsys)
    header, *rows = lines[: lines.index("")]
    assert header.split() == ["learning_rate", "activations", "parameters", "MACs"]
    assert [float(row.split()[0]) for row in rows[:60]] == [k / 1000 for k in range(1, 61)]
    assert rows[60:] == more


@pytest.mark.parametrize(
    ("factors", "settings"),
    [
        ("", "activation=relu, what=number"),
        ("factors.activation=relu,elu", "what=number"),
        ("factors.what=number,nothing", "activation=relu"),
        ("factors.activation=relu,elu factors.what=number,nothing", ""),
    ],
)
def test_what_does_not_vary_of_a_training_of_the_users_own_stands_beside_it(
    factors: str, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("own.toml").write_text(TASK)
    lines = lines_of(f"own.toml --workers 1 {factors}", capsys)
    (line,) = (line for line in lines if line.startswith("  training  "))
    told = f": {settings}" * bool(settings)
    assert line == f"  training  made.own_training:gives with 1 worker{told}"
