"""``data list``: every data set of the table, and whether it is here."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...errors import DataError, SpecError
from ..content import DATASETS, DatasetEntry
from ..levels import Request, data_folder, find, parse_dataset, source_key, unreadable
from .cache import Cache

_MOST_PLACES = 200


@dataclass(frozen=True)
class Listing:
    """One line of ``data list``.

    Attributes:
        level: As it is written in a study (``folder:PATH`` for a form that needs a path).
        num_train, num_test: None where they depend on the path.
        where: The file or folder found; None if there is none.
        problem: What keeps data that are partly there from being read.
        is_cached: Whether its decoded images lie in the cache.
    """

    level: str
    description: str
    num_train: int | None
    num_test: int | None
    where: str | None
    problem: str | None
    is_cached: bool


def listing(data_dir: str | Path | None = None) -> tuple[Listing, ...]:
    """All data sets in the order of the table; looks for files, decodes nothing.

    Raises:
        DataError: if the data folder does not exist.
    """
    folder = data_folder(data_dir)
    return tuple(_line(entry, folder) for entry in DATASETS.values())


def found_levels(data_dir: str | Path | None = None) -> Iterator[str]:
    """Levels of what a run could read now, published sets first; decodes nothing.

    Then the data folder itself and what lies in it, where it looks like data of the user's own;
    whether these can be read tells :func:`.load.info`.

    Raises:
        DataError: if the data folder does not exist or cannot be listed.
    """
    folder = data_folder(data_dir)
    published = [line for line in listing(data_dir) if ":" not in line.level and not line.problem]
    for line in published:
        if line.where is not None or (line.is_cached and folder is None):
            yield line.level
    taken = [Path(line.where).resolve() for line in published if line.where]
    try:
        places = [] if folder is None else [folder, *sorted(folder.iterdir())[:_MOST_PLACES]]
    except OSError as error:
        raise DataError(unreadable(error, where=str(folder))) from None
    for place in places:
        if not any(path.is_relative_to(place.resolve()) for path in taken):
            yield from _own(place)


def _own(place: Path) -> Iterator[str]:
    """The first form of users' data that lies there."""
    for entry in DATASETS.values():
        if entry.location == "path" and not place.name.startswith("."):
            level = f"{entry.name}:{place}"
            with suppress(DataError, SpecError):  # it is another form, or none
                request = parse_dataset(level)
                if isinstance(request, Request) and find(request, None) is not None:
                    yield level
                    return


def _line(entry: DatasetEntry, folder: Path | None) -> Listing:
    needs_path = entry.location == "path"
    where, problem, key = None, None, None
    try:
        request = Request(entry.name, entry)
        found = None if needs_path else find(request, folder)
        if found is not None:
            where, key = found.where, source_key(request, found)
    except DataError as error:
        problem = str(error)
    return Listing(
        level=f"{entry.name}:PATH" if needs_path else entry.name,
        description=entry.description,
        num_train=entry.published.num_train if entry.published else None,
        num_test=entry.published.num_test if entry.published else None,
        where=where,
        problem=problem,
        is_cached=_is_cached(entry, key),
    )


def _is_cached(entry: DatasetEntry, key: str | None) -> bool:
    cache = Cache.default()
    facts = entry.pinned_info or (cache.recall(key, entry.name) if key else None)
    return facts is not None and cache.holds(facts.digest)
