"""What a swap did, and the way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from torch import nn

from ...errors import SpecError
from ...shown import Shown
from ..finding import Audit, Site


@dataclass(frozen=True)
class Miss:
    """A site that was to be replaced and was not, and why."""

    site: Site
    reason: str

    def __str__(self) -> str:
        return f"{self.site.name}: {self.site.activation} stays, since {self.reason}"


class Undo:
    """What has to be done to take a swap back, the last change first."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []
        self._of_model: list[ReferenceType[Undo]] = []

    def add(self, step: Callable[[], None]) -> None:
        self._steps.append(step)

    def stand(self, model: nn.Module) -> None:
        """From now on this goes back before what was swapped in the model before."""
        self._of_model = _STANDING.setdefault(model, [])
        self._of_model.append(ref(self))

    def run(self) -> None:
        while self._steps:
            self._steps.pop()()

    def take_back(self) -> None:
        """Run, unless a later swap stands on what this one did.

        Raises:
            SpecError: if one does.
        """
        later = [undo() for undo in self._of_model[self._of_model.index(ref(self)) + 1 :]]
        if self._steps and any(undo is not None and undo._steps for undo in later):
            raise SpecError("a later swap of this model stands; take that back before this one")
        self.run()


_STANDING: WeakKeyDictionary[nn.Module, list[ReferenceType[Undo]]] = WeakKeyDictionary()
"""The swaps of each model, in their order; a report that is gone is never taken back."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SwapReport(Shown):
    """What :func:`actwise.swap` did to a model.

    Attributes:
        audit: The model's sites before the swap.
        level: The canonical level that was put in.
        replaced: The sites that compute it now.
        missed: Those that were to be replaced and were not, each with its reason.
        warnings: Sentences on what may not be as it seems.
    """

    audit: Audit
    level: str
    replaced: tuple[Site, ...]
    missed: tuple[Miss, ...] = ()
    warnings: tuple[str, ...] = ()
    _undo: Undo = field(default_factory=Undo, repr=False, compare=False)

    @property
    def kept(self) -> tuple[Site, ...]:
        """The sites that nobody asked to replace: gates, outputs, what acts on the input ..."""
        touched = {*self.replaced, *(miss.site for miss in self.missed)}
        return tuple(site for site in self.audit if site not in touched)

    def undo(self) -> None:
        """Put the model's own modules and classes back; a second call does nothing.

        Weights that were trained meanwhile stay. Optimizers built since the swap still hold the
        parameters that go.

        Raises:
            SpecError: if the model was swapped again since, and that was not taken back.
        """
        self._undo.take_back()

    def to_dict(self) -> dict[str, Any]:
        """What ``swap --json`` prints."""
        return {
            "model": self.audit.model,
            "level": self.level,
            "summary": str(self),
            "replaced": [asdict(site) for site in self.replaced],
            "missed": [asdict(miss) for miss in self.missed],
            "warnings": [*self.warnings],
        }

    def to_rows(self) -> Sequence[Mapping[str, Any]]:
        """Every site of the audit, with what became of it."""
        outcomes = dict.fromkeys(self.replaced, "replaced")
        outcomes |= {miss.site: f"stays, since {miss.reason}" for miss in self.missed}
        return [{**asdict(s), "outcome": outcomes.get(s, "kept as it is")} for s in self.audit]

    def __str__(self) -> str:
        return (
            f"{self.audit}; swap -> {self.level}: {len(self.replaced)} replaced, "
            f"{len(self.missed)} missed"
        )
