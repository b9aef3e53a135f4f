"""What is measured of a run, and what is known of it beside its values."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["percent", "none"]


@dataclass(frozen=True)
class Response:
    """What is measured of a run.

    Attributes:
        column: Its column.
        higher_is_better: Its direction.
        unit: ``percent`` (0 to 100) or ``none``; None = its name and its values tell.
        is_task: Whether a training of the user's own gave it back: then nobody knows what guessing
            would give, how many images are behind it, or which difference matters.
    """

    column: str = "test_accuracy"
    higher_is_better: bool = True
    unit: Unit | None = None
    is_task: bool = False


TEST_ACCURACY = Response()
"""Of our own trainings, in percent."""
