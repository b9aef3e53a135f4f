"""Where a module lies, found as an import would find it but without executing anything."""

import sys
import sysconfig
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from itertools import accumulate
from pathlib import Path

_OURS = Path(__file__).parent.parent
_STANDARD = tuple({Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")})
_PACKAGES = frozenset({"site-packages", "dist-packages"})

# Entries of sys.path that users' modules added when this process imported them. What is found must
# not depend on what was imported before.
_added: set[str] = set()


def is_installed(path: Path) -> bool:
    """Whether a file belongs to the standard library or to an installed package.

    A package that is installed in place (editable) lies elsewhere, also where its folder is linked
    into ``site-packages``.
    """
    return _holds_packages(path.parent)


@cache
def _holds_packages(folder: Path) -> bool:
    folder = folder.resolve()
    places = (folder, *folder.parents)
    return not _PACKAGES.isdisjoint(folder.parts) or any(s in places for s in _STANDARD)


def is_users(spec: ModuleSpec) -> bool:
    """Whether a module is of a user's own tree: its statements count in the ids of runs."""
    if not spec.has_location or spec.origin is None:
        return False
    path = Path(spec.origin).absolute()
    # Torch is in the fingerprint of a run, also where somebody builds it in place.
    if _OURS in path.parents or spec.name.partition(".")[0] == "torch":
        return False
    return not is_installed(path)


def shown_path(path: str | Path) -> str:
    """A path as people type it: from the working directory if it is in it."""
    path = Path(path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def search_path() -> list[str]:
    """``sys.path`` without what users' modules added to it in this process."""
    return [entry for entry in sys.path if entry not in _added]


def note_search_path(before: Sequence[str]) -> None:
    """Note what was added to ``sys.path`` since it was ``before``."""
    _added.update(set(sys.path) - set(before))


class Search:
    """Finds modules for as long as no file changes; each is looked for once."""

    def __init__(self) -> None:
        self._found: dict[str, ModuleSpec | None] = {}
        self._paths: dict[str, Sequence[str] | None] = {}

    def find(self, name: str) -> ModuleSpec | None:
        """As ``importlib.util.find_spec``, which would execute the parent packages."""
        if name not in self._found:
            # Parents first, in a loop: a level may name thousands.
            for whole in accumulate(name.split("."), "{}.{}".format):
                if whole not in self._found:
                    self._found[whole] = self._find(whole)
        return self._found[name]

    def _find(self, name: str) -> ModuleSpec | None:
        parent, _, stem = name.rpartition(".")
        path: Sequence[str] | None = None
        if parent and (self._found[parent] is None or (path := self._paths[parent]) is None):
            return None
        try:
            spec = _find_in(name, path)
            locations = spec.submodule_search_locations if spec else None
            self._paths[name] = None if locations is None else list(locations)
        except KeyError:
            # A folder without __init__.py looks for its parent among the imported modules.
            spec = ModuleSpec(name, None, is_package=True)
            folders = (Path(entry) / stem for entry in path or ())
            self._paths[name] = [str(folder) for folder in folders if folder.is_dir()]
        return spec


def _find_in(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        is_of_path = finder is PathFinder and path is None
        spec = finder.find_spec(name, search_path() if is_of_path else path)
        if spec is not None:
            return spec
    return None
