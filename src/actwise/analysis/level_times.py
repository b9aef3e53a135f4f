"""How long each level of the compared factor trains: epochs and seconds."""

from collections.abc import Mapping
from dataclasses import dataclass

from .observations import Cell
from .source import Source


@dataclass(frozen=True)
class LevelTime:
    """One level: means over its cells, NaN where nothing was recorded.

    Attributes:
        level: Of the compared factor.
        epochs: Epochs of a run.
        train_seconds: Training time of a run; it depends on the machine and what else it did.
    """

    level: str
    epochs: float
    train_seconds: float


def level_times(source: Source) -> tuple[LevelTime, ...]:
    """A row a level, in the order of the study; none where no epochs were recorded."""
    observed = source.observed
    if observed is None or not source.epochs:
        return ()
    place = observed.position(observed.focus)
    return tuple(
        LevelTime(level, _mean(source.epochs, place, level), _mean(source.seconds, place, level))
        for level in observed.levels_of(observed.focus)
    )


def _mean(values: Mapping[Cell, float], place: int, level: str) -> float:
    mine = [value for cell, value in values.items() if cell[place] == level]
    return sum(mine) / len(mine) if mine else float("nan")
