"""Signal flow of a training as it is kept: a table of numbers, packed small."""

import json
import math
import types
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Any, Literal, get_args, get_type_hints

from ...errors import StoreError
from ...spec import ProbesSpec

_PLACES = ("site", "norm", "sum")
_HEAD = b"actwise probes 1\n"
_MOST_BYTES = 2**27
_DIGITS = 7
"""What is kept of a number: as much as a float32 holds."""


@dataclass(frozen=True, kw_only=True)
class ProbeRow:
    """One place of a network after some epochs; ``diagnostics`` says what the numbers mean.

    Attributes:
        epoch: Epochs that had ended; 0 at initialisation.
        images: On which it was measured. Only numbers of equally many are compared.
        place: ``site`` of an activation, ``norm`` (its input against its running statistics), or
            ``sum`` of a shortcut and its branch. What is of others is None.
        function: What the site computes: the activation's level, or its name.
        units: Channels.
        learned_mean, learned_least, learned_greatest: Of the first parameter that is learned.
    """

    epoch: int
    images: int
    place: Literal["site", "norm", "sum"]
    name: str
    function: str | None = None
    role: str | None = None
    depth: int | None = None
    units: int | None = None
    nonfinite: int | None = None
    dead: int | None = None
    nearly_dead: int | None = None
    constant: int | None = None
    blocked: int | None = None
    zero_fraction: float | None = None
    blocked_fraction: float | None = None
    low_slope_fraction: float | None = None
    slope_second_moment: float | None = None
    saturated_fraction: float | None = None
    mean: float | None = None
    mean_shift: float | None = None
    input_second_moment: float | None = None
    second_moment: float | None = None
    second_moment_ratio: float | None = None
    gradient_norm: float | None = None
    effective_rank: float | None = None
    learned_mean: float | None = None
    learned_least: float | None = None
    learned_greatest: float | None = None
    variance_ratio: float | None = None
    mean_difference: float | None = None
    shortcut_energy: float | None = None
    branch_energy: float | None = None
    sum_energy: float | None = None


def is_shifted(ratios: Sequence[float]) -> bool:
    """Whether batch norm meets other variances in evaluation than it has learned.

    Args:
        ratios: Of the variance met to the one learned, of each norm.
    """
    return bool(ratios) and (median(ratios) < _SHIFTED_MEDIAN or min(ratios) < _SHIFTED_LEAST)


PROBE_COLUMNS: dict[str, type] = {
    name: next(t for t in (get_args(hint) or (hint,)) if t is not types.NoneType)
    if name != "place"
    else str
    for name, hint in get_type_hints(ProbeRow).items()
}
"""Name and type of every column."""
_SHIFTED_MEDIAN, _SHIFTED_LEAST = 0.5, 0.3
_REQUIRED = ("epoch", "images", "place", "name")


def pack_probes(rows: Sequence[ProbeRow]) -> bytes:
    """As bytes that begin with what they are; numbers that are not finite become None.

    There are no rows of a network in which nothing can be measured.
    """
    columns = {f.name: [_plain(getattr(row, f.name)) for row in rows] for f in fields(ProbeRow)}
    text = json.dumps(columns, separators=(",", ":"), allow_nan=False)
    return _HEAD + zlib.compress(text.encode(), 9)


def unpack_probes(packed: bytes | None) -> tuple[ProbeRow, ...]:
    """The inverse of :func:`pack_probes`; empty of what are no probes.

    Raises:
        StoreError: if they are damaged, or none that a training can have.
    """
    if packed is None or not packed.startswith(_HEAD):
        return ()
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(packed[len(_HEAD) :], _MOST_BYTES)
        found = json.loads(text) if inflater.eof else None
    except (zlib.error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not _is_possible(found):
        raise StoreError("the probes of a training are damaged")
    columns = [_typed(found[name], kind) for name, kind in PROBE_COLUMNS.items()]
    return tuple(
        ProbeRow(**dict(zip(PROBE_COLUMNS, values, strict=True)))
        for values in zip(*columns, strict=True)
    )


def observed_probes(asked: ProbesSpec) -> str:
    """How a record notes that it was probed, and how densely."""
    forced = ", forced" if asked.forced else ""
    return f"probes(every={asked.every}, images={asked.images}{forced})"


def probes_of(observed: Sequence[str]) -> ProbesSpec | None:
    """The inverse, of all that a record notes; None of one without probes."""
    return next((spec for spec in map(_probes_spec, observed) if spec is not None), None)


def problem_of_probes(packed: bytes | None, asked: ProbesSpec | None, num_epochs: int) -> str:
    """What no training that was asked for these probes leaves behind; "" where there is nothing."""
    if (packed is None) != (asked is None):
        return "observed probes that are not there, or has probes that it did not observe"
    if asked is None:
        return ""
    try:
        rows = unpack_probes(packed)
    except StoreError as error:
        return str(error)
    epochs = [row.epoch for row in rows]
    due = {e for e in range(num_epochs + 1) if asked.is_due(e, is_last=False)}
    # The last one too, but of a run that diverged in the epoch after it.
    is_whole = due <= {*epochs} <= due | {num_epochs} if rows else True
    if epochs != sorted(epochs) or not is_whole:
        return f"has not the probes of its {num_epochs} epochs"
    if len({(row.epoch, row.place, row.name) for row in rows}) < len(rows):
        return "has two probes of one place"
    if any(row.images > asked.images for row in rows):
        return f"has probes of more than {asked.images} images"
    return ""


def _probes_spec(text: str) -> ProbesSpec | None:
    head, _, rest = text.partition("(")
    parts = [part.partition("=")[::2] for part in rest.removesuffix(")").split(", ")]
    settings = {name: int(value) if value.isdecimal() else not value for name, value in parts}
    try:
        found = ProbesSpec.model_validate(settings)
    except ValueError:
        return None
    return found if head == "probes" and observed_probes(found) == text else None


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return value


def _is_possible(found: dict[str, Any]) -> bool:
    columns = [found.get(name) for name in PROBE_COLUMNS]
    if len(found) != len(PROBE_COLUMNS) or not all(isinstance(column, list) for column in columns):
        return False
    return (
        len({len(found[name]) for name in PROBE_COLUMNS}) == 1
        and all(_fits(found[name], name, kind) for name, kind in PROBE_COLUMNS.items())
        and set(found["place"]) <= {*_PLACES}
    )


def _fits(values: list[Any], name: str, kind: type) -> bool:
    kinds = {int, float} if kind is float else {kind}
    if name not in _REQUIRED:
        kinds |= {types.NoneType}
    numbers = [value for value in values if type(value) in (int, float)]
    is_counted = kind is not int or all(0 <= value < 2**53 for value in numbers)
    return {type(v) for v in values} <= kinds and is_counted and all(map(math.isfinite, numbers))


def _typed(values: list[Any], kind: type) -> list[Any]:
    return [None if v is None else float(v) for v in values] if kind is float else values
