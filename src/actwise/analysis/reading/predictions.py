"""Which test images each run classified correctly, where that can be known without more ado.

The true classes come from the cache of decoded data by the digest that the runs were trained on, so
they are the right ones; nothing is decoded, downloaded or imported for them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...datasets import DATASETS
from ...datasets.cache import Cache
from ...store import StoreSnapshot
from ...store.records import unpack_predictions
from ..table import Booleans, Cell, Integers, Observations

MOST_RUNS = 500
"""Above so many runs predictions are not read: 10,000 runs would take a minute."""

Correct = Mapping[Cell, Mapping[str, Booleans]]
"""For each cell and seed, whether each test image was classified correctly."""


def correct_predictions(
    snapshot: StoreSnapshot, cells: Mapping[str, Cell], rows: Sequence[Mapping[str, Any]]
) -> Correct:
    """Correct test images of the finished runs; without those whose data are not in the cache.

    Args:
        snapshot: With the predictions, which are there up to :data:`MOST_RUNS` runs.
        cells: Cell of each run.
        rows: Each run with its ``run_id``, ``seed`` and ``dataset``.
    """
    labels: dict[tuple[str, str], Integers | None] = {}
    found: dict[Cell, dict[str, Booleans]] = defaultdict(dict)
    for row in rows:
        predicted = snapshot.predictions.get(row["run_id"])
        if predicted is None:
            continue
        key = (str(row["dataset"]), predicted.data_digest)
        if key not in labels:
            labels[key] = _test_labels(*key)
        classes_N, known_N = unpack_predictions(predicted.packed), labels[key]
        if known_N is not None and len(known_N) == len(classes_N):
            found[cells[row["run_id"]]][str(row["seed"])] = classes_N == known_N
    return dict(found)


def with_image_halves(observed: Observations, correct: Correct) -> Observations:
    """The runs with their accuracy on either half of the test images, every other one.

    Unchanged unless the predictions of every completed run are known: rules must not be scored on
    halves here and on all images there.
    """
    if observed.seeds_R is None or observed.response != "test_accuracy":
        return observed
    halves_R2 = np.full((observed.num_runs, 2), np.nan)
    for run in np.flatnonzero(~observed.diverged_R):
        seeds = correct.get(observed.cells[observed.run_cells[run]], {})
        correct_N = seeds.get(observed.seeds_R[run])
        if correct_N is None or len(correct_N) < 2:
            return observed
        halves_R2[run] = [100.0 * correct_N[half::2].mean() for half in (0, 1)]
    return replace(observed, image_halves_R2=halves_R2)


def shared_seeds(first: Mapping[str, Booleans], second: Mapping[str, Booleans]) -> Sequence[str]:
    """Seeds that both cells have, in the order of numbers."""
    return sorted(set(first) & set(second), key=lambda seed: (len(seed), seed))


def _test_labels(level: str, digest: str) -> Integers | None:
    """Of a shipped data set whose content is pinned; a user's own would have to be decoded."""
    entry = DATASETS.get(level)
    pinned = entry.pinned_info if entry else None
    if pinned is None or pinned.digest != digest:
        return None
    arrays = Cache.default().read(digest, pinned.class_names)
    return None if arrays is None else np.asarray(arrays.test.labels_N, dtype=np.int64)
