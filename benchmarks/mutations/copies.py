"""A copy of the repository in which tests run, so that the tree itself is never touched."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutations import tracing

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")
_FOR_SERVERS = 0o711
"""Mode of temporary folders: a database server runs as another user than root."""
NO_TESTS_LEFT = 5
"""Exit code of pytest."""


@dataclass(frozen=True)
class Copy:
    """Attributes: folder: Its root; beside it stands ``shared``, as beside the original."""

    folder: Path
    _forker: "subprocess.Popen[str]"

    def run(self, options: Iterable[str], *, seconds: float, **variables: str) -> str | None:
        """Run pytest.

        Returns:
            None if nothing failed; else the first test that did, or what ended the tests.
        """
        temporary = Path(tempfile.mkdtemp(dir=self.folder.parent))
        temporary.chmod(_FOR_SERVERS)
        output = temporary / "output"
        output.touch()
        path = [*filter(None, [variables.get("PYTHONPATH")]), *python_path(self.folder)]
        variables |= {"PYTHONPATH": os.pathsep.join(path), "TMPDIR": str(temporary)}
        variables |= {"ACTWISE_CACHE": str(temporary / "cache")}
        command = ["-q", "--tb=no", "-p", "no:cacheprovider", *options]
        assert self._forker.stdin is not None and self._forker.stdout is not None
        self._forker.stdin.write(json.dumps([command, variables, str(output), seconds]) + "\n")
        self._forker.stdin.flush()
        code = json.loads(self._forker.stdout.readline())
        text = output.read_text(encoding="utf-8", errors="replace")
        shutil.rmtree(temporary, ignore_errors=True)
        if code is None:
            return f"no end within {seconds:.0f} s"
        failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", text, re.MULTILINE)
        if code in (0, NO_TESTS_LEFT):
            return None
        return failed[1] if failed else f"the end of pytest with code {code}"

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
def copy_of(root: Path, source: str) -> Iterator[Copy]:
    """Copy the repository into a temporary folder, and start what runs tests in it.

    ``source``: the folder of the code, whose imports of others' code are imported once.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        Path(temporary).chmod(_FOR_SERVERS)
        folder = Path(temporary) / "tree"
        shutil.copytree(root, folder, ignore=NOT_COPIED, symlinks=True)
        if (root.parent / "shared").exists():
            (folder.parent / "shared").symlink_to((root.parent / "shared").resolve())
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(python_path(folder))}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        for name in ("MUTATIONS_SOURCE", "MUTATIONS_INTO", tracing.CONTEXT):
            environment.pop(name, None)
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.mutations.forking", *others_modules(root / source)],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as forker:
            yield Copy(folder, forker)
            assert forker.stdin is not None
            forker.stdin.close()


def python_path(folder: Path) -> list[str]:
    """Where Python finds a copy, and these scripts."""
    return [str(folder / "src"), str(folder), str(Path(__file__).parents[2])]


def others_modules(source: Path) -> list[str]:
    """Public modules of others that the files of a folder import."""
    names: set[str] = set()
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module))
    return sorted(n for n in names if "._" not in n and n.split(".")[0] != source.name)
