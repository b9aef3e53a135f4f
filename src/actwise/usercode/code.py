"""The code that a level names: every statement that its result may depend on, as one digest.

Counted are the level's module and every module of the user's own tree that it imports, directly or
through others: whatever lies outside the standard library, ``site-packages`` and actwise. Nothing
is executed. Modules are known by their dotted names, so a project may move.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.machinery import ModuleSpec
from pathlib import Path

from ..errors import SpecError
from ..files import read_file
from ..registry import Level
from .finding import Search, is_installed, is_users, shown_path
from .imports import Import
from .packages import PACKAGES, package_version
from .source import Source, file_digest, module_bytes, read_module, read_source


@dataclass(frozen=True)
class UserCode:
    """What a level's module runs.

    Attributes:
        digest: SHA-256 of ``modules``: it enters the ids of runs.
        modules: Digest of the statements of each module, by its dotted name; by its path for a file
            that is run by its path. Of a package that is known by its version, the version.
        remarks: A sentence for every module that imports what cannot be told from its text.
    """

    digest: str
    modules: Mapping[str, str]
    remarks: tuple[str, ...]


# By digest, so that what a digest was made from can be told where only the digest came along.
_known: dict[str, UserCode] = {}


def find_code(level: Level, *, kind: str = "level") -> UserCode:
    """The code that ``level`` names, found without executing any; of a package its version.

    Raises:
        SpecError: if there is no such module, it is ``__main__`` or has no file, or a file cannot
            be read or parsed.
    """
    module, _ = module_and_name(level, kind=kind)
    if module in PACKAGES:
        return _known_by_digest({module: package_version(module)})
    search = Search()
    _require_file(search.find(module), level, module, kind)
    try:
        sources, remarks = _Reader(search).follow(module)
    except SpecError as error:
        raise SpecError(f"{kind} {level}: {error}") from None
    modules = {name: source.digest for name, source in sorted(sources.items())}
    return _known_by_digest(modules, remarks)


def code_digest(level: Level, *, kind: str = "level") -> str:
    """The digest of :func:`find_code`, 64 hexadecimal digits.

    Raises:
        SpecError: as :func:`find_code`.
    """
    return find_code(level, kind=kind).digest


def files_of(level: Level) -> dict[str, bytes]:
    """The files of :func:`find_code`, by their path from the folder that imports find them in.

    None of a package that is known by its version. What is run by an absolute path is left out.

    Raises:
        SpecError: as :func:`find_code`.
    """
    module, _ = module_and_name(level, kind="level")
    if module in PACKAGES:
        return {}
    search = Search()
    files: dict[str, bytes] = {}
    for name in find_code(level).modules:
        if not all(part.isidentifier() for part in name.split(".")):
            path = Path(name) / "__main__.py" if Path(name).is_dir() else Path(name)
            if not path.is_absolute():
                files[str(path)] = read_file(path)
            continue
        spec = search.find(name)
        if spec is not None and spec.has_location:
            is_package = spec.submodule_search_locations is not None
            parts = name.split(".") if is_package else name.split(".")[:-1]
            files["/".join([*parts, Path(spec.origin or "").name])] = module_bytes(spec)
    return files


def known_code(digest: str) -> UserCode:
    """The code of a digest that this process has made."""
    return _known[digest]


def digest_of_modules(modules: Mapping[str, str]) -> str:
    """The code digest of modules, from the digests of their statements."""
    return hashlib.sha256(json.dumps(sorted(modules.items())).encode()).hexdigest()


def has_digest(level: Level, digest: str) -> bool:
    """Whether ``level`` names code of this digest, or of the SHA-256 of its module's file.

    The latter stands in the ids of runs from before imports were followed.

    Raises:
        SpecError: as :func:`find_code`.
    """
    module, _ = module_and_name(level, kind="level")
    spec = Search().find(module)
    return digest in (code_digest(level), file_digest(_require_file(spec, level, module, "level")))


def file_of_module(name: str) -> str:
    """The file of a module as people type it, or its name where it has none; a package's name."""
    if name in PACKAGES:
        return name
    spec = Search().find(name) if all(name.split(".")) else None
    return name if spec is None or not spec.has_location else shown_path(spec.origin or name)


