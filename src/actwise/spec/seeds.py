"""Seeds as they are written: a list, a range ``0..9``, or one number that is no count."""

import itertools
from collections.abc import Sequence
from typing import Any

from ..errors import SpecError, shortened
from .run import NUM_SEEDS

_MOST_SEEDS = 1_000_000


def expand_seeds(value: Any) -> Any:
    """The seeds that a study names; what is no list of seeds stays, for its type to be refused.

    Raises:
        SpecError: for a range that is none or is empty, for too many, and for a number alone that
            may be meant as a count.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value > 1:
            raise SpecError(
                f"seeds={value} may mean the one seed {value} or {value} seeds; write "
                f'seeds = [{value}] or seeds = "0..{value - 1}"'
            )
        return (value,)
    items = [value] if isinstance(value, str | range) else value
    if not isinstance(items, list | tuple):
        return value
    parts = [_seeds_of(item) for item in items]
    # Counted before any of them is made.
    if any(part[_MOST_SEEDS:] for part in parts) or sum(map(len, parts)) > _MOST_SEEDS:
        raise SpecError(f"seeds={shortened(value)} are more than {_MOST_SEEDS} seeds")
    return tuple(itertools.chain.from_iterable(parts))


def check_seeds(seeds: Sequence[int]) -> None:
    """Refuse seeds of which no streams can be derived.

    Raises:
        SpecError: if there is none, one stands twice, or one is no seed.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise SpecError("seeds must be distinct numbers")
    if min(seeds) < 0 or max(seeds) >= NUM_SEEDS:
        raise SpecError("seeds must be numbers from 0 to 2**63 - 1")


def _seeds_of(item: Any) -> Sequence[Any]:
    if isinstance(item, range):
        return item
    if not isinstance(item, str):
        return (item,)
    first, dots, last = item.partition("..")
    try:
        seeds = range(int(first), int(last if dots else first) + 1)
    except ValueError:
        raise SpecError(
            f"seeds={shortened(item)} is not a list of numbers or a range such as 0..9"
        ) from None
    if not seeds:
        upwards = shortened(f"{seeds.stop - 1}..{seeds.start}").strip("'")
        raise SpecError(f"seeds={shortened(item)} holds no seed; a range goes upwards: {upwards}")
    return seeds
