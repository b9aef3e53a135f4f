"""README, the tutorial and other-tools.md, typed in: every block, in order, and what it prints.

A block of ``sh`` is typed, one of ``text`` is what the block before it printed, where ``...``
stands for any lines; one that begins with ``# NAME`` is that file, one of ``csv`` the file that the
next line reads; Python runs. What trains longer than a test may is given less to do, by the tables
below.
"""

import contextlib
import io
import math
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from actwise.cli.main import run_command
from actwise.sweep.worker import ProcessState
from made.cases import CASES

REPOSITORY = Path(__file__).parents[2]
README, TUTORIAL, CONVENTIONS, OTHER_TOOLS = (
    REPOSITORY / name
    for name in ("README.md", "docs/tutorial.md", "docs/conventions.md", "docs/other-tools.md")
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = r"\d+\.\d+"
LITTLE = "width=0.0625 train.epochs=1 train.train_size=256"
FEW = f"{LITTLE} factors.regularization=bn factors.activation=relu,elu seeds=0"
LESS = {
    "actwise run second.toml --data": FEW,
    "actwise run second.toml train": f"{LITTLE} factors.activation=relu",
    "actwise run first.toml --store kept": "factors.activation=relu seeds=0",
    "actwise recommend my_module": "--candidates relu,elu --epochs 9 "
    "train.train_size=2000 train.batch_size=32",
    "actwise cost my_module": "--candidates relu,elu",
    "actwise run mine.toml": f"{FEW} factors.model=resnet18-table2",
    'aw.run("demo"': f"{LITTLE} factors.model=mlp factors.regularization=none",
}
"""What is added to a line that begins like this."""
NOT_TYPED = {
    "make demo": "make --dry-run demo",  # installs; tests/package runs the demo, installed
    "make test": "make --dry-run test",  # runs this
    "actwise data fetch cifar10": "actwise data list",  # needs a network
    "actwise --install-completion": f"bash -c '{sys.executable} -m actwise --install-completion; "
    "exit $?'",  # asks from which shell it was called
}


def in_section(page: Path, title: str = "") -> str:
    """The text below a heading of the second level; without a title the whole page."""
    text = page.read_text(encoding="utf-8")
    if not title:
        return text
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a reader of the pages works: with the results of the repository at hand."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "results").symlink_to(REPOSITORY / "results")
    state, modules = ProcessState.capture(), set(sys.modules)
    yield tmp_path
    state.restore()
    for name in {"my_network", "my_module"} - modules:
        sys.modules.pop(name, None)


@pytest.mark.docs
@pytest.mark.parametrize("title", ["Digits", "Your own network"])
def test_the_tutorial_does_what_it_says(title: str) -> None:
    follow(in_section(TUTORIAL, title))


@pytest.mark.docs
def test_the_tutorial_does_on_real_images_what_it_says(folder: Path, real_data: Path) -> None:
    (folder / "data").symlink_to(real_data)
    follow(in_section(TUTORIAL, "CIFAR-10"))


@pytest.mark.docs
def test_the_readme_does_on_real_images_what_it_says(folder: Path, real_data: Path) -> None:
    (folder / "DATA").symlink_to(real_data)
    (folder / "results").unlink()  # its store has that name
    (folder / "my_module.py").symlink_to(REPOSITORY / "examples" / "plain_network.py")
    (folder / "runs.csv").symlink_to(CASES / "crossover.csv")
    follow(in_section(README))


@pytest.mark.docs
def test_tables_of_other_tools_are_read_as_their_page_says() -> None:
    pytest.importorskip("tensorboard")
    follow(in_section(OTHER_TOOLS))


@pytest.mark.docs
def test_every_command_of_the_conventions_ends_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    text = in_section(CONVENTIONS)
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 21
    assert {row[2] for row in rows} == {"Y", "no"}
    first = BLOCK.findall(in_section(TUTORIAL, "Digits"))[0][1]
    Path("first.toml").write_text(first.replace("0..4", "0..1"), encoding="utf-8")
    for command in re.findall(r"`(actwise .*?)`", text):
        typed(command)


@pytest.mark.docs
def test_every_section_of_the_tutorial_with_a_block_is_typed() -> None:
    sections = re.findall(r"^## (.*)$", in_section(TUTORIAL), re.MULTILINE)
    blocks = {title: len(BLOCK.findall(in_section(TUTORIAL, title))) for title in sections}
    assert [title for title in sections if blocks[title]] == ["Digits", "CIFAR-10", sections[2]]
    assert sum(blocks.values()) == len(BLOCK.findall(in_section(TUTORIAL)))


@pytest.mark.docs
def test_what_a_page_shows_and_nobody_printed_is_noticed() -> None:
    kept = "```sh\nactwise show activation relu\n```\n\n```text\nrelu\n...\n```\n"
    follow(kept)
    for shown in ("elu\n...", "relu\nnot this", "...\nnot this"):
        with pytest.raises(AssertionError, match="is not what was printed"):
            follow(kept.replace("relu\n...", shown))
    with pytest.raises(AssertionError, match="ended with 2"):
        follow("```sh\nactwise show activation reluu\n```\n")
    with pytest.raises(AssertionError, match="of what kind"):
        follow("```\nactwise list\n```\n")


def follow(text: str) -> None:
    """Do what a page says, in the working directory."""
    printed, table, names = "", "", dict[str, object]()
    for kind, block in BLOCK.findall(text):
        file = re.match(r"# (\w+\.\w+)\n", block)
        if kind == "sh":
            for path in re.findall(r"--csv (\S+)", block) if table else ():
                Path(path).write_text(table, encoding="utf-8")
            lines, table = block.replace("\\\n", " ").splitlines(), ""
            printed = "".join(typed(line) for line in lines)
        elif kind == "text":
            assert is_shown(block, printed), f"{block}\nis not what was printed:\n{printed}"
        elif kind == "csv":
            table = block
        elif file is not None:
            Path(file[1]).write_text(block, encoding="utf-8")
        else:
            assert kind == "python", f"of what kind is the block {block!r}?"
            printed = executed(block, names)


def typed(line: str) -> str:
    """What a line of a shell prints; it must end well."""
    for begin, instead in NOT_TYPED.items():
        line = line.replace(begin, instead)
    words = shlex.split(line, comments=True)
    words += [
        word for begin, less in LESS.items() if line.startswith(begin) for word in less.split()
    ]
    if words[0] in ("make", "bash"):
        done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        code, printed = done.returncode, done.stdout + done.stderr
    elif words[1] == "watch":
        code, printed = watched(words)
    else:
        code, printed = answered(words)
    assert code == 0, f"{words} ended with {code}:\n{printed}"
    return printed


def answered(words: list[str]) -> tuple[int, str]:
    """How one of our commands ends, and what it prints."""
    assert words[0] == "actwise"
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        patch.object(sys, "argv", words),
    ):
        code = run_command(words[1:])
    out.seek(0)
    return code, out.read()


