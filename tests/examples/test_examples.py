"""What lies in examples/ runs, and a study of a plain network ends with a decision."""

import json
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.usercode import PACKAGES

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = (EXAMPLES.parent / "docs" / "your-network.md").read_text(encoding="utf-8")
HAS_ZOO = all(map(find_spec, PACKAGES))
STUDIES = sorted(path.stem for path in EXAMPLES.glob("*.toml"))


@pytest.fixture(autouse=True)
def in_the_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for path in EXAMPLES.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.mark.parametrize("name", STUDIES)
def test_every_cell_of_an_example_trains(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "timm_network" and not HAS_ZOO:
        pytest.skip("timm and torchvision (the extra `zoo`) are not installed")
    assert run_command(["run", f"{name}.toml", "--smoke", "--executor", "inline"]) == 0
    assert re.search(r"^(\d+) of \1 cells passed", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.slow
def test_a_study_of_a_plain_network_ends_with_a_decision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(tmp_path / "store")]
    assert run_command(["run", "plain_network.toml", "--executor", "inline", *store]) == 0
    capsys.readouterr()
    assert run_command(["analyze", *store]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^(Use|Not told apart: )\b", printed, re.MULTILINE), printed
    assert "hardly learned" not in printed


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["digits", "cifar10"])
def test_networks_of_all_kinds_are_planned_and_train(
    dataset: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    real = ["--data", str(request.getfixturevalue("real_data"))] if dataset == "cifar10" else []
    packages = ["torchvision:resnet18", "timm:resnet10t"] if HAS_ZOO else []
    models = ["plain_network:Net", *packages]
    changes = [f"factors.dataset={dataset}", f"factors.model={','.join(models)}"]
    study = ["plain_network.toml", *changes, "train.train_size=500", "seeds=0", *real]
    assert run_command(["plan", *study, "--json"]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    sites = {cell["model"]: cell["activation_sites"] for cell in cells}
    assert list(sites.values()) == [3, 17, 11][: len(models)]
    assert run_command(["run", *study, "--smoke", "--executor", "inline"]) == 0
    assert f"{3 * len(models)} of {3 * len(models)} cells passed" in capsys.readouterr().out


def test_the_page_names_every_example() -> None:
    files = [path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".toml")]
    assert [name for name in files if name not in PAGE] == []
