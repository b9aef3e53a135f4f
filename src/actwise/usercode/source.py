"""One module's file: the digest of its statements, and what it imports."""

import ast
import hashlib
import warnings
from dataclasses import dataclass, field
from importlib.machinery import SOURCE_SUFFIXES, ModuleSpec
from pathlib import Path

from ..errors import SpecError
from ..files import read_file
from .canonical import canonical_text
from .finding import shown_path
from .imports import Imports, exported_names, find_imports


@dataclass(frozen=True)
class Source:
    """What is known of a module without executing it.

    Attributes:
        digest: SHA-256, 32 digits, of its canonical text; of its bytes if it is no Python text.
        exported: Names in ``__all__``.
        is_export_computed: Whether ``__all__`` holds more than is written.
    """

    digest: str
    imports: Imports = field(default_factory=Imports)
    exported: tuple[str, ...] = ()
    is_export_computed: bool = False


# By the SHA-256 of a file's bytes: levels share modules, and a level is looked up many times.
_read: dict[bytes, Source] = {}


def read_module(spec: ModuleSpec) -> Source:
    """Read the file of a module that has one, in an archive too.

    Raises:
        SpecError: if it cannot be read, or is not valid Python.
    """
    return _source(module_bytes(spec), spec.origin or "")


def read_source(path: Path) -> Source:
    """Read a file that users' code runs by its path.

    Raises:
        SpecError: as :func:`read_module`.
    """
    return read_module(ModuleSpec(path.name, None, origin=str(path)))


def file_digest(spec: ModuleSpec) -> str:
    """SHA-256 of a module's file.

    Raises:
        SpecError: if it cannot be read.
    """
    return hashlib.sha256(module_bytes(spec)).hexdigest()


def module_bytes(spec: ModuleSpec) -> bytes:
    """The file of a module that has one, in an archive too.

    Raises:
        SpecError: if it cannot be read.
    """
    assert spec.origin is not None, "only modules with a file are read"
    path = Path(spec.origin)
    # What lies in an archive only its loader can read.
    get_data = None if path.exists() else getattr(spec.loader, "get_data", None)
    try:
        data: bytes = get_data(spec.origin) if get_data else read_file(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SpecError(f"users' code {shown_path(spec.origin)} cannot be read: {reason}") from None
    return data


def _source(data: bytes, path: str) -> Source:
    is_text = path.endswith(tuple(SOURCE_SUFFIXES))
    key = hashlib.sha256(data + bytes([is_text])).digest()
    if key not in _read:
        _read[key] = _parse(data, path) if is_text else Source(_digest(data))
    return _read[key]


def _parse(data: bytes, path: str) -> Source:
    try:
        with warnings.catch_warnings():
            # Python says these again when it compiles the module.
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
            imports = find_imports(tree)
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        raise SpecError(
            f"users' code {shown_path(path)} is not valid Python: {error.msg}{where}"
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SpecError(
            f"users' code {shown_path(path)} cannot be parsed: {str(error) or 'nested too deeply'}"
        ) from None
    exported, is_computed = exported_names(tree) if b"__all__" in data else ((), False)
    text = canonical_text(tree).encode()
    return Source(_digest(text), imports, exported, is_computed)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
