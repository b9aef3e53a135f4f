"""Loads a data set: found, decoded, brought into canonical order, checked, cached."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import DataError
from ..content import (
    Arrays,
    Dataset,
    DatasetInfo,
    Found,
    ImageSizeError,
    Published,
    Split,
    canonical,
    check_arrays,
    describe_shape,
    digest,
    is_memory,
    is_pinned,
    notes_on,
    telling_memory,
)
from ..levels import (
    Request,
    UserRequest,
    data_folder,
    locate,
    parse_dataset,
    source_key,
    unreadable,
)
from .cache import Cache


def load(level: str, data_dir: str | Path | None = None) -> Dataset:
    """The data set of a level, in canonical order, memory-mapped from the cache.

    The first load decodes, later ones only verify. Without a data folder (neither ``data_dir`` nor
    $ACTWISE_DATA) a set whose digest is pinned is taken from the cache if it is there: its
    content is the same wherever it came from. With one, the data must be in it.

    Args:
        level: ``cifar10``, ``folder:PATH``, ``parquet:PATH``, ``package.module:Name`` ...
        data_dir: The data folder; None means $ACTWISE_DATA.

    Raises:
        SpecError: for an unknown name or a user's code that cannot be imported.
        DataError: if the data are missing, damaged or not what they claim to be.
    """
    return Dataset.of(*_load(parse_dataset(level), data_dir))


def info(level: str, data_dir: str | Path | None = None) -> DatasetInfo:
    """The facts of a data set; needs no data on disk where the table pins the digest.

    Other sets are decoded once, and remembered in the cache. Takes and raises what :func:`load`
    does.
    """
    request = parse_dataset(level)
    if isinstance(request, UserRequest):
        return _load(request, data_dir)[0]
    if request.entry.pinned_info is not None:
        return request.entry.pinned_info
    found = locate(request, data_dir)
    remembered = Cache.default().recall(source_key(request, found), request.level)
    return as_found(remembered, found) if remembered else _cached(request, found)[0]


def require_files(level: str, data_dir: str | Path | None = None) -> None:
    """Whether a set that is planned without its files could be read now; decodes nothing.

    Raises:
        SpecError: for an unknown name.
        DataError: if it is incomplete or not in the data folder or, where none is given, not in
            the cache either.
    """
    request = parse_dataset(level)
    if not isinstance(request, Request) or (facts := request.entry.pinned_info) is None:
        return
    if data_folder(data_dir) or not Cache.default().holds(facts.digest):
        locate(request, data_dir)


def load_planned(level: str, data_dir: str | Path | None, *, digest: str) -> Dataset:
    """What :func:`take_over` kept of that digest, or else as :func:`load`.

    A user's set comes from there alone: its code is not called.

    Raises:
        SpecError, DataError: as :func:`load` does, and if a user's set is not in the cache.
    """
    return Dataset.of(*_planned(level, data_dir, digest))


def hand_over(
    level: str, data_dir: str | Path | None, *, digest: str
) -> tuple[DatasetInfo, Arrays]:
    """The content of :func:`load_planned`, for a machine that may not have it.

    Raises:
        SpecError, DataError: as that.
    """
    info, arrays = _planned(level, data_dir, digest)
    train, test = (
        Split(np.asarray(part.images_NCHW), np.asarray(part.labels_N))
        for part in (arrays.train, arrays.test)
    )
    return info, replace(arrays, train=train, test=test)


def take_over(info: DatasetInfo, arrays: Arrays) -> bool:
    """Keep what was handed over in the cache of this machine; False (logged) if that fails."""
    return Cache.default().store(_planned_key(info.digest), info, arrays=arrays)


def read_found(request: Request | UserRequest, found: Found) -> tuple[DatasetInfo, Arrays]:
    """Decode, whatever the cache holds, into canonical order; not yet held against a pin.

    The notes are those on the content, without those of ``found``.

    Raises:
        DataError: if the files are damaged or do not fit together.
    """
    with telling_memory(found.where):
        try:
            arrays = found.read()
            check_arrays(arrays, where=found.where)
        except OSError as error:
            if is_memory(error):
                raise
            raise DataError(unreadable(error, where=found.where)) from None
        except ImageSizeError as error:
            way_out = request.resizing(error.fitting)
            raise DataError(f"{error}; {way_out}" if way_out else str(error)) from None
        arrays = canonical(arrays)
        content = digest(arrays)
        notes = arrays.notes if is_pinned(content) else (*arrays.notes, *notes_on(arrays))
    return DatasetInfo.of(arrays, level=request.level, digest=content, notes=notes), arrays


def mismatch(facts: DatasetInfo, published: Published) -> str | None:
    """In which way data differ from the published set; None if they do not."""
    if facts.input_shape != published.input_shape:
        shapes = describe_shape(facts.input_shape), describe_shape(published.input_shape)
        return f"its images are {shapes[0]}, expected {shapes[1]}"
    for part, number, expected in (
        ("training", facts.num_train, published.num_train),
        ("test", facts.num_test, published.num_test),
    ):
        if number != expected:
            return f"it has {number} {part} images, expected {expected}"
    if facts.num_classes != len(published.class_names):
        return f"it has {facts.num_classes} classes, expected {len(published.class_names)}"
    names = zip(facts.class_names, published.class_names, strict=True)
    for label, (name, expected_name) in enumerate(names):
        if name != expected_name:
            return f"its class {label} is {name!r}, expected {expected_name!r}"
    if published.digest not in (None, facts.digest):
        return f"its content has the SHA-256 {facts.digest}, expected {published.digest}"
    return None


def _planned(level: str, data_dir: str | Path | None, digest: str) -> tuple[DatasetInfo, Arrays]:
    request = parse_dataset(level)
    cache = Cache.default()
    kept = _from_cache(cache, _planned_key(digest), level=request.level)
    if kept is None and not isinstance(request, UserRequest):
        return _load(request, data_dir)
    if kept is None:
        raise DataError(
            f"data set {level!r} is not in the cache {cache.root}, through which a plan hands "
            "users' data to its runs; it must be writable, and keep them until the last run"
        )
    return kept


def _load(
    request: Request | UserRequest, data_dir: str | Path | None
) -> tuple[DatasetInfo, Arrays]:
    if isinstance(request, UserRequest):
        facts, arrays = read_found(request, locate(request, data_dir))
        take_over(facts, arrays)
        return facts, arrays
    pinned = request.entry.pinned_info
    if pinned and request.entry.location == "data_dir" and data_folder(data_dir) is None:
        kept = Cache.default().read(pinned.digest, pinned.class_names)
        if kept is not None:
            return pinned, kept
    return _cached(request, locate(request, data_dir))


def _cached(request: Request, found: Found) -> tuple[DatasetInfo, Arrays]:
    cache, key = Cache.default(), source_key(request, found)
    kept = _from_cache(cache, key, level=request.level)
    if kept is None:
        with cache.decoding(key):
            # Another process may have decoded it while this one waited.
            kept = _from_cache(cache, key, level=request.level)
            kept = kept or _decoded(request, found, cache=cache, key=key)
    return as_found(kept[0], found), kept[1]


def _decoded(
    request: Request, found: Found, *, cache: Cache, key: str
) -> tuple[DatasetInfo, Arrays]:
    entry = request.entry
    facts, arrays = read_found(request, found)
    problem = mismatch(facts, entry.published) if entry.published else None
    if problem:
        raise DataError(f"{found.where} is not the published {entry.name}: {problem}")
    if cache.store(key, facts, arrays=arrays):
        arrays = cache.read(facts.digest, facts.class_names) or arrays
    return facts, arrays


def as_found(facts: DatasetInfo, found: Found) -> DatasetInfo:
    """With what is to be said of the files as they lie there now, which the cache does not know."""
    return replace(facts, notes=(*found.notes, *facts.notes))


def _planned_key(digest: str) -> str:
    """Names a set in the cache by its content: its source is known to its author or planner."""
    return f"planned-{digest}"


def _from_cache(cache: Cache, key: str, *, level: str) -> tuple[DatasetInfo, Arrays] | None:
    facts = cache.recall(key, level)
    arrays = cache.read(facts.digest, facts.class_names) if facts else None
    return (facts, arrays) if facts and arrays else None
