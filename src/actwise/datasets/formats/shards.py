"""Which Parquet shards a part has: names are (part, index, total, suffix).

``train-00000-of-00002.parquet``, or with the suffix of one export,
``train-00000-of-00002-0f3c.parquet``. Of two exports in one folder half of each might be read, so
all indices below the total must be there once, with one total and one suffix. Names without a total
(``train-0.parquet``) count up from 0 or 1, or there is a single one. A part without shards may be
one file, ``train.parquet``.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import DataError
from ..content import cut
from .files import has_file

_NAME = re.compile(r"-(?P<index>\d+)(-of-(?P<total>\d+)(?P<suffix>-.*)?)?\.parquet", re.DOTALL)


def find_shards(folder: Path, part: str) -> tuple[Path, ...]:
    """The shards of a part such as ``train`` in the order of their names; empty if there are none.

    Raises:
        DataError: if one is missing, there twice or no file, or several exports are mixed.
    """
    shards = sorted(folder.glob(f"{part}-*.parquet"))
    for shard in shards:
        if not has_file(shard):
            raise DataError(f"{shard} is no file; a Parquet file is expected")
    # A single one may be called anything, but not be one of several.
    is_numbered = any(_NAME.fullmatch(shard.name.removeprefix(part)) for shard in shards)
    if len(shards) > 1 or is_numbered or (shards and "-of-" in shards[0].name):
        _check_names(folder, part, shards=shards)
    return tuple(shards)


def find_part(folder: Path, part: str) -> tuple[Path, ...]:
    """The shards of a part, or its one file; empty if there is nothing of it.

    Raises:
        DataError: as :func:`find_shards`, and if that one is no file.
    """
    whole = folder / f"{part}.parquet"
    return find_shards(folder, part) or ((whole,) if has_file(whole) else ())


def is_begun(folder: Path, part: str) -> bool:
    """Whether a part has a file, whatever may be missing of it."""
    return any(folder.glob(f"{part}-*.parquet")) or (folder / f"{part}.parquet").is_file()


def _check_names(folder: Path, part: str, *, shards: Sequence[Path]) -> None:
    found = {shard: _NAME.fullmatch(shard.name.removeprefix(part)) for shard in shards}
    for shard, match in found.items():
        if match is None:
            raise DataError(
                f"{shard} is not named like a shard; expected {part}-INDEX-of-TOTAL.parquet"
            )
    matches = [match for match in found.values() if match is not None]
    for group, what in (("total", "number of shards"), ("suffix", "suffix")):
        values = dict.fromkeys(match[group] or "none" for match in matches)
        if len(values) > 1:
            raise DataError(
                f"{folder} mixes several exports: its {part}-*.parquet have more than one {what}: "
                f"{', '.join(cut(list(values)))}"
            )
    indices = [int(match["index"]) for match in matches]
    _check_indices(folder, part, indices=indices, total=matches[0]["total"])


def _check_indices(folder: Path, part: str, *, indices: Sequence[int], total: str | None) -> None:
    twice = sorted({index for index in indices if indices.count(index) > 1})
    if twice:
        raise DataError(f"{folder}: shard {twice[0]} of {part}-*.parquet is there more than once")
    first = 0 if total is not None or 0 in indices else 1
    expected = range(first, int(total) if total is not None else first + len(indices))
    if (total is not None and int(total) > len(indices)) or set(indices) != set(expected):
        absent = next((i for i in expected if i not in indices), None)
        there = f"{len(indices)} of {total}" if total is not None else f"only {len(indices)}"
        lacking = f"; shard {absent} is missing" if absent is not None else ""
        raise DataError(f"{folder} is incomplete: {there} {part}-*.parquet are there{lacking}")
