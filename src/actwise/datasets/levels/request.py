"""Levels of data sets: ``name``, ``folder:PATH``, ``folder(PATH, size=64)``, a user's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import SpecError, UnknownNameError
from ...registry import Level, bind, parse_level
from ..content import DATASETS, MAX_PIXELS, MIN_PIXELS, DatasetEntry, Form

# The path before it may hold commas and parentheses.
_LAST_ARGUMENT = re.compile(r",\s*(?:(?P<key>\w+)\s*=\s*(?P<value>[^,=()/]*)|(?P<number>\d+))$")


@dataclass(frozen=True)
class Request:
    """A data set of the table as asked for.

    Attributes:
        level: As written, such as ``cifar10`` or ``folder:photos``.
        path: PATH in ``folder:PATH`` and ``folder(PATH, size=64)``.
        size: What images are to be brought to, in pixels a side; None leaves them.
    """

    level: str
    entry: DatasetEntry
    path: Path | None = None
    size: int | None = None

    @property
    def forms(self) -> Sequence[Form]:
        """The forms in which the set may lie there, tried in this order."""
        form_at = self.entry.form_at
        return self.entry.forms if form_at is None else (form_at(self.size),)

    def roots(self, folder: Path | None) -> tuple[Path, ...]:
        """The folders to look into; a relative PATH also lies under the data folder."""
        if self.entry.location == "embedded":
            return (Path(),)
        if self.path is not None:
            is_relative = not self.path.is_absolute()
            return (self.path, folder / self.path) if folder and is_relative else (self.path,)
        if folder is None:
            return ()
        return (*(folder / name for name in self.entry.folders), folder)

    def resizing(self, size: int) -> str | None:
        """How a user has the images brought to a size; None where that is not to be had."""
        if self.entry.form_at is None:
            return None
        return f"{self.entry.name}({self.path}, size={size}) resizes them"


@dataclass(frozen=True)
class UserRequest:
    """A user's own data set, ``package.module:Name``."""

    level: str
    code: Level

    def resizing(self, size: int) -> str:
        """As :meth:`Request.resizing`."""
        return f"resize them in its code, to {size}x{size} for instance"


def parse_dataset(level: str) -> Request | UserRequest:
    """Read ``name``, ``folder:PATH``, ``folder(PATH, size=64)`` or ``package.module:Name``.

    Raises:
        SpecError: if it is none of them; names the nearest.
    """
    text = level.strip()
    prefix, colon, path = text.partition(":")
    for name, entry in DATASETS.items():
        if entry.location == "path" and re.match(rf"{name}\s*(?:[:(]|$)", text):
            return _at_a_path(text, entry)
    if colon and "/" in path:
        if prefix in DATASETS:
            raise SpecError(f"data set {level!r}: {prefix} takes no path; give it by --data DIR")
        raise UnknownNameError("data set", prefix, DATASETS)
    parsed = parse_level(text, kind="data set")
    if parsed.is_user_code:
        return UserRequest(text, parsed)
    entry = DATASETS[parsed.name]
    bind(parsed, (), kind="data set")
    return Request(entry.name, entry)


def is_users_dataset(level: str) -> bool:
    """Whether a level names a user's own data set.

    Raises:
        SpecError: if it is no data set.
    """
    return isinstance(parse_dataset(level), UserRequest)


def _at_a_path(text: str, entry: DatasetEntry) -> Request:
    written = text[len(entry.name) :].strip()
    sizes: list[str] = []
    if written.startswith(":"):
        path = written[1:]
    elif not written or written.endswith(")"):
        path = written[1:-1].strip()
        while match := _LAST_ARGUMENT.search(path):
            if match["key"] not in (None, "size"):
                raise UnknownNameError(f"argument of {entry.name}", match["key"], ["size"])
            sizes.append(match["number"] or match["value"].strip())
            path = path[: match.start()].rstrip()
    else:
        raise SpecError(f"data set {text!r} has no closing parenthesis: write {_form(entry)}")
    if len(sizes) > 1:
        raise SpecError(f"data set {text!r}: size is given {len(sizes)} times")
    if not path or re.match(r"size\s*=", path):
        raise SpecError(
            f"data set {text!r} needs a path: write {entry.name}:PATH or {_form(entry)}"
        )
    size = _parse_size(sizes[0], text) if sizes else None
    return Request(text, entry, path=Path(path).expanduser(), size=size)


def _form(entry: DatasetEntry) -> str:
    return f"{entry.name}(PATH, size={MAX_PIXELS})"


def _parse_size(written: str, level: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", written) or not MIN_PIXELS <= int(written) <= MAX_PIXELS:
        raise SpecError(
            f"data set {level!r}: size={written} must be a whole number of pixels from "
            f"{MIN_PIXELS} to {MAX_PIXELS}"
        )
    return int(written)
