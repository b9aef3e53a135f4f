"""The distributions as they would be published: built, installed beside nothing of ours, run."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
pytestmark = [pytest.mark.package, pytest.mark.slow]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the sdist, which is built from what git knows."""
    folder = tmp_path_factory.mktemp("dist")
    build(REPOSITORY, folder, "sdist")
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    build(folder / sdist.name.removesuffix(".tar.gz"), folder, "wheel")
    (found,) = folder.glob("*.whl")
    return found


def build(source: Path, target: Path, kind: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; its dependencies are read where they lie already."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    (libraries,) = folder.glob("lib/python*/site-packages")
    # Its own .pth files, that of the checkout among them, count for nothing there.
    (libraries / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--quiet"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    return folder / "bin"


def run(installed: Path, folder: Path, *command: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(installed / command[0]), *command[1:]],
        cwd=folder,
        env=environment | {"ACTWISE_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith("METADATA"))
        about = Parser().parsestr(archive.read(metadata).decode())
    packed = {name for name in names if name.startswith("actwise/")}
    known = subprocess.run(
        ["git", "ls-files", "src/actwise"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert packed == {name.removeprefix("src/") for name in known.stdout.split()}
    assert all(name.startswith(("actwise/", "actwise-")) for name in names)
    assert about["License-Expression"] == "MIT"
    assert any("Topic" in name for name in about.get_all("Classifier", []))


def test_the_installed_package_runs_its_demo(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "python", "-c", "import actwise; print(actwise.__file__)")
    assert Path(where.strip()).is_relative_to(installed.parent)
    said = run(installed, tmp_path, "actwise", "demo")
    assert "demo: test accuracy in percent" in said
    assert "(95 %" in said
    assert [*tmp_path.rglob("*.html")]
    here = "actwise" if shutil.which("actwise") else str(installed / "actwise")
    assert f"`{here} init my-study.toml`" in " ".join(said.split())
