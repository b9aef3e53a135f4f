"""What ``actwise recommend`` notes of a race in the study under which its runs are filed."""

from pydantic import Field

from .train import Typed


class RaceSpec(Typed):
    """A race whose runs a study holds; its candidates are the levels of ``activation``.

    Attributes:
        incumbent: The activation in use, one of the candidates; None: there is none.
        margin: Points that do not matter, as asked for; None: what runs can tell.
        budget: As it was asked for, such as ``33%``, ``7runs`` or ``30m``; None: the usual one.
        full_runs: What that came to, in trainings of full length. A duration is turned into it
            once, before the first training: so a race that goes on ends where it would have ended.
    """

    incumbent: str | None = None
    margin: float | None = Field(None, gt=0)
    budget: str | None = None
    full_runs: float = Field(gt=0)
