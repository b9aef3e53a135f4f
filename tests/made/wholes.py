"""Whole outputs that are kept in ``data/wholes``, a line for each entry: a difference is read.

Printed words and printed numbers are as they were. Numbers with many decimals may differ where a
library for linear algebra sums in another order.
"""

import json
import math
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import actwise as aw
from actwise.report.figures import Drawing

WHOLES = Path(__file__).parents[1] / "data" / "wholes"
Maker = Callable[[Path], Iterable[str]]
"""Makes the lines of one output, in an empty folder."""
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e[+-]?\d+)?|-?\d(?:\.\d+)?e[+-]?\d+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+)?(\+00:00| UTC)?")
_LINE_OF_TORCH = re.compile(r"(?<=container\.py):\d+:\d+")
_DIGITS = 6
_ATTRIBUTE = re.compile(r" [\w-]+=\"([^\"]*)\"")


def differences(name: str, lines: Iterable[str]) -> list[tuple[str, str]]:
    """Where an output differs from what is kept."""
    found = _steady(lines).split("\n")
    kept = (WHOLES / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(found) == len(kept), (
        f"{len(found)} lines, {len(kept)} are kept: {_first(found, kept)}"
    )
    pairs = zip(found, kept, strict=True)
    return [(new, old) for new, old in pairs if new != old and not _is_close(new, old)]


def _steady(lines: Iterable[str]) -> str:
    """The text without what changes with the day and the versions."""
    text = "\n".join(lines).replace(aw.__version__, "VERSION")
    return _LINE_OF_TORCH.sub("", _TIME.sub("THEN", text))


def _first(found: list[str], kept: list[str]) -> object:
    return next((pair for pair in zip(found, kept, strict=False) if not _is_close(*pair)), "")


def _is_close(one: str, other: str) -> bool:
    if _LONG.sub("#", one) != _LONG.sub("#", other):
        return False
    pairs = zip(_LONG.findall(one), _LONG.findall(other), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=1e-5, abs_tol=1e-9) for a, b in pairs)


def json_lines(values: Any, name: str = "") -> Iterator[str]:
    """Plain values: an entry a line, of a list of entries with the same keys a table."""
    if isinstance(values, Mapping) and any(map(_is_compound, values.values())):
        for key, value in values.items():
            yield from json_lines(value, f"{name}.{key}" if name else str(key))
    elif isinstance(values, list | tuple) and any(map(_is_compound, values)):
        header: tuple[str, ...] = ()
        for value in values:
            row = dict(_flat(value))
            if tuple(row) != header:
                header = tuple(row)
                yield f"{name}: {' | '.join(header)}"
            yield f"  {' | '.join(map(_line, row.values()))}"
    else:
        yield f"{name} {_line(values)}"


def _is_compound(value: Any) -> bool:
    return isinstance(value, list | tuple | Mapping)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _line(value: Any) -> str:
    return json.dumps(_rounded(value), ensure_ascii=False).replace('"', "")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if abs(value) > 1e-12 else 0.0
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def picture_lines(drawings: Iterable[Drawing]) -> Iterator[str]:
    """Pictures, a shape a line, without the names of its attributes."""
    for drawing in drawings:
        yield f"{drawing.name} {drawing.width:g} x {drawing.height:g}: {drawing.title}"
        for shape in drawing.shapes:
            yield _ATTRIBUTE.sub(r" \1", re.sub(r"</\w+>", "", shape))


def page_lines(page: str) -> Iterator[str]:
    """A page without its style and its pictures."""
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>|sha256-[^']*", "", page, flags=re.DOTALL)
    yield from (line.strip() for line in page.split("\n") if line.strip())


def keep(makers: Mapping[str, Maker]) -> None:
    """Keep the outputs as they are now, those that are named on the command line or all."""
    WHOLES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or makers:
        with tempfile.TemporaryDirectory() as folder:
            text = _steady(makers[name](Path(folder)))
        (WHOLES / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
        sys.stderr.write(f"{name}: {len(text):,}\n")
