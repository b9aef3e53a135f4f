"""``actwise init``: a study file for the data that are here, which passes ``plan``."""

import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from actwise.cli.main import run_command
from actwise.sweep import Plan, make_plan


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))


def photographs(folder: Path, *, side: int) -> None:
    generator = np.random.default_rng(side)
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for number in range(10):
            pixels = generator.integers(0, 255, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")


def test_it_begins_with_digits_where_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["init"]) == 0
    out, err = capsys.readouterr()
    text = Path("study.toml").read_text()
    assert err == "" and "digits: 1,437 training images of 10 classes" in out
    assert [line for line in (out + text).splitlines() if len(line) > 80] == []
    written = tomllib.loads(text)
    # A mirrored digit is another sign.
    assert written["factors"]["regularization"] == ["bn", "bn+crop"]
    assert run_command(["plan", "study.toml", "seeds=0"]) == 0
    assert "6 cells x 1 seed = 6 runs" in capsys.readouterr().out


def test_what_is_commented_out_is_valid_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["init"]) == 0
    lines = Path("study.toml").read_text().splitlines()
    body = lines[lines.index('name = "study"') :]
    Path("all.toml").write_text("\n".join(line.removeprefix("# ") for line in body))
    assert run_command(["plan", "all.toml", "seeds=0"]) == 0
    assert "12 cells x 1 seed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("side", "data", "level"),
    [(32, "own", "folder:own/pets"), (90, "own", "folder(own/pets, size=32)")],
)
def test_data_of_ones_own_are_found_and_brought_to_size(
    side: int, data: str, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    photographs(Path("own/pets"), side=side)
    assert run_command(["init", "my pets.toml", "--data", data]) == 0
    out = capsys.readouterr().out
    text = Path("my pets.toml").read_text()
    assert f"{level}: 16 training images of 2 classes" in out
    assert f"actwise plan 'my pets.toml' --data {data}" in out and 'here too: "digits"' in text
    study = tomllib.loads(text)
    assert (study["name"], study["factors"]["dataset"]) == ("my-pets", [level])
    assert study["train"]["batch_size"] <= 16
    assert run_command(["plan", "my pets.toml", "seeds=0", "--data", data]) == 0


def test_nothing_is_ever_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text("precious")
    Path("link.toml").symlink_to("nowhere.toml")
    for name in ("mine.toml", "link.toml"):
        assert run_command(["init", name]) == 2
        assert "is there already; init overwrites nothing" in capsys.readouterr().err
    assert Path("mine.toml").read_text() == "precious"
    assert run_command(["init", "mine"]) == 2
    assert "must end in .toml" in capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], *command: str, exit_code: int) -> str:
    """The sentence of a refusal, after which no study file is there."""
    assert run_command(["init", *command]) == exit_code
    out, err = capsys.readouterr()
    assert out == "" and not Path("study.toml").exists()
    return err.removeprefix("actwise: ").removesuffix("\n")


def broken(folder: Path) -> None:
    """What looks like photographs and holds none."""
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for number in range(10):
            (folder / label / f"{number}.png").write_bytes(b"no picture")


def test_data_that_cannot_be_read_are_passed_over_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    broken(Path("own/a"))
    photographs(Path("own/b"), side=32)
    assert run_command(["init", "--data", "own"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "study: study.toml",
        "  data      folder:own/b: 16 training images of 2 classes",
    ]
    (said,) = (line for line in lines if line.startswith("  not read  "))
    assert said == (
        "  not read  own/a/cat/0.png is not a readable image: it is none of PNG, WEBP, JPEG, BMP, "
        "GIF, PPM, TIFF"
    )
    assert lines[-1] == "  next      actwise plan study.toml --data own"


def test_without_any_data_that_can_be_read_no_study_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("actwise.datasets.found_levels", lambda data: iter(()))
    assert refused(capsys, exit_code=3) == "no data set is here, not even digits"
    levels = ("folder:nowhere", "arrays:gone.npz")
    monkeypatch.setattr("actwise.datasets.found_levels", lambda data: iter(levels))
    assert refused(capsys, exit_code=3) == (
        "folder(nowhere, size=32): nothing of this kind in nowhere; expected one subfolder per "
        "class; arrays(gone.npz, size=32): nothing of this kind in gone.npz; expected an .npz file "
        "with x_train, y_train, x_test, y_test"
    )


def test_data_whose_name_no_study_file_can_hold_are_to_be_renamed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = os.fsdecode(b"caf\xe9")
    photographs(Path("own", name), side=32)
    said = refused(capsys, "--data", "own", exit_code=3)
    assert said == f"{f'folder:own/{name}'!r} cannot stand in a study file; rename it"


def test_a_study_that_somebody_wrote_meanwhile_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def planned(*arguments: Any) -> Plan:
        Path("mine.toml").write_text("precious")
        return make_plan(*arguments)

    monkeypatch.setattr("actwise.sweep.make_plan", planned)
    said = "'mine.toml' is there already; init overwrites nothing: name another"
    assert refused(capsys, "mine.toml", exit_code=2) == said
    assert Path("mine.toml").read_text() == "precious"
