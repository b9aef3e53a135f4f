"""The tables of a store. What a column means and may hold is said once, here.

Blobs (predictions, probes) and curves (epochs) lie in tables of their own, so that reading runs
touches none of them. Times of day are UTC in ISO 8601, JSON is text with sorted keys.
"""

import hashlib
import json
import secrets
from typing import Any

import sqlalchemy
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

from .values import (
    AMOUNT,
    CLASSES,
    COMMAND,
    COUNT,
    FROM_ONE,
    LEVEL,
    PERCENT,
    SEED,
    STATUS,
    STUDY,
    TIME,
    WIDTH,
    hexadecimal,
)

SCHEMA_VERSION = 7
"""Raised with a step in :mod:`.migrations` and a stored sample in tests/store/data."""

metadata = MetaData()
# Ids of a database that lives long, and counts of a foreign export, pass four bytes.
Integer = sqlalchemy.Integer().with_variant(BigInteger(), "postgresql")


def storable(text: str) -> str:
    """With escapes for what UTF-8 has no bytes for, as in names of files that were not UTF-8.

    NUL, which PostgreSQL takes in no text, is left out.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "")


class AnyText(TypeDecorator[str]):
    """A column that takes every text, and compares with it, as :func:`storable` gives it.

    Texts are equal and sorted by their bytes, whatever the language of the database.
    """

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True
    python_type = str

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """For what is written and what is looked for."""
        return None if value is None else storable(value)


studies = Table(
    "studies",
    metadata,
    # One row for every spec started under a name; the plan is the union of them.
    Column("study", AnyText, primary_key=True, info=STUDY),
    Column("study_hash", AnyText, primary_key=True, info=hexadecimal(16)),
    Column("started_at", AnyText, nullable=False, info=TIME),
    Column("spec", AnyText, nullable=False),
    # What was fixed and when: a JSON list of Registration; NULL before version 2.
    Column("registered", AnyText),
    # The file or the shipped name that it was started from and the overrides, as a JSON list;
    # NULL where it was a dict, and before version 5.
    Column("started_as", AnyText),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", AnyText, primary_key=True, info=hexadecimal(20)),
    Column("spec_hash", AnyText, nullable=False, index=True, info=hexadecimal(32)),
    Column("cell_hash", AnyText, nullable=False, info=hexadecimal(32)),
    Column("engine_version", Integer, nullable=False, info=FROM_ONE),
    Column("seed", BigInteger, nullable=False, info=SEED),
    # The canonical settings that are hashed, as JSON; and, not hashed, code_modules.
    Column("settings", AnyText, nullable=False),
    Column("parameters", BigInteger, nullable=False, info=COUNT),
    # pending, finished, diverged or failed; whether it is running says its lease.
    Column("status", AnyText, nullable=False, index=True, info=STATUS),
    # Number of leases, and why the last one without a result ended.
    Column("attempts", Integer, nullable=False, info=COUNT),
    Column("accident", AnyText),
    # The result, empty while pending.
    Column("test_accuracy", Float, info=PERCENT),
    Column("best_test_accuracy", Float, info=PERCENT),
    # With re-estimated statistics of norms; NULL before version 7.
    Column("reestimated_accuracy", Float, info=PERCENT),
    Column("validation_accuracy", Float, info=PERCENT),
    Column("train_accuracy", Float, info=PERCENT),
    Column("test_loss", Float, info=AMOUNT),
    Column("num_epochs", Integer, info=COUNT),
    Column("train_seconds", Float, info=AMOUNT),
    Column("images_per_second", Float, info=AMOUNT),
    Column("weights_sha256", AnyText, info=hexadecimal(64)),
    Column("predictions_sha256", AnyText, info=hexadecimal(64)),
    Column(
        "environment_id", AnyText, ForeignKey("environments.environment_id"), info=hexadecimal(16)
    ),
    Column("observed", AnyText),
    Column("traceback", AnyText),
    Column("recorded_at", AnyText, info=TIME),
)

study_runs = Table(
    "study_runs",
    metadata,
    # The label as asked: every setting but the seed, and its hash.
    Column("study", AnyText, primary_key=True, info=STUDY),
    Column("label", AnyText, primary_key=True, info=hexadecimal(16)),
    Column(
        "run_id",
        AnyText,
        ForeignKey("runs.run_id", ondelete="CASCADE"),
        primary_key=True,
        info=hexadecimal(20),
    ),
    Column("position", Integer, nullable=False, info=COUNT),
    Column("dataset", AnyText, nullable=False),
    Column("model", AnyText, nullable=False),
    Column("regularization", AnyText, nullable=False),
    Column("activation", AnyText, nullable=False),
    Column("width", Float, nullable=False, info=WIDTH),
    # JSON, settings at their default and the seed (which is the run's) left out.
    Column("asked", AnyText, nullable=False),
    Column("is_aliased", Boolean, nullable=False),
    # When a start last asked for the line, and the cell that its label was then; another than the
    # run's own where results of older code were accepted. NULL before version 5.
    Column("asked_at", AnyText, info=TIME),
    Column("asked_cell", AnyText, info=hexadecimal(32)),
    Index("study_runs_in_order", "study", "position"),
    Index("study_runs_of_run", "run_id"),
)


def _of_run() -> Column[str]:
    return Column(
        "run_id",
        AnyText,
        ForeignKey("runs.run_id", ondelete="CASCADE"),
        primary_key=True,
        info=hexadecimal(20),
    )


epochs = Table(
    "epochs",
    metadata,
    _of_run(),
    Column("epoch", Integer, primary_key=True, info=FROM_ONE),
    # A loss that is not a number is stored as NULL, which is how SQLite stores it.
    Column("train_loss", Float, info=AMOUNT),
    Column("train_accuracy", Float, info=PERCENT),
    Column("learning_rate", Float, info=AMOUNT),
    Column("seconds", Float, info=AMOUNT),
    Column("validation_loss", Float, info=AMOUNT),
    Column("validation_accuracy", Float, info=PERCENT),
    Column("test_loss", Float, info=AMOUNT),
    Column("test_accuracy", Float, info=PERCENT),
)

predictions = Table(
    "predictions", metadata, _of_run(), Column("packed", LargeBinary, nullable=False)
)

probes = Table("probes", metadata, _of_run(), Column("packed", LargeBinary, nullable=False))

answers = Table(
    "answers",
    metadata,
    # True classes of the test images in canonical order; the digest stands in settings of runs.
    Column("data_digest", AnyText, primary_key=True, info=hexadecimal(64)),
    Column("num_classes", Integer, nullable=False, info=CLASSES),
    # As the predictions are packed.
    Column("labels", LargeBinary, nullable=False),
)

environments = Table(
    "environments",
    metadata,
    # One row for every distinct description of a machine; several may share a fingerprint.
    Column("environment_id", AnyText, primary_key=True, info=hexadecimal(16)),
    Column("fingerprint_id", AnyText, nullable=False, info=hexadecimal(12)),
    Column("device", AnyText),
    Column("details", AnyText, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    # AUTOINCREMENT: a token is never given twice, not even when its lease and its run are gone.
    Column("token", Integer, primary_key=True),
    Column(
        "run_id",
        AnyText,
        ForeignKey("runs.run_id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    Column("host", AnyText, nullable=False),
    Column("boot_id", AnyText, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_start", AnyText, nullable=False),
    # Seconds since 1970, by the server's clock, of a file by the owner's; those in the future are
    # dated back by who sees them.
    Column("heartbeat", Float, nullable=False),
    sqlite_autoincrement=True,
)

progress = Table(
    "progress",
    metadata,
    # Where a leased run stands, a row for each epoch of this lease; it goes with the lease.
    Column("token", Integer, ForeignKey("leases.token", ondelete="CASCADE"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    # NULL where a training of the user's own does not tell how many there will be.
    Column("num_epochs", Integer),
    Column("done_fraction", Float, nullable=False),
    # NULL where it is not finite, or not known yet.
    Column("loss", Float),
    Column("images_per_second", Float),
    # Of the run, by its pace under this lease.
    Column("seconds_left", Float),
    # What a training of the user's own gave back after the epoch, as JSON.
    Column("metrics", AnyText, nullable=False),
)

looks = Table(
    "looks",
    metadata,
    Column("look_id", Integer, primary_key=True),
    Column("looked_at", AnyText, nullable=False, info=TIME),
    Column("study", AnyText, info=STUDY),
    Column("what", AnyText, nullable=False, info=COMMAND),
    Column("num_seeds", Integer, nullable=False, info=COUNT),
    # Runs with a result, and the level of the tests; not recorded by version 1.
    Column("num_runs", Integer, info=COUNT),
    Column("nominal_level", Float, info=LEVEL),
)


marks = Table(
    "marks",
    metadata,
    # What a store knows of itself: token, which tells it from every other one; in_use, of which
    # file, while somebody has written and not closed it; incomplete, while a copy is made of
    # another store. On a server also version, of the schema, folder, once it has one for the files
    # of its runs, and sign, when a driver was last heard of.
    Column("name", AnyText, primary_key=True),
    Column("value", AnyText, nullable=False),
)


def new_token() -> str:
    """What tells a store from every other one."""
    return secrets.token_hex(16)


def to_json(value: Any) -> str:
    """JSON as it is stored: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def short_hash(text: str) -> str:
    """Key of a stored text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
