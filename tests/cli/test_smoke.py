"""``actwise run --smoke`` as people read it: will it run?"""

import pytest

from actwise.cli.main import run_command

SMOKE = (
    "run demo --smoke --executor inline factors.model=mlp factors.regularization=none "
    "train.schedule=cosine"
)
USERS = "relu,made.users_code:raises,made.users_code:finds_a_full_disk"


def test_cells_that_diverge_at_once_are_named_in_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = f"{SMOKE} factors.activation=relu factors.train.learning_rate=0.01,1e30"
    assert run_command(command.split()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("diverged  learning_rate=1e+30") for line in lines)
    assert "1 of 2 cells passed, 1 diverged; nothing was kept" in lines
    assert lines[-1].startswith("WARNING: learning_rate=1e+30 seed 0 diverged within two")
    assert "learning_rate=0.01" not in lines[-1]


def test_many_diverged_cells_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    activations = "relu,elu,selu,gelu,mish,prelu,softplus"
    command = f"{SMOKE} factors.activation={activations} train.learning_rate=1e30"
    assert run_command(command.split()) == 0
    assert "and 1 more diverged within two batches" in capsys.readouterr().out


def test_a_cell_that_fails_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"{SMOKE} factors.activation={USERS}"
    assert run_command(command.split()) == 1
    out = capsys.readouterr().out
    assert "1 of 3 cells passed, 1 failed, 1 accident; nothing was kept" in out
    assert "WARNING" not in out
