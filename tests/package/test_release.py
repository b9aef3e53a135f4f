"""What the release script refuses: versions that do not agree, and what is not committed."""

import subprocess
from pathlib import Path

import pytest

from scripts.release import problems

FILES = {
    "src/actwise/__init__.py": '"""Words."""\n\n__version__ = "1.2.0"\n',
    "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.0\n",
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## 1.2.0 - 2027-01-31\n\n- New.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Change")


def test_a_state_whose_files_agree_has_no_problem(folder: Path) -> None:
    assert [*problems(folder)] == []


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("CITATION.cff", "\nversion: 1.2.0", "\nversion: 1.1.0", "CITATION.cff states 1.1.0, the"),
        ("CITATION.cff", "\nversion: 1.2.0", "", "CITATION.cff states no version"),
        ("CHANGELOG.md", "1.2.0 -", "1.1.9 -", "CHANGELOG.md states 1.1.9, the package 1.2.0"),
        ("CHANGELOG.md", " - 2027-01-31", "", "CHANGELOG.md states no version"),
        ("CHANGELOG.md", "Unreleased\n", "Unreleased\n\n- More.\n", "has unreleased entries"),
    ],
)
def test_files_that_do_not_agree_are_named(
    folder: Path, name: str, old: str, new: str, sentence: str
) -> None:
    (folder / name).write_text(FILES[name].replace(old, new))
    commit(folder)
    assert any(sentence in problem for problem in problems(folder))


def test_what_is_not_committed_and_a_tag_that_is_there_are_named(folder: Path) -> None:
    git(folder, "tag", "v1.2.0")
    (folder / "new").write_text("new")
    assert [*problems(folder)] == [
        "the working tree has changes: commit them",
        "the tag v1.2.0 is there already",
    ]