def module_and_name(level: Level, *, kind: str) -> tuple[str, str]:
    """The two sides of the colon.

    Raises:
        SpecError: if the level does not name code, or names ``__main__``.
    """
    module, colon, name = level.name.partition(":")
    if not (colon and name.isidentifier() and all(p.isidentifier() for p in module.split("."))):
        raise SpecError(f"{kind} {level} does not name code; write package.module:Name")
    if module == "__main__":
        raise SpecError(
            f"{kind} {level}: code in __main__ cannot be found by another process; put it in a "
            "module of its own (in a notebook by %%writefile my_module.py) and write "
            f"my_module:{name}"
        )
    return module, name


def _require_file(spec: ModuleSpec | None, level: Level, module: str, kind: str) -> ModuleSpec:
    if spec is None:
        _, _, name = level.name.partition(":")
        files = [path.stem for path in Path().glob("*.py")]
        near = get_close_matches(module.removesuffix(".py"), files, n=1)
        hint = f"; did you mean {near[0]}:{name}?" if near else ""
        raise SpecError(f"{kind} {level}: there is no module {module!r} on the Python path{hint}")
    if not spec.has_location or spec.origin is None:
        raise SpecError(f"{kind} {level}: module {module!r} has no file")
    return spec


def _known_by_digest(modules: Mapping[str, str], remarks: tuple[str, ...] = ()) -> UserCode:
    code = UserCode(digest_of_modules(modules), modules, remarks)
    return _known.setdefault(code.digest, code)


class _Reader:
    """Follows imports from module to module."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._sources: dict[str, Source] = {}
        self._remarks: list[str] = []
        self._waiting: list[tuple[str, Source]] = []

    def follow(self, root: str) -> tuple[dict[str, Source], tuple[str, ...]]:
        """The sources of ``root`` and of all that it imports, and the remarks on them."""
        spec = self._search.find(root)
        assert spec is not None
        self._add(root)
        # Wherever it lies: it is what was named.
        self._read(root, spec)
        while self._waiting:
            package, source = self._waiting.pop()
            for found in source.imports.modules:
                for target in self._targets(found, package):
                    self._add(target)
            for path in source.imports.files:
                self._add_file(Path(path))
        return self._sources, tuple(sorted(self._remarks))

    def _targets(self, found: Import, package: str) -> Iterator[str]:
        """The dotted names of what may be modules."""
        parents = package.split(".") if package else []
        if found.level > len(parents):
            return  # raises when it is run
        kept = parents[: len(parents) - found.level + 1] if found.level else []
        base = ".".join([*kept, *([found.module] if found.module else [])])
        yield base
        for name in found.names:
            yield from self._exported(base) if name == "*" else (f"{base}.{name}",)

    def _exported(self, package: str) -> Iterable[str]:
        self._add(package)
        source = self._sources.get(package)
        if source is None:
            return ()
        if source.is_export_computed:
            self._remark(package, 0, "computes __all__, by which `import *` imports")
        return [f"{package}.{name}" for name in source.exported]

    def _add(self, name: str) -> None:
        """A module and the packages that hold it, as far as they are the user's."""
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            full_name = ".".join(parts[:end])
            if not parts[end - 1]:
                return
            spec = self._search.find(full_name)
            if spec is None:
                return
            if full_name in self._sources:
                continue
            if is_users(spec):
                self._read(full_name, spec)
            elif spec.has_location or spec.submodule_search_locations is None:
                return

    def _read(self, name: str, spec: ModuleSpec) -> None:
        if name not in self._sources:
            is_package = spec.submodule_search_locations is not None
            package = name if is_package else name.rpartition(".")[0]
            self._keep(name, package, read_module(spec))

    def _add_file(self, path: Path) -> None:
        file = path / "__main__.py" if path.is_dir() else path
        if str(path) not in self._sources and file.is_file() and not is_installed(file.absolute()):
            self._keep(str(path), "", read_source(file))

    def _keep(self, name: str, package: str, source: Source) -> None:
        self._sources[name] = source
        self._waiting.append((package, source))
        # One line a module.
        for line, why in source.imports.remarks[:1]:
            self._remark(name, line, why)

    def _remark(self, name: str, line: int, why: str) -> None:
        file = name if "/" in name else file_of_module(name)
        where = f" (line {line})" if line else ""
        text = f"{file} {why}{where}: changes of what it imports that way are not noticed"
        if text not in self._remarks:
            self._remarks.append(text)
