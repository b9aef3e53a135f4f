"""A folder of photographs, from `data verify` to a trained run: all read the same."""

import json
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from made.photos import encoded, photo, write_photos

LEVEL = "folder(photos, size=64)"
NOTES = [
    "its test part is val/",
    "2 other files were passed over: README.md, train/labels.csv",
    "1 of 30 images is grey, made RGB",
    "1 of 30 images is transparent, laid over white",
]


@pytest.fixture(autouse=True)
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    write_photos(Path("photos/train"), {"ant": 10, "bee": 10})
    write_photos(Path("photos/val"), {"ant": 4, "bee": 4}, first_seed=50)
    Path("photos/train/ant/logo.png").write_bytes(encoded(photo(90, mode="RGBA")))
    Path("photos/train/bee/old.jpg").write_bytes(encoded(photo(91, mode="L"), "JPEG"))
    for name in ("README.md", "train/labels.csv"):
        Path("photos", name).write_text("about these")
    Path("study.toml").write_text(
        f"""
name = "photographs"
width = 0.125
[factors]
dataset = ["{LEVEL}"]
model = ["convnet"]
regularization = ["bn"]
activation = ["relu"]
[train]
epochs = 1
batch_size = 8
schedule = "cosine"
"""
    )


def test_verify_plan_and_run_agree_on_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["data", "verify", LEVEL]) == 0
    verified = capsys.readouterr().out
    assert "22 training, 8 test, 3 x 64 x 64" in verified
    for words in (["plan", "study.toml"], ["run", "study.toml", "--store", "s"]):
        options = ["--executor", "inline"] if words[0] == "run" else []
        assert run_command([*words, *options]) == 0
        printed = "".join(capsys.readouterr())
        for note in NOTES:
            assert f"  note        {note}\n" in verified
            assert printed.count(f"{LEVEL}: {note}") == 1, words
    assert run_command(["data", "verify", LEVEL, "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["info"]["digest"]
    with RunStore.open("s") as store:
        (run,) = store.planned()
        assert store.settings(run.run_id)["data"] == digest


def test_without_a_size_all_three_refuse_with_the_same_hint(
    capsys: pytest.CaptureFixture[str],
) -> None:
    level = "folder:photos"
    for words in (
        ["data", "verify", level],
        ["plan", "study.toml", f"factors.dataset={level}"],
        ["run", "study.toml", f"factors.dataset={level}", "--store", "s"],
    ):
        assert run_command(words) == 3
        assert capsys.readouterr().err == (
            "actwise: photos/train/ant/000.jpg is 224x224; expected 28 to 64 pixels; "
            "folder(photos, size=64) resizes them\n"
        )


def test_a_size_can_be_asked_for_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["plan", "study.toml", "factors.dataset=folder(photos, size=32),digits", "--json"]
    assert run_command(command) == 0
    shapes = [cell["dataset"] for cell in json.loads(capsys.readouterr().out)["cells"]]
    assert shapes == ["folder(photos, size=32)", "digits"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["train.batch_size=128"], "lower train.batch_size to 22 or less\n"),
        (
            ["train.batch_size=20", "train.train_size=10"],
            "to 10 or less, or raise train.train_size",
        ),
        (["train.batch_size=20", "train.validation_fraction=0.25"], "to 16 or less\n"),
    ],
)
def test_fewer_images_than_a_batch_say_which_setting_to_change(
    changes: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["plan", "study.toml", *changes]) == 2
    said = capsys.readouterr().err
    assert f"images of '{LEVEL}' that are trained on" in said and message in said


def test_a_plan_says_what_a_data_folder_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["plan", "study.toml", "factors.dataset=cifar10"]
    assert run_command([*command, "--data", "photos"]) == 0
    said = capsys.readouterr().out
    assert "`run` would refuse: cifar10 is not in photos/cifar10 and photos" in said
    assert run_command(command) == 0
    assert "`run` would refuse: cifar10 needs a data folder" in capsys.readouterr().out
