"""Does the ranking speak for the whole study, or for the conditions that happen to be complete?"""

from collections.abc import Iterable
from dataclasses import dataclass

from .contrasts import conditions
from .evidence import Evidence
from .ranking import shared_conditions
from .table import Cell


@dataclass(frozen=True)
class Coverage:
    """Over how many conditions the levels are ranked.

    Attributes:
        shared: Conditions in which every ranked level has completed runs.
        total: Conditions of the study, those included that wait for their first result.
        absent: Planned levels without any result.
    """

    shared: int
    total: int
    absent: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the study is left out."""
        return self.shared == self.total and not self.absent


def coverage(evidence: Evidence, *, pending: Iterable[Cell] = ()) -> Coverage:
    """What of the study the ranking covers.

    Args:
        evidence: The runs.
        pending: Planned cells without any result.
    """
    observed = evidence.observed
    cells = dict.fromkeys((*observed.cells, *pending))
    found = conditions(observed.factors, cells, focus=observed.focus)
    place = observed.position(observed.focus)
    known = {cell[place] for cell in observed.cells}
    absent = dict.fromkeys(cell[place] for cell in cells if cell[place] not in known)
    return Coverage(len(shared_conditions(evidence)), len(found), tuple(absent))
