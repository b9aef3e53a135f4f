"""The answers of data sets held against the predictions of runs, whichever of them came first."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import Connection, select

from ...errors import StoreError
from ..database.schema import predictions, runs, study_runs
from ..records import Answers, RunRecord, unpack_predictions
from ..runs import data_digest_of, read_answers, read_predicted, read_result, write_answers
from ..store import RunStore

_ROUNDING = 1e-9
"""In percent; an accuracy is a whole number of images over their number."""


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

    def read(connection: Connection) -> dict[str, str]:
        found = {data_digest_of(row.settings): row.dataset for row in connection.execute(query)}
        known = read_answers(connection, found)
        return {digest: level for digest, level in found.items() if digest not in known}

    return store.database.read(read)


def add_answers(store: RunStore, new: Mapping[str, Answers]) -> None:
    """Keep answers by the digest of their data.

    Raises:
        StoreError: if the store has other answers of a data set or predictions that do not fit
            them, or cannot be written.
    """

    def write(connection: Connection) -> None:
        check_stored_predictions(connection, new)
        write_answers(connection, new)

    store.database.write(write)


def check_stored_predictions(connection: Connection, new: Mapping[str, Answers]) -> None:
    """Hold the predictions of a store against answers that it is about to get.

    Raises:
        StoreError: if they do not fit.
    """
    for digest, answers in new.items():
        for run_id in read_predicted(connection, digest):
            record = read_result(connection, run_id)
            assert record is not None, "predictions stand beside a result"
            check_predictions(record, answers)


def check_predictions(record: RunRecord, answers: Answers) -> None:
    """Hold predictions and an accuracy, where there are any, against the answers of the data.

    Raises:
        StoreError: if they do not fit.
    """
    if record.predictions is None:
        return
    run_id, accuracy = record.run_id, record.test_accuracy
    classes_N = unpack_predictions(record.predictions)
    if len(classes_N) != len(answers.labels):
        raise StoreError(
            f"run {run_id} has predictions of {len(classes_N)} images, and the answers of its "
            f"data are {len(answers.labels)}"
        )
    if classes_N.max() >= answers.num_classes:
        raise StoreError(f"run {run_id} predicts class {classes_N.max()} of {answers.num_classes}")
    found = 100 * float(np.mean(classes_N == answers.labels))
    if accuracy is None or abs(found - accuracy) > _ROUNDING:
        raise StoreError(
            f"the predictions of run {run_id} come to a test accuracy of {found:g}, and "
            f"{accuracy} is recorded"
        )
