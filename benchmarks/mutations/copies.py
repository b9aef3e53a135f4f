"""A copy of the repository in which tests run, so that the tree itself is never touched."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutations import tracing

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")


@dataclass(frozen=True)
class Copy:
    """Attributes: folder: Its root; beside it stands ``shared``, as beside the original."""

    folder: Path

    def run(self, options: Iterable[str], *, seconds: float, **variables: str) -> str | None:
        """Run pytest.

        Returns:
            None if nothing failed; else the first test that did, or what ended the tests.
        """
        temporary = Path(tempfile.mkdtemp(dir=self.folder.parent))
        path = os.pathsep.join(filter(None, [variables.get("PYTHONPATH"), *self._path()]))
        environment = os.environ | variables | {"PYTHONPATH": path, "TMPDIR": str(temporary)}
        environment |= {"ACTWISE_CACHE": str(temporary / "cache")}
        if "MUTATIONS_SOURCE" not in variables:
            environment.pop("MUTATIONS_SOURCE", None)
        environment.pop(tracing.CONTEXT, None)
        command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
        output = temporary / "output"
        with output.open("w") as file:
            process = subprocess.Popen(
                [*command, *options],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        text = output.read_text(encoding="utf-8", errors="replace")
        shutil.rmtree(temporary, ignore_errors=True)
        if code is None:
            return f"no end within {seconds:.0f} s"
        failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", text, re.MULTILINE)
        # 5: no test was left to run.
        return None if code in (0, 5) else failed[1] if failed else f"pytest ended with code {code}"

    def _path(self) -> Iterator[str]:
        yield from (str(self.folder / "src"), str(self.folder), str(Path(__file__).parents[2]))

    @contextmanager
    def holding(self, files: Mapping[str, str]) -> Iterator[None]:
        """Replace the text of files for a while."""
        before = {name: (self.folder / name).read_text(encoding="utf-8") for name in files}
        try:
            self._write(files)
            yield
        finally:
            self._write(before)

    def _write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.write_text(text, encoding="utf-8")
            # Python would take compiled code of the same second and size for the new text's.
            for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
                compiled.unlink()


@contextmanager
def copy_of(root: Path) -> Iterator[Copy]:
    """Copy the repository into a temporary folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "tree"
        shutil.copytree(root, folder, ignore=NOT_COPIED, symlinks=True)
        if (root.parent / "shared").exists():
            (folder.parent / "shared").symlink_to((root.parent / "shared").resolve())
        yield Copy(folder)