def watched(words: list[str]) -> tuple[int, str]:
    """How a command ends that shows its page until Ctrl-C."""
    with subprocess.Popen(
        [sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        try:
            printed = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.wait(60)
        finally:
            process.kill()  # where SIGINT is ignored, as in the background of a script
    assert "http://127.0.0.1" in printed
    return process.returncode % 130, printed


def executed(block: str, names: dict[str, object]) -> str:
    """What a block of Python prints."""
    for begin, less in LESS.items():
        block = re.sub(rf"({re.escape(begin)}.*?)\)", rf"\1, overrides={less.split()})", block)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block, "<a block of a page>", "exec"), names)
    return out.getvalue()


def is_shown(block: str, printed: str) -> bool:
    """Whether a page shows what was printed, but for times, sizes and white space.

    Another machine trains to accuracies a little different.
    """
    pieces = re.split(r"^\.\.\.$", block, flags=re.MULTILINE)
    pattern = r"\s?.*\s?".join(re.escape(steady(piece)) for piece in pieces)
    found = re.fullmatch(re.sub(r"\d+\\\.\d+", lambda _: f"({NUMBER})", pattern), steady(printed))
    shown = re.findall(NUMBER, steady(block))
    return found is not None and all(
        math.isclose(float(x), float(y), rel_tol=0.05, abs_tol=2)
        for x, y in zip(shown, found.groups(), strict=True)
    )


def steady(text: str) -> str:
    """On one line, without what another machine prints otherwise."""
    text = re.sub(r"\d+(\.\d+)?(?= (s|min|MB|workers?|more seeds)\b)", "#", text)
    return " ".join(re.sub(r"(?<=seeds=0\.\.)\d+", "#", text).split())
