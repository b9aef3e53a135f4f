"""``--where FIELD=VALUE``: the rows of a table that meet every condition."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...errors import SpecError, UnknownNameError
from ...registry import format_value, parse_value
from .tasks import in_full

if TYPE_CHECKING:
    import pyarrow as pa


def keep_where(
    table: "pa.Table",
    where: Sequence[str],
    *,
    known: Mapping[str, Collection[Any]] = MappingProxyType({}),
) -> "pa.Table":
    """The rows that meet all conditions; of several on one field, one is enough.

    A value is compared as text and, if it is one, as a number (``width=1`` finds 1.0);
    ``on``/``off`` and ``true``/``false`` are booleans; an empty value and ``none`` find the empty
    cells.

    Args:
        table: Any table.
        where: Conditions ``FIELD=VALUE``.
        known: By field, the values that it can have; on other fields any value may be asked for.

    Raises:
        SpecError: if a condition is not FIELD=VALUE.
        UnknownNameError: if the table has no such field, or the field never that value; with the
            nearest names.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for field, values in parse_where(where, table.column_names).items():
        if field in known:
            refuse_unknown(field, values, known[field])
        column = table[field]
        met = [value for value in column.unique().to_pylist() if is_any(value, values)]
        table = table.filter(pc.is_in(column, pa.array(met, column.type)))
    return table


def conditions(where: str | Iterable[str]) -> tuple[str, ...]:
    """Several conditions, or one alone as somebody may write it in Python."""
    return (where,) if isinstance(where, str) else tuple(where)


def parse_where(where: Sequence[str], fields: Sequence[str]) -> dict[str, list[str]]:
    """The values asked for, by field.

    Raises:
        SpecError: if a condition is not FIELD=VALUE.
        UnknownNameError: if a field is not among ``fields``.
    """
    asked: dict[str, list[str]] = defaultdict(list)
    for condition in conditions(where):
        field, equals, value = condition.partition("=")
        if not equals:
            raise SpecError(f"--where {condition!r} is not FIELD=VALUE, such as activation=relu")
        name = in_full(field.strip(), fields)
        if name not in fields:
            raise UnknownNameError("field", name, fields)
        asked[name].append(value.strip())
    return dict(asked)


def refuse_unknown(field: str, asked: Iterable[str], known: Collection[Any]) -> None:
    """Refuse a value that a field never has.

    Raises:
        UnknownNameError: with the nearest of the known values.
    """
    for text in asked:
        if not any(is_any(value, [text]) for value in known):
            names = sorted({format_value(value) for value in known if value is not None})
            raise UnknownNameError(f"{field} of these runs", text, names)


def is_any(value: Any, asked: Iterable[str]) -> bool:
    """Whether a value is one of those asked for; see :func:`keep_where` for how they compare."""
    if value is None:
        return not {"", "none"}.isdisjoint(asked)
    return any(str(value) == text or _is_equal(value, parse_value(text)) for text in asked)


def _is_equal(value: Any, asked: Any) -> bool:
    """``width=1`` finds 1.0, and no truth value."""
    return isinstance(value, bool) is isinstance(asked, bool) and bool(value == asked)
