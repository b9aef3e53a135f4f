"""RunStore: planned runs, who trains them, and their results, kept for good."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from ..spec import PlannedRun, StudySpec
from .database import Lock, open_place
from .folders import StoreFolders
from .plans import (
    Look,
    StoredRun,
    StoredStudy,
    insert_look,
    insert_runs,
    insert_study,
    read_looks,
    read_planned,
    read_studies,
    register,
)
from .reading import StoreSnapshot, read_snapshot
from .records import RunRecord
from .runs import (
    Lease,
    Owner,
    ProgressPoint,
    RunState,
    keep_weights,
    lease_next,
    put_back,
    read_finished,
    read_result,
    read_run_id,
    read_settings,
    read_states,
    record_result,
    renew_leases,
    reopen_failed,
    require_run,
    write_progress,
)
from .tables import conditions

_Result = TypeVar("_Result")


class RunStore(StoreFolders):
    """All that is known of runs. This docstring is the contract of every storage.

    Plans. A study's plan is the union of all specs started under its name: ``add_study`` adds
    runs and takes none away, but where users' code or data changed: then a label at a seed stands
    for the new run, and the one before leaves the plan (its result stays until ``gc``). Its runs at
    other seeds stay in the plan, outdated (:mod:`.plans.outdated`), and in no mean. A run is
    filed under its id once, however many studies and labels ask for it; each label stands in the
    plan with the settings as asked. With each spec stands what was fixed with it, the plan and the
    claims about results in force, by hashes, and the first time that this was known.

    Results. A run is pending until a result is recorded: ``finished``, ``diverged`` or
    ``failed``. A result is there as a whole or not at all, whatever is killed at whatever
    moment, and on the disk when ``record`` returns. It is recorded at most once per run id. Only
    ``reopen`` makes a failed run pending again; finished and diverged ones stay. A run that is
    leased ``again``, to observe more, keeps its result until another with the same weights
    takes its place; what had been observed before is kept. The answers to the test images come
    with a result, once for all runs on the same data.

    Leases. ``lease`` gives a run to one owner at a time. The lease lasts until ``record`` or
    ``release``, or until its owner is dead: on this host, when the process is gone; elsewhere, and
    on a server always, 60 s after the last ``heartbeat``, or after somebody saw one that lies in
    the future. The next ``lease`` then takes the run over. Tokens rise with every lease on a run,
    also when the run was removed in between. Whoever lost a lease cannot record: StaleLeaseError.
    The progress that was told goes with it.

    Reading. Every method that reads sees one consistent state and disturbs no writer; it works on
    a store that is being written and on one that may only be read. Runs and states hold no blobs.

    Files. ``checkpoints`` holds ``<run_id>.<token>.<n>.ckpt``, ``weights`` holds
    ``<run_id>.safetensors`` (:mod:`.weight_files`), ``logs`` holds ``<run_id>.log``, all in
    ``folder``, which belongs to one store. What is deleted, moved or replaced while it is in use
    is noticed: nothing is written to what nobody will find.

    Errors. What a user can cause is a StoreError of one sentence, and then nothing is written. A
    RunStore may be used from several threads, and as a context manager that closes it. A server
    that cannot be reached, or a locked store, is waited for, two minutes.
    """

    @classmethod
    def open(cls, path: str | Path, *, create: bool = False, artifacts: Path | None = None) -> Self:
        """Open a store.

        Args:
            path: A folder, or a URL ``sqlite:///FILE`` or ``postgresql://HOST/DATABASE``.
            create: Make it if it is missing, and insist that it can be written.
            artifacts: Folder for checkpoints, weights and logs; with a URL only. What needs only
                the database goes without it.

        Raises:
            StoreError: if it is missing, damaged, no store, of a newer schema, on a network file
                system, or cannot be written, or if ``artifacts`` belong to another store; then
                nothing is written.
        """
        return cls(*open_place(path, create=create, artifacts=artifacts))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __str__(self) -> str:
        return self.location.shown

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
        started_as: Sequence[str] = (),
    ) -> None:
        """Add a spec and its runs to the plan of the study's name, and note what is fixed by now.

        Args:
            study: The spec.
            planned: Its runs.
            claims: SHA-256 of those in force, by name (:func:`actwise.spec.claims_in_force`).
            started_as: The file or the shipped name that it comes from, and the overrides.
        """

        def write(connection: Connection) -> None:
            fixed = [register(connection, planned, claims)]
            insert_study(connection, study, registrations=fixed, started_as=started_as)
            insert_runs(connection, study.name, planned)

        self.database.write(write)

    def studies(self) -> list[StoredStudy]:
        """All specs, in the order in which they were first started."""
        return self.database.read(read_studies)

    def planned(self, study: str | None = None) -> list[StoredRun]:
        """The plan of a study, or of all, by study and in the order of the plan.

        Raises:
            UnknownNameError: if there is no such study.
        """
        return self.database.read(lambda c: read_planned(c, study))

    def states(self, run_ids: Iterable[str] | None = None) -> dict[str, RunState]:
        """How these runs (None: all) stand; an id that is not in the store is left out."""
        asked = None if run_ids is None else list(run_ids)
        return self.database.read(lambda c: read_states(c, asked))

    def find_finished(
        self, spec_hashes: Iterable[str], engine_versions: Iterable[int]
    ) -> dict[str, str]:
        """``spec_hash -> run_id`` of the finished or diverged runs of these engines.

        The newest engine wins: so results of an older engine are accepted.
        """
        asked = list(spec_hashes), list(engine_versions)
        return self.database.read(lambda c: read_finished(c, *asked))

    def find_run(self, beginning: str) -> str:
        """The one run id that begins so; a StoreError if none or several do."""
        return self.database.read(lambda c: read_run_id(c, beginning))

    def lease(self, run_id: str, owner: Owner, *, again: bool = False) -> Lease | None:
        """Take a run, in order to train it.

        Args:
            run_id: A planned run.
            owner: Usually ``Owner.here()``.
            again: Also take a finished or diverged run, to observe more of it.

        Returns:
            The lease, or None: a living process holds the run, or it has a result.

        Raises:
            StoreError: if the run is not in the store.
        """
        return self.lease_next([run_id], owner, again=(run_id,) if again else ())

    def lease_next(
        self, run_ids: Sequence[str], owner: Owner, *, again: Collection[str] = ()
    ) -> Lease | None:
        """Take the first of these runs (a hundred at most) that can be taken; see :meth:`lease`."""
        return self._share(lambda c: lease_next(c, run_ids, owner, again=again))

    def heartbeat(self, owner: Owner, progress: Iterable[ProgressPoint] = ()) -> tuple[str, ...]:
        """Show that ``owner`` lives, every 15 s, and how far it is; the runs it holds."""
        points = tuple(progress)  # This waits for nobody: the leases themselves are locked.
        return self._share(lambda c: write_progress(c, points, renew_leases(c, owner)), "ROWS")

    def release(self, lease: Lease, reason: str | None = None, *, was_tried: bool = True) -> None:
        """Put a run back without a result; of a lease that was lost nothing happens.

        ``reason``: the accident that ended it. A lease of which nothing was made (not
        ``was_tried``) counts as no attempt.
        """
        self._share(lambda c: put_back(c, lease, reason, was_tried=was_tried))

    def record(self, lease: Lease, record: RunRecord) -> None:
        """Write the result of a leased run and give the lease back, both or neither.

        Weights that were written under the lease take their place beside the result.

        Raises:
            StaleLeaseError: if the lease was lost.
            StoreUnavailableError: if the store stays locked or the disk is full; the lease stays.
            OtherResultError: if a run that was observed again failed or came out otherwise; its
                first result and the lease stay.
        """
        assert record.run_id == lease.run_id, "a result is recorded under its own lease"

        def write(connection: Connection) -> None:
            record_result(connection, lease, record)
            # While others cannot take the run over; a kill before the commit leaves weights
            # without a result, which the next attempt replaces.
            keep_weights(self.weights, lease.run_id, lease.token)

        self._share(write)

    def reopen(self, run_ids: Iterable[str]) -> int:
        """Make those of the runs that failed pending again; how many they were."""
        asked = list(run_ids)
        return self.database.write(lambda c: reopen_failed(c, asked))

    def result(self, run_id: str) -> RunRecord | None:
        """The whole result of a run, blobs included; None while there is none.

        Raises:
            StoreError: if the run is not in the store.
        """
        return self.database.read(lambda c: read_result(c, require_run(c, run_id)))

    def settings(self, run_id: str) -> dict[str, Any]:
        """What the run's id was made of; a StoreError if it is not in the store."""
        return self.database.read(lambda c: read_settings(c, run_id))

    def snapshot(
        self, *, study: str | None = None, where: Sequence[str] = (), most_predictions: int = 0
    ) -> StoreSnapshot:
        """All that an analysis or a table needs, of one moment; see :func:`.read_snapshot`."""
        asked = str(self), study, conditions(where)
        words = self.location.words_to_write
        return self.database.read(
            lambda c: read_snapshot(c, *asked, words=words, most_predictions=most_predictions)
        )

    def record_look(
        self, seen: StoreSnapshot, *, what: str, num_seeds: int, nominal_level: float | None
    ) -> None:
        """Note that ``what`` (analyze, report) printed verdicts on what was ``seen``.

        What has landed since is in no count; see :class:`Look`.
        """
        counts = (seen.study, what, num_seeds, seen.num_results, nominal_level)
        self.database.write(lambda c: insert_look(c, Look(seen.read_at, *counts)))

    def looks(self, study: str | None = None) -> list[Look]:
        """Looks at a study (None: all), those at the whole store included, by time."""
        return self.database.read(lambda c: read_looks(c, study))

    def _share(self, write: Callable[[Connection], _Result], lock: Lock = "SHARED") -> _Result:
        """Write of one run, beside others who write other runs."""
        return self.database.write(write, lock=lock)
