"""Install this checkout with pip, saying in one line what pip does and for how long.

Run: ``python scripts/install.py [EXTRA]``. The line is that of a terminal; elsewhere each step of
pip has one of its own. What pip says is printed in full if it fails.
"""

import argparse
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
_SECONDS = 1.0
_WORTH_A_LINE = ("Collecting", "Downloading", "Installing")


def main() -> int:
    """Run pip; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extra", nargs="?", default="dev", help="of pyproject.toml")
    target = f"{ROOT}[{parser.parse_args().extra}]"
    command = [sys.executable, "-m", "pip", "install", "--progress-bar", "off", "--editable"]
    process = subprocess.Popen(
        [*command, target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said: list[str] = []
    is_live = sys.stdout.isatty() and os.environ.get("TERM", "") != "dumb"
    started, shown = time.monotonic(), ""
    for line in lines_or_ticks(process.stdout):
        said += [line] if line else []
        shown = line.strip() or shown
        show(shown, time.monotonic() - started, is_live=is_live, is_new=bool(line))
    exit_code = process.wait()
    seconds = time.monotonic() - started
    end = f"actwise is installed ({seconds:.0f} s)" if exit_code == 0 else "".join(said)
    print(f"\r\033[K{end}" if is_live else end, flush=True)
    return exit_code


def lines_or_ticks(stream: IO[str]) -> Iterator[str]:
    """The lines of a stream, and an empty one for every second without."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=_SECONDS)
        except queue.Empty:
            yield ""
            continue
        if line is None:
            return
        yield line


def show(text: str, seconds: float, *, is_live: bool, is_new: bool) -> None:
    """What pip does now, in one line as wide as the terminal, shortened in its middle."""
    room = shutil.get_terminal_size().columns - 1
    time_so_far = f"pip, {seconds // 60:.0f}:{seconds % 60:02.0f}  "
    text = text.replace(f"{ROOT}/", "")
    left = room - len(time_so_far)
    if len(text) > left:
        text = f"{text[: left - left // 2 - 1]}…{text[-(left // 2) :]}"
    if is_live:
        print(f"\r\033[K{time_so_far}{text}", end="", flush=True)
    elif is_new and text.startswith(_WORTH_A_LINE):
        print(time_so_far + text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
