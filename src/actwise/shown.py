"""Results that show themselves: in a session, in a notebook, as plain values, as a DataFrame.

A result is data. Its words, tables and pictures are made in ``report``, far above what makes
results, so this asks for them by name, and only when a result is shown: no unit below ``report``
imports it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import SpecError

if TYPE_CHECKING:
    from pandas import DataFrame


class Shown(ABC):
    """A result; every kind of it has an entry in ``report.display``."""

    def __repr__(self) -> str:
        """The decision in a few lines, fewer than 1,500 characters."""
        return str(self._display().text())

    def _repr_html_(self) -> str:
        """For notebooks: the decision, its table and its figure, without scripts."""
        return str(self._display().html())

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values: what ``--json`` prints (docs/json.md)."""

    @abstractmethod
    def to_rows(self) -> Sequence[Mapping[str, Any]]:
        """The rows of its main table, as plain values: what a DataFrame of it is made of."""

    def to_frame(self) -> "DataFrame":
        """Its main table as a DataFrame of pandas.

        Raises:
            SpecError: if pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError:
            raise SpecError(
                "to_frame() makes a DataFrame of pandas, which is not installed: pip install "
                "pandas; to_rows() has the same rows"
            ) from None
        return DataFrame(self.to_rows())

    def _display(self) -> Any:
        return import_module("actwise.report.display").display_of(self)
