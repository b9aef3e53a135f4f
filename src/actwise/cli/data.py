"""``actwise data``: what is here, download, verify."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..numbers import counted
from ..printable import printable_console
from ..signs import listening
from .options import AsJson, Data, Quiet
from .output import amount, print_columns, print_json, print_text
from .sign_of_life import SignOfLife

if TYPE_CHECKING:
    from ..datasets import FetchProgress, Listing, VerifyReport

Name = Annotated[str, typer.Argument(metavar="NAME", help="A data set, such as cifar10.")]


def list_data(data: Data = None, json: AsJson = False) -> None:
    """Every data set, whether a run could read it now, and where it lies."""
    from ..datasets import data_folder, listing

    lines = listing(data)
    if json:
        print_json([asdict(line) for line in lines])
        return
    has_folder = data_folder(data) is not None
    rows = [
        (
            line.level,
            amount(line.num_train),
            amount(line.num_test),
            *_ready_and_where(line, has_folder=has_folder),
        )
        for line in lines
    ]
    print_columns(("name", "train", "test", "ready", "where"), rows, right=("train", "test"))
    if any(ready == "no" for *_, ready, _ in rows):
        print_text("", "`actwise data fetch NAME --data DIR` downloads what is missing")


def _ready_and_where(line: "Listing", *, has_folder: bool) -> tuple[str, str]:
    """Without a data folder a decoded copy of pinned content will do; with one it does not."""
    if ":" in line.level:
        return "-", "the folder or file that you name"
    if line.problem is not None:
        return "no", line.problem
    if line.where is not None:
        return "yes", line.where
    if line.is_cached and not has_folder:
        return "yes", "decoded before, kept in the cache"
    return "no", "not in the data folder" if has_folder else "no data folder given (--data DIR)"


def fetch(name: Name, data: Data = None, quiet: Quiet = False, json: AsJson = False) -> None:
    """Download a published data set into DIR/NAME; every digest is checked."""
    from ..datasets import fetch as fetch_files

    with _bars(is_quiet=quiet) as show:
        files = fetch_files(name, data, progress=show)
    if json:
        print_json(files)
        return
    print_text(*(str(path) for path in files))


def verify(name: Name, data: Data = None, quiet: Quiet = False, json: AsJson = False) -> int:
    """Decode a data set anew and check counts, shapes, classes, digest and duplicates."""
    from ..datasets import verify as verify_data

    with listening(SignOfLife("images", is_quiet=quiet)):
        report = verify_data(name, data)
    if json:
        print_json({**asdict(report), "is_sound": report.is_sound})
    else:
        print_text(*_describe(report))
    return 0 if report.is_sound else 3


@contextmanager
def _bars(*, is_quiet: bool) -> Iterator[Callable[["FetchProgress"], None]]:
    """A bar a file on stderr, from the first byte on, where that is a terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    out = printable_console(sys.stderr)
    bars = Progress(*columns, console=out, transient=True, disable=is_quiet or not out.is_terminal)
    tasks: dict[str, TaskID] = {}

    def show(progress: "FetchProgress") -> None:
        if progress.file_name not in tasks:
            bars.start()
            tasks[progress.file_name] = bars.add_task(progress.file_name, total=None)
        total = progress.total_bytes or None
        bars.update(tasks[progress.file_name], completed=progress.done_bytes, total=total)

    try:
        yield show
    finally:
        if tasks:
            bars.stop()


def _describe(report: "VerifyReport") -> list[str]:
    info = report.info
    pin = "as pinned"
    if report.pinned_digest is None:
        pin = "nothing pinned"
    elif report.pinned_digest != info.digest:
        pin = f"pinned is {report.pinned_digest}"
    per_class = sorted({*report.train_per_class})
    return [
        f"{info.level}  {report.where}",
        f"  images      {info.num_train:,} training, {info.num_test:,} test, "
        f"{info.input_shape[0]} x {info.input_shape[1]} x {info.input_shape[2]}",
        f"  classes     {info.num_classes}, {per_class[0]:,} to {per_class[-1]:,} training images",
        f"  digest      {info.digest} ({pin})",
        f"  duplicates  {report.train_duplicates} in training, {report.test_duplicates} in test, "
        f"{counted(report.shared_images, 'test image')} also in training",
        *(f"  note        {note}" for note in report.notes),
        *(f"  problem     {problem}" for problem in report.problems),
        "sound" if report.is_sound else "not sound",
    ]
