"""What a report says besides its first screen, in order; terminal and page share it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...analysis import Analysis
from .. import words
from ..tables import View
from .cells import cell_views, conditions_view
from .checks import check_views, findings_view
from .claims import claim_views
from .differences import difference_views
from .effects import effect_views


@dataclass(frozen=True)
class Section:
    """A heading with tables, then sentences; both are empty where it is for figures."""

    id: str
    title: str
    views: tuple[View, ...] = ()
    sentences: tuple[str, ...] = ()


def sections(analysis: Analysis) -> Iterator[Section]:
    """Every section, whether or not it has something to say."""
    differences = (conditions_view(analysis), *difference_views(analysis))
    yield Section("results", "Results", _known(cell_views(analysis)))
    yield Section("differences", "Differences", _known(differences))
    yield Section("curves", "Curves")
    yield Section("effects", "Effects", _known(effect_views(analysis)))
    yield Section("claims", "Claims", _known(claim_views(analysis)))
    yield Section("findings", "Findings", _known([findings_view(analysis)]))
    said = (*words.provenance(analysis), *words.limits(analysis))
    yield Section("provenance", "Provenance and limits", _known(check_views(analysis)), said)


def _known(views: Iterable[View | None]) -> tuple[View, ...]:
    return tuple(view for view in views if view is not None)
