"""A plan as cells: the levels that tell them apart, and the runs of each by seed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..analysis.reading import level_text
from ..analysis.table import planned_settings
from ..registry import format_value
from ..spec import REQUIRED_FACTORS
from ..store import StoredRun
from ..store.tables import setting_of

_ACTIVATION = "activation"


@dataclass(frozen=True)
class BoardCell:
    """One label of a study.

    Attributes:
        levels: Of the factors that vary in the study, as text.
        name: The levels in one line.
        activation: Its level.
        network: The name without the activation.
        num_epochs: Of a training; None where it is the user's own and does not tell.
        runs: (seed, id), rising.
    """

    levels: tuple[str, ...]
    name: str
    activation: str
    network: str
    num_epochs: int | None
    runs: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class BoardStudy:
    """The cells of one study in the order of its plan, and the names of their levels."""

    name: str
    factors: tuple[str, ...]
    cells: tuple[BoardCell, ...]


def make_studies(planned: Sequence[StoredRun]) -> tuple[BoardStudy, ...]:
    """The studies of some lines of plans; outdated runs are in no cell."""
    lines: dict[str, list[StoredRun]] = defaultdict(list)
    for line in planned:
        if not line.is_outdated:
            lines[line.study].append(line)
    return tuple(_study(name, mine) for name, mine in lines.items())


def _study(name: str, lines: Iterable[StoredRun]) -> BoardStudy:
    labels: dict[str, list[StoredRun]] = defaultdict(list)
    for line in lines:
        labels[line.label].append(line)
    settings = [planned_settings(mine[0]) for mine in labels.values()]
    names = dict.fromkeys((*REQUIRED_FACTORS, *(n for known in settings for n in known)))
    columns = {n: [format_value(known.get(n)) for known in settings] for n in names}
    varying = [n for n in names if len(set(columns[n])) > 1] or [_ACTIVATION]
    cells = []
    for place, mine in enumerate(labels.values()):
        epochs = settings[place].get("train.epochs")
        named = {n: level_text(n, columns[n][place]) for n in varying}
        cells.append(
            BoardCell(
                levels=tuple(columns[n][place] for n in varying),
                name=" ".join(named.values()),
                activation=columns[_ACTIVATION][place],
                network=" ".join(text for n, text in named.items() if n != _ACTIVATION),
                num_epochs=epochs if isinstance(epochs, int) else None,
                runs=tuple(sorted((line.seed, line.run_id) for line in mine)),
            )
        )
    return BoardStudy(name, tuple(map(setting_of, varying)), tuple(cells))
