"""RunStore: planned runs, who trains them, and their results, kept for good."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from sqlalchemy import select, update

from ..errors import StoreError
from ..spec import PlannedRun, StudySpec
from . import leases, looks, plans, results, states, weight_files
from .database import Database
from .location import Location, locate, refuse_network_file_system
from .opening import open_database
from .owners import Owner
from .records import RunRecord
from .registrations import register
from .schema import now, runs


class RunStore:
    """Everything that is known of runs. This docstring is the contract of every storage.

    Plans. A study's plan is the union of all specs started under its name: ``add_study`` adds
    runs and takes none away, but where users' code or data changed: then a label at a seed stands
    for the new run, and the one before leaves the plan (its result stays until ``gc``). A run is
    filed under its id once, however many studies and labels ask for it; each label stands in the
    plan with the settings as asked. With each spec stands what was fixed with it, the plan and the
    claims about results in force, by hashes, and the first time that this was known.

    Results. A run is pending until a result is recorded: ``finished``, ``diverged`` or
    ``failed``. A result is there as a whole or not at all, whatever is killed at whatever
    moment, and on the disk when ``record`` returns. It is recorded at most once per run id. Only
    ``reopen`` makes a failed run pending again; finished and diverged ones stay. A run that is
    claimed ``again``, to observe more, keeps its result until another with the same weights
    takes its place; what had been observed before is kept.

    Claims. ``claim`` gives a run to one owner at a time. The claim lasts until ``record`` or
    ``release``, or until its owner is dead: on this host, when the process is gone; elsewhere,
    60 s after the last ``heartbeat``. The next ``claim`` then takes the run over. Tokens rise
    with every claim on a run, also when the run was removed in between. Whoever lost a claim
    cannot record: StaleClaimError.

    Reading. Every method that reads sees one consistent state and disturbs no writer; it works on
    a store that is being written and on one that may only be read. Runs and states hold no blobs.

    Errors. What a user can cause is a StoreError of one sentence, and then nothing is written. A
    RunStore may be used from several threads, and as a context manager that closes it.
    """

    def __init__(self, location: Location, database: Database) -> None:
        self.location = location
        self.database = database

    @classmethod
    def open(cls, path: str | Path, *, create: bool = False, artifacts: Path | None = None) -> Self:
        """Open a store.

        Args:
            path: A folder, or a URL ``sqlite:///FILE``.
            create: Make it if it is missing, and insist that it can be written.
            artifacts: Folder for checkpoints, weights and logs; with a URL only.

        Raises:
            StoreError: if it is missing, damaged, no store, of a newer schema, on a network file
                system, or cannot be written; then nothing is written.
        """
        location = locate(path, artifacts=artifacts)
        refuse_network_file_system(location)
        if create:
            _make_folders(location, ())
        database = open_database(location.database, create=create, shown=location.shown)
        if create:
            _make_folders(location, ("checkpoints", "weights", "logs"))
        return cls(location, database)

    def close(self) -> None:
        """Close the database; the store cannot be used after it."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __str__(self) -> str:
        return self.location.shown

    @property
    def folder(self) -> Path:
        """Parent of the three folders below."""
        return self.location.folder

    @property
    def checkpoints(self) -> Path:
        """Folder of ``<run_id>.<token>.<n>.ckpt``."""
        return self.folder / "checkpoints"

    @property
    def weights(self) -> Path:
        """Folder of ``<run_id>.safetensors``; see :mod:`.weight_files`."""
        return self.folder / "weights"

    @property
    def logs(self) -> Path:
        """Folder of ``<run_id>.log``."""
        return self.folder / "logs"

    @property
    def is_read_only(self) -> bool:
        """Whether this process may not write the store."""
        return self.database.is_read_only

    def add_study(
        self,
        study: StudySpec,
        planned: Sequence[PlannedRun],
        *,
        claims: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Add a spec and its runs to the plan of the study's name, and note what is fixed by now.

        Args:
            study: The spec.
            planned: Its runs.
            claims: SHA-256 of the claims about results that are in force, by name
                (:func:`actwise.spec.claims_in_force`).
        """
        with self.database.writing() as connection:
            plans.insert_study(connection, study, registrations=[register(planned, claims)])
            plans.insert_runs(connection, study.name, planned, supersede=True)

    def studies(self) -> list[plans.StoredStudy]:
        """All specs, in the order in which they were first started."""
        with self.database.reading() as connection:
            return plans.read_studies(connection)

    def planned(self, study: str | None = None) -> list[plans.StoredRun]:
        """The plan of a study, or of all, by study and in the order of the plan.

        Raises:
            UnknownNameError: if there is no such study.
        """
        with self.database.reading() as connection:
            return plans.read_planned(connection, study)

    def states(self, run_ids: Iterable[str] | None = None) -> dict[str, states.RunState]:
        """How these runs (None: all) stand; an id that is not in the store is left out."""
        with self.database.reading() as connection:
            return states.read_states(connection, run_ids)

    def find_finished(
        self, spec_hashes: Iterable[str], engine_versions: Iterable[int]
    ) -> dict[str, str]:
        """``spec_hash -> run_id`` of the finished or diverged runs of these engines.

        The newest engine wins. This is how results of an older engine are accepted.
        """
        with self.database.reading() as connection:
            return states.read_finished(connection, spec_hashes, engine_versions)

    def find_run(self, beginning: str) -> str:
        """The one run id that begins so.

        Raises:
            StoreError: if none or several do.
        """
        with self.database.reading() as connection:
            return states.read_run_id(connection, beginning)

    def claim(self, run_id: str, owner: Owner, *, again: bool = False) -> leases.Claim | None:
        """Take a run, in order to train it.

        Args:
            run_id: A planned run.
            owner: Usually ``Owner.here()``.
            again: Also take a finished or diverged run, to observe more of it.

        Returns:
            The claim, or None: a living process holds the run, or it has a result.

        Raises:
            StoreError: if the run is not in the store.
        """
        with self.database.writing() as connection:
            return leases.claim_run(connection, run_id, owner, again=again)

    def heartbeat(self, owner: Owner) -> tuple[str, ...]:
        """Show that ``owner`` lives, at least every 20 s; the runs that it still holds."""
        with self.database.writing() as connection:
            return leases.renew(connection, owner)

    def release(
        self, claim: leases.Claim, reason: str | None = None, *, was_tried: bool = True
    ) -> None:
        """Put a run back without a result; of a claim that was lost nothing happens.

        Args:
            claim: What ``claim`` gave.
            reason: The accident that ended it; None for an orderly stop.
            was_tried: False if nothing was made of the claim: then it counts as no attempt.
        """
        with self.database.writing() as connection:
            if not leases.drop(connection, claim):
                return
            if not was_tried:
                leases.uncount(connection, claim.run_id)
            else:
                is_it = runs.c.run_id == claim.run_id
                connection.execute(update(runs).where(is_it).values(accident=reason))

    def record(self, claim: leases.Claim, record: RunRecord) -> None:
        """Write the result of a claimed run and give the claim back, both or neither.

        Weights that were written under the claim take their place beside the result.

        Raises:
            StaleClaimError: if the claim was lost.
            StoreUnavailableError: if the store is busy or the disk is full; the claim stays.
            OtherResultError: if a run that was observed again failed or came out otherwise; its
                first result and the claim stay.
        """
        assert record.run_id == claim.run_id, "a result is recorded under its own claim"
        with self.database.writing() as connection:
            results.record_result(connection, claim, record)
            # While the write lock keeps others from taking the run over; a kill before the
            # commit leaves weights without a result, which the next attempt replaces.
            weight_files.keep_weights(self.weights, claim.run_id, claim.token)

    def reopen(self, run_ids: Iterable[str]) -> int:
        """Make those of the runs that failed pending again; how many they were."""
        with self.database.writing() as connection:
            return results.reopen_failed(connection, run_ids)

    def result(self, run_id: str) -> RunRecord | None:
        """The whole result of a run, blobs included; None while there is none.

        Raises:
            StoreError: if the run is not in the store.
        """
        with self.database.reading() as connection:
            if connection.execute(select(runs.c.run_id).filter_by(run_id=run_id)).first() is None:
                raise StoreError(f"run {run_id} is in no study of store {str(self)!r}")
            return results.read_result(connection, run_id)

    def settings(self, run_id: str) -> dict[str, Any]:
        """What the run's id was made of: canonical levels, digests of data and code, training.

        Raises:
            StoreError: if the run is not in the store.
        """
        with self.database.reading() as connection:
            query = select(runs.c.settings).where(runs.c.run_id == run_id)
            text = connection.execute(query).scalar_one_or_none()
        if text is None:
            raise StoreError(f"run {run_id} is in no study of store {str(self)!r}")
        return dict(json.loads(text))

    def record_look(
        self,
        *,
        study: str | None,
        what: str,
        num_seeds: int,
        num_runs: int | None = None,
        nominal_level: float | None = None,
    ) -> None:
        """Note that ``what`` (analyze, report) printed verdicts now; see :class:`Look`."""
        with self.database.writing() as connection:
            seen = (study, what, num_seeds, num_runs, nominal_level)
            looks.insert_look(connection, looks.Look(now(), *seen))

    def num_results(self, study: str | None = None) -> int:
        """Number of runs of a study (None: of the store) that finished or diverged."""
        with self.database.reading() as connection:
            return looks.count_results(connection, study)

    def looks(self, study: str | None = None) -> list[looks.Look]:
        """Looks at a study (None: all), those at the whole store included, by time."""
        with self.database.reading() as connection:
            return looks.read_looks(connection, study)


def _make_folders(location: Location, names: Iterable[str]) -> None:
    try:
        location.database.parent.mkdir(parents=True, exist_ok=True)
        for name in names:
            (location.folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"store {location.shown!r} cannot be made: {error.filename}: {error.strerror}"
        ) from None
