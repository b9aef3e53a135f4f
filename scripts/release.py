"""Check that a version may be released, and build what is published.

    python scripts/release.py     # what does not fit; or the files in dist/, and what comes next

Nothing is tagged, pushed or uploaded here.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
_NUMBER = r"(\d+\.\d+\.\d+)"
_PLACES = {
    "src/actwise/__init__.py": rf'^__version__ = "{_NUMBER}"$',
    "CITATION.cff": rf"^version: {_NUMBER}$",
    "CHANGELOG.md": rf"^## {_NUMBER} - \d{{4}}-\d\d-\d\d$",
}
"""Where a version stands; in the changelog the first counts, which is the newest."""


def versions(folder: Path) -> dict[str, str | None]:
    """The version that each file states."""
    return {
        name: next(iter(re.findall(pattern, _text(folder / name), re.MULTILINE)), None)
        for name, pattern in _PLACES.items()
    }


def problems(folder: Path) -> Iterator[str]:
    """Why this state is no release, a sentence each."""
    found = versions(folder)
    version = found["src/actwise/__init__.py"]
    for name, stated in found.items():
        if stated is None:
            yield f"{name} states no version"
        elif stated != version:
            yield f"{name} states {stated}, the package {version}"
    head, _, _ = _text(folder / "CHANGELOG.md").partition(f"\n## {found['CHANGELOG.md']} ")
    if "\n- " in head:
        yield "CHANGELOG.md has unreleased entries: give them their version and date"
    if _git(folder, "status", "--porcelain"):
        yield "the working tree has changes: commit them"
    if version and _git(folder, "tag", "--list", f"v{version}"):
        yield f"the tag v{version} is there already"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def main() -> int:
    """Print the problems; without any, build both distributions and say what comes next."""
    found = [*problems(REPOSITORY)]
    if found:
        print(*found, sep="\n", file=sys.stderr)
        return 1
    subprocess.run([sys.executable, "-m", "hatchling", "build"], cwd=REPOSITORY, check=True)
    version = versions(REPOSITORY)["src/actwise/__init__.py"]
    print(f"Next: make test-more; git tag v{version}; git push origin v{version}; upload dist/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
