"""Fuzz ``actwise import``: forged exports are imported and readable, or refused in one sentence.

Run: ``python -m benchmarks.store.fuzz_import [--examples N] [--seed N] [--export DIR]``. Every
example is an export with one to three changes (:mod:`.forgery`), imported into a store that is not
there: it is there then, or it is refused in one sentence and nothing is written.
"""

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from actwise.cli.main import run_command
from actwise.errors import StoreError
from actwise.store.exchange import import_exports, read_exported, store_to_fill

from .forgery import Export, forged, read_export

SMALL = Path(__file__).parents[2] / "results" / "identity" / "seed-0"
"""The smallest export that is published: 16 runs of a study that is whole."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--export", type=Path, default=SMALL)
    asked = parser.parse_args()
    export = read_export(asked.export)
    counts: Counter[str] = Counter()
    start = time.monotonic()

    @seed(asked.seed)
    @settings(
        max_examples=asked.examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(forged(export))
    def fuzz(example: Export) -> None:
        with scratch_folder() as folder:
            sentence = import_forged(example, folder)
        counts["accepted" if sentence is None else "refused"] += 1
        if not counts.total() % 1000:
            print(f"{counts.total():,} after {time.monotonic() - start:,.0f} s: {dict(counts)}")
            sys.stdout.flush()

    fuzz()
    print(f"{counts.total():,} examples: {dict(counts)}; none ended otherwise")


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder in memory where there is one: a store syncs its disk again and again."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def import_forged(export: Export, folder: Path) -> str | None:
    """Import an export into ``folder / "store"``, which is not there.

    Returns:
        None where it was imported, else the sentence.

    Raises:
        AssertionError: if a refusal left something, or is more than one short sentence.
        Exception: any other way in which the import ended.
    """
    export.write(folder / "forged")
    store = folder / "store"
    try:
        # As the command does it, but for its options: reading them takes longer than the import.
        exports = [read_exported(folder / "forged")]
        with store_to_fill(str(store), artifacts=None) as opened:
            import_exports(exports, opened)
    except StoreError as error:
        assert "\n" not in str(error) and len(str(error)) < 600, error
        assert not store.exists(), error
        return str(error)
    return None


def quietly(command: list[str]) -> tuple[int, str, str]:
    """Run a command in this process; its exit code and what it printed."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(command)
    out.seek(0)
    return code, out.read(), err.getvalue()


if __name__ == "__main__":
    main()
