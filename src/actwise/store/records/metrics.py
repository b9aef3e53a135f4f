"""What trainings of the user's own gave back, as it is kept: small, in the place of probes."""

import json
import math
import zlib
from collections.abc import Mapping
from itertools import chain

from ...errors import StoreError
from ...spec import METRIC_NAME

Metrics = Mapping[str, tuple[float | None, ...]]
"""By name a number for every epoch, or a single one; None where it was not finite or not given.

All have one length, at least 1; the last stands for the run.
"""
MOST_METRICS = 100
MOST_NUMBERS = 1_000_000
"""Names of one run, and numbers of all of them."""
_HEAD = b"actwise metrics 1\n"
_MOST_BYTES = 32 * MOST_NUMBERS


def pack_metrics(metrics: Metrics) -> bytes:
    """As bytes that begin with what they are."""
    text = json.dumps(metrics, separators=(",", ":"), allow_nan=False)
    return _HEAD + zlib.compress(text.encode("ascii"), 9)


def unpack_metrics(packed: bytes | None) -> Metrics:
    """The inverse of :func:`pack_metrics`; empty of what are no metrics.

    Raises:
        StoreError: if they are damaged, or what no training can have given back.
    """
    if packed is None or not packed.startswith(_HEAD):
        return {}
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(packed[len(_HEAD) :], _MOST_BYTES)
        found = json.loads(text, parse_int=float) if inflater.eof else None
    except (zlib.error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not _is_possible(found):
        raise StoreError("the numbers of a training are damaged")
    return {name: tuple(values) for name, values in found.items()}


def _is_possible(found: dict[str, object]) -> bool:
    curves = [values for values in found.values() if isinstance(values, list)]
    lengths = {len(curve) for curve in curves}
    return (
        0 < len(curves) == len(found) <= MOST_METRICS
        and len(lengths) == 1
        and min(lengths) > 0
        and all(map(METRIC_NAME.fullmatch, found))
        and all(map(_is_number, chain.from_iterable(curves)))
    )


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isfinite(value))
