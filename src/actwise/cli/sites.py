"""The sites of a network as people read them: equal ones in one line."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..numbers import counted
from .output import print_columns, print_folded

if TYPE_CHECKING:
    from ..surgery import Miss, Site

_NUMBER = re.compile(r"\d+(?:[a-z]\b)?")
INDENT = 10
_MOST_COUNTS = 3


def print_sites(sites: Iterable["Site"], *, is_full: bool) -> None:
    """A table of sites; short, those whose names differ in numbers alone are one row.

    The name of such a row is a pattern that fits them, as ``aw.swap(include=...)`` takes it.
    """
    groups: dict[tuple[str, ...], list[Site]] = defaultdict(list)
    for site in sites:
        name = site.name if is_full else pattern_of(site.name)
        groups[name, site.activation, site.role].append(site)
    rows = [
        (
            group[0].name if len(group) == 1 else name,
            len(group),
            activation,
            role,
            _channels(group),
            max(site.calls for site in group),
            " ".join(dict.fromkeys(site.place for site in group)),
        )
        for (name, activation, role), group in groups.items()
    ]
    header = ["site", "sites", "activation", "role", "channels", "calls", "called at"]
    if is_full or len(rows) == sum(map(len, groups.values())):
        header.remove("sites")
        rows = [row[:1] + row[2:] for row in rows]  # type: ignore[misc]
    if rows:
        right = ("sites", "channels", "calls")
        print_columns(header, rows, right=right, spare=("called at", "calls"))


def print_misses(misses: Sequence["Miss"], *, is_full: bool) -> None:
    """What was to be replaced and is not, with the reason; equal ones in one line."""
    groups: dict[tuple[str, str], list[Miss]] = defaultdict(list)
    for miss in misses:
        name = miss.site.name if is_full else pattern_of(miss.site.name)
        groups[name, miss.reason].append(miss)
    for (name, reason), group in groups.items():
        first = str(group[0])
        stay = f"{name}: {len(group)} sites stay, since {reason}"
        print_folded("missed", first if len(group) == 1 else stay, indent=INDENT)


def pattern_of(name: str) -> str:
    """A site's name with a ``*`` for every number of its path: ``layer*.*.relu``."""
    path, at, place = name.partition("@")
    return f"{_NUMBER.sub('*', path)}{at}{place}"


def kept(sites: Iterable["Site"]) -> str:
    """``3 gates, 1 output``: what no swap replaces unless it is told to; empty if there is none."""
    roles = Counter(site.role for site in sites if not site.is_activation)
    return ", ".join(_of_role(role, number) for role, number in roles.items())


def _of_role(role: str, number: int) -> str:
    if role == "input":
        return f"{number} of the input"
    return f"{number} softmax" if role == "softmax" else counted(number, role)


def _channels(sites: Sequence["Site"]) -> str:
    """``64``, ``64/128``, or ``64 to 2048`` where there are many."""
    counts = sorted({size for site in sites for size in site.channels})
    if len(counts) > _MOST_COUNTS:
        return f"{counts[0]} to {counts[-1]}"
    return "/".join(map(str, counts))
