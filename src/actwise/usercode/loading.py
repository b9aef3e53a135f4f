"""Importing what a level names: only the code that is recorded."""

import importlib
import sys
from difflib import get_close_matches
from importlib.abc import SourceLoader
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ..errors import SpecError
from ..registry import Level
from .code import UserCode, file_of_module, find_code, module_and_name
from .faults import describe_fault
from .finding import is_installed, note_search_path
from .packages import PACKAGES, import_package

# Module name -> digest of its statements when this process imported it.
_imported: dict[str, str] = {}


def load_user_object(level: Level, *, kind: str) -> Any:
    """What ``level`` names; ``kind`` ("activation", "model" ...) is for the message.

    Raises:
        SpecError: if the name does not exist, or as :func:`import_module_of`.
    """
    module = import_module_of(level, kind=kind)
    module_name, name = module_and_name(level, kind=kind)
    if not hasattr(module, name):
        near = get_close_matches(name, [n for n in vars(module) if not n.startswith("_")], n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise SpecError(f"{kind} {level}: {module_name} has no {name!r}{hint}")
    return getattr(module, name)


def import_module_of(level: Level, *, kind: str) -> ModuleType:
    """Import the module or the package in which ``level`` names something.

    Raises:
        SpecError: if it does not exist, its import raises, a file changed since this process
            imported it, or it is ``__main__``, which has no file that another process could import.
    """
    module_name, _ = module_and_name(level, kind=kind)
    if module_name in PACKAGES:
        return import_package(module_name)
    code = find_code(level, kind=kind)
    _refuse_changed(code, f"{kind} {level}")
    search_path = list(sys.path)
    _distrust_bytecode()
    try:
        return importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise SpecError(
            f"{kind} {level}: importing {module_name} raised {describe_fault(error)}"
        ) from error
    finally:
        note_search_path(search_path)
        _note_imported(code, module_name)


def _distrust_bytecode() -> None:
    """Have users' modules compiled from their text, from now on, however they are loaded.

    Python takes a ``.pyc`` whose source has the same size and whole second of change: the code that
    runs would not be the code that is recorded.
    """
    SourceFileLoader.get_code = _get_code  # type: ignore[assignment, method-assign]


def has_run_users_code() -> bool:
    """Whether this process began to import users' code, which may have changed anything."""
    return SourceFileLoader.get_code is _get_code


def _get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
    path = loader.get_filename(name)
    if is_installed(Path(path)):
        return SourceLoader.get_code(loader, name)
    return loader.source_to_code(loader.get_data(path), path)


def _refuse_changed(code: UserCode, owner: str) -> None:
    for name, digest in code.modules.items():
        if name in sys.modules and _imported.get(name, digest) != digest:
            raise SpecError(
                f"{owner}: {file_of_module(name)} changed after this process imported it; "
                "start again, so that the code that runs is the code that is recorded"
            )


def _note_imported(code: UserCode, module_name: str) -> None:
    """All of a module that is there: what it imports later must still be what it was.

    Of one whose import failed only what was imported: the rest may be mended meanwhile.
    """
    is_there = module_name in sys.modules
    _imported.update(
        (name, digest) for name, digest in code.modules.items() if is_there or name in sys.modules
    )
