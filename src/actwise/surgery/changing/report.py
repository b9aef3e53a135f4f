"""What a swap did, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass, field

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

    def add(self, step: Callable[[], None]) -> None:
        self._steps.append(step)

    def run(self) -> None:
        while self._steps:
            self._steps.pop()()


@dataclass(frozen=True, kw_only=True)
class SwapReport:
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

    def undo(self) -> None:
        """Put the model's own modules and classes back; a second call does nothing.

        Weights that were trained meanwhile stay. Optimizers built since the swap still hold the
        parameters that go.
        """
        self._undo.run()

    def __str__(self) -> str:
        return (
            f"{self.audit}; swap -> {self.level}: {len(self.replaced)} replaced, "
            f"{len(self.missed)} missed"
        )
