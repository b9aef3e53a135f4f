"""The answers: true classes of test images, once for every data set that runs were trained on.

With them what needs to know which images a run got right is computed wherever a store is read.
"""

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select

from ...errors import StoreError
from ..database import chunks, dialect_of
from ..database.schema import answers, predictions, runs
from ..records import Answers


def write_answers(connection: Connection, new: Mapping[str, Answers]) -> int:
    """Keep the answers of data sets, by their digests; how many the store lacked.

    Raises:
        StoreError: if the store has other answers of a data set.
    """
    known = read_answers(connection, new)
    rows = [
        {"data_digest": digest, "num_classes": found.num_classes, "labels": found.packed}
        for digest, found in new.items()
        if digest not in known
    ]
    if rows:
        # Another driver may write the same at this moment.
        connection.execute(dialect_of(connection).insert_new(answers), rows)
        known = read_answers(connection, new)
    for digest, found in known.items():
        if not found.says_the_same(new[digest]):
            raise StoreError(f"the store has other answers to the test images of data {digest}")
    return len(rows)


def read_answers(connection: Connection, digests: Iterable[str]) -> dict[str, Answers]:
    """The answers of these data sets, where the store has them."""
    return {
        row.data_digest: Answers(row.num_classes, row.labels)
        for chunk in chunks(dict.fromkeys(digests))
        for row in connection.execute(select(answers).where(answers.c.data_digest.in_(chunk)))
    }


def read_predicted(connection: Connection, digest: str) -> list[str]:
    """The runs trained on this data whose predictions are stored."""
    query = select(runs.c.run_id, runs.c.settings).join(
        predictions, predictions.c.run_id == runs.c.run_id
    )
    found = connection.execute(query.where(runs.c.settings.contains(digest)))
    return [run_id for run_id, settings in found if data_digest_of(settings) == digest]


def read_data_digests(connection: Connection, run_ids: Iterable[str]) -> dict[str, str]:
    """The digest of the data that each of these runs is trained on."""
    query = select(runs.c.run_id, runs.c.settings)
    return {
        run_id: data_digest_of(settings)
        for chunk in chunks(run_ids)
        for run_id, settings in connection.execute(query.where(runs.c.run_id.in_(chunk)))
    }


def data_digest_of(settings: str) -> str:
    """The digest in the stored settings of a run."""
    return str(json.loads(settings)["data"])


def drop_unused_answers(connection: Connection) -> None:
    """Delete the answers of data sets that no run is trained on any more."""
    used = {data_digest_of(text) for text in _distinct_settings(connection)}
    for digest in connection.execute(select(answers.c.data_digest)).scalars().all():
        if digest not in used:
            connection.execute(delete(answers).where(answers.c.data_digest == digest))


def _distinct_settings(connection: Connection) -> Iterable[str]:
    return connection.execute(select(runs.c.settings).distinct()).scalars()
