"""What part of a study is asked for, and in which words its levels are said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...store.tables import setting_of

Row = Mapping[str, Any]
USUAL_FACTORS = ("dataset", "model", "regularization", "activation")
DEFAULT_RESPONSE = "test_accuracy"


@dataclass(frozen=True)
class Selection:
    """What of the runs is analysed; what is None is decided by where they come from.

    Attributes:
        factors: Columns that tell cells apart.
        response: The measured column.
        lower_is_better: Whether a low response is good.
        study: Only this study of a store.
        where: Conditions ``FIELD=VALUE`` on the rows.
        preset: The program that wrote a table (:data:`actwise.rows.PROGRAMS`).
        columns: Of a table, what its columns are: our name, and the table's.
    """

    factors: tuple[str, ...] | None = None
    response: str | None = None
    lower_is_better: bool = False
    study: str | None = None
    where: tuple[str, ...] = ()
    preset: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


def level_text(factor: str, level: str) -> str:
    """A level, with the name of its factor where the level alone would not tell."""
    return level if factor in USUAL_FACTORS else f"{setting_of(factor)}={level}"
