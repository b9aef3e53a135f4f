"""Answers for a store that was written before stores kept them."""

from collections.abc import Mapping

from sqlalchemy import select

from ..database.schema import predictions, runs, study_runs
from ..records import Answers
from ..runs import data_digest_of, read_answers, write_answers
from ..store import RunStore


def missing_answers(store: RunStore) -> dict[str, str]:
    """Data sets whose test images were predicted and whose answers are not there.

    Returns:
        The digest of each, and its level as a study asked for it.
    """
    query = (
        select(study_runs.c.dataset, runs.c.settings)
        .join(runs, runs.c.run_id == study_runs.c.run_id)
        .join(predictions, predictions.c.run_id == runs.c.run_id)
        .distinct()
    )
    with store.database.reading() as connection:
        found = {data_digest_of(row.settings): row.dataset for row in connection.execute(query)}
        known = read_answers(connection, found)
    return {digest: level for digest, level in found.items() if digest not in known}


def add_answers(store: RunStore, new: Mapping[str, Answers]) -> None:
    """Keep answers by the digest of their data.

    Raises:
        StoreError: if the store has other answers of a data set, or cannot be written.
    """
    with store.database.writing() as connection:
        write_answers(connection, new)
