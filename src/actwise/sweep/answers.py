"""Answers from the data themselves, for results of versions that did not keep them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..datasets import load_planned
from ..errors import ActwiseError
from ..store import RunStore
from ..store.exchange import add_answers, missing_answers
from ..store.records import Answers


@dataclass(frozen=True)
class Filled:
    """Data sets whose answers were added, and why those of others are still lacking."""

    added: tuple[str, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)


def fill_answers(store: RunStore, data_dir: Path) -> Filled:
    """Add the answers that a store lacks from the data that its runs were trained on.

    Data are the same exactly if their digest is; of others no answers are taken.

    Args:
        store: Any store.
        data_dir: The data folder.

    Raises:
        StoreError: if the store cannot be written.
    """
    found: dict[str, Answers] = {}
    added, lacking = [], {}
    for digest, level in missing_answers(store).items():
        try:
            dataset = load_planned(level, data_dir, digest=digest)
        except ActwiseError as error:
            lacking[level] = str(error)
            continue
        if dataset.info.digest != digest:
            lacking[level] = f"data set {level!r} is not what its runs were trained on"
            continue
        found[digest] = Answers.of(np.asarray(dataset.test_labels_N), dataset.info.num_classes)
        added.append(level)
    if found:
        add_answers(store, found)
    return Filled(tuple(added), lacking)
