"""What a training function gives back, read and checked: the numbers of one run."""

import math
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from ..errors import SpecError, shortened
from ..spec import METRIC_NAME
from ..store.records import MOST_METRICS, MOST_NUMBERS, Metrics

T = TypeVar("T")


class ReturnedError(SpecError):
    """A training function gave back what is no result."""


class Returned:
    """The numbers of one run: what was returned, or one dict an epoch.

    Attributes:
        num_epochs: Dicts that were yielded.
    """

    def __init__(
        self, function: str, *, response: str, is_percent: bool, settings: Collection[str]
    ) -> None:
        """``function`` as messages call it; no number may be named as one of ``settings``."""
        self.num_epochs = 0
        self._function = function
        self._response = response
        self._is_percent = is_percent
        self._settings = settings
        self._curves: dict[str, list[float | None]] = {}
        self._last: dict[str, float | None] = {}

    def take(self, value: Any, *, is_epoch: bool = False) -> dict[str, float | None]:
        """What was returned, or yielded after an epoch; numbers that are not finite are None.

        Raises:
            ReturnedError: if that is neither a number nor a dict of numbers.
        """
        verb = "yielded" if is_epoch else "returned"
        found = self._numbers(value, verb)
        length = self.num_epochs
        for name in found:
            self._curves.setdefault(name, [None] * length)
        if len(self._curves) > MOST_METRICS or len(self._curves) * (length + 1) > MOST_NUMBERS:
            raise ReturnedError(
                f"{self._function} gives back more than {MOST_METRICS} names or {MOST_NUMBERS:,} "
                "numbers"
            )
        for name, curve in self._curves.items():
            curve.append(found.get(name))
        self.num_epochs += is_epoch
        self._last = found
        return self._response_first(found)

    def metrics(self) -> Metrics:
        """All numbers, once the training has ended.

        Raises:
            ReturnedError: if the response was not among the last ones, or is no finite number.
        """
        if not self._curves:
            raise ReturnedError(f"{self._function} ended without yielding a dict")
        last = self._curves.get(self._response, [None])[-1]
        if last is None and self._response in self._last:
            raise ReturnedError(
                f"{self._function}: {self._response} is not finite at the end; where a training "
                "diverges, give back what it is worth then"
            )
        if last is None:
            verb = "last yielded" if self.num_epochs else "returned"
            names = ", ".join(self._last)
            raise ReturnedError(
                f"{self._function} {verb} no number named {self._response!r}, which the "
                f"study analyses; there is {names}"
            )
        if self._is_percent and not 0 <= last <= 100:
            raise ReturnedError(
                f"{self._function}: {self._response}={last:g} is no percentage from 0 to 100; "
                'write unit = "none" for other numbers'
            )
        return self._response_first({name: tuple(curve) for name, curve in self._curves.items()})

    def _response_first(self, found: dict[str, T]) -> dict[str, T]:
        first = {name: found[name] for name in (self._response,) if name in found}
        return first | found

    def _numbers(self, value: Any, verb: str) -> dict[str, float | None]:
        if value is None:
            raise ReturnedError(f"{self._function} {verb} nothing; {self._expected}")
        if not isinstance(value, Mapping):
            value = {self._response: value}
        if not value:
            raise ReturnedError(f"{self._function} {verb} an empty dict; {self._expected}")
        return {self._name(name): self._number(name, each, verb) for name, each in value.items()}

    def _name(self, name: Any) -> str:
        if not isinstance(name, str) or not METRIC_NAME.fullmatch(name):
            raise ReturnedError(
                f"{self._function} names a number {shortened(name)}; expected letters, digits and "
                "any of . _ - / @ % +, such as val_accuracy"
            )
        if name in self._settings:
            raise ReturnedError(
                f"{self._function} names a number {name!r}, which is one of its settings; call it "
                "otherwise"
            )
        return name

    def _number(self, name: str, value: Any, verb: str) -> float | None:
        is_text = isinstance(value, str | bytes | bool)
        try:
            number = math.nan if is_text else float(value)
        except (TypeError, ValueError, OverflowError, RuntimeError):
            is_text = True
        if is_text:
            raise ReturnedError(
                f"{self._function} {verb} {name}={shortened(value)}; {self._expected}"
            )
        return number if math.isfinite(number) else None

    @property
    def _expected(self) -> str:
        return f"expected a number, or a dict of numbers with {self._response!r}"
