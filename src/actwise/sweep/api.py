"""``actwise.run``: a study by its name, into a store by its path."""

import math
import sys
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import UnknownNameError
from ..spec import Describe, StudySpec, claims_in_force, load_study
from ..store import RunStore
from ..store.database import locate
from .events import ProgressSink
from .options import Outcome, RunOptions
from .plan import make_plan
from .preflight import check_machine, check_study
from .run import run_study
from .waiting import WaitingWorkers


def run(
    study: str | StudySpec,
    store: str | Path | RunStore,
    *,
    overrides: Sequence[str] = (),
    artifacts: Path | None = None,
    progress: ProgressSink | None = None,
    claims: str | Path | None = None,
    **options: Any,
) -> Outcome:
    """Train every run of a study that the store lacks; the same call resumes.

    Args:
        study: A StudySpec, a TOML file, or the name of a shipped study.
        store: An open store, its folder (made if it is missing), or a database URL.
        overrides: ``key=value`` changes to a study that is named, as on the command line.
        artifacts: Folder for weights and logs, with a URL only.
        progress: Who watches (:func:`.progress.choose_progress`); absent = nobody.
        claims: TOML file of claims of your own; the store notes its SHA-256 with the plan, so that
            a report can say that they were fixed before the first run.
        options: Fields of :class:`.options.RunOptions`: workers, data_dir, device ...

    Raises:
        SpecError: if a level, a setting, an option or the claims file is not valid; nothing is
            written.
        DataError: if a data set is missing or damaged; nothing is written.
        StoreError: if the store cannot be read or written.
    """
    known = [field.name for field in fields(RunOptions)]
    for name in options:
        if name not in known:
            raise UnknownNameError("option of run", name, known)
    chosen = RunOptions(**options)
    spec = study if isinstance(study, StudySpec) else load_study(study, overrides)
    fixed = claims_in_force(None if claims is None else Path(claims))
    is_new = (
        not isinstance(store, RunStore) and not locate(store, artifacts=artifacts).database.exists()
    )
    with WaitingWorkers(chosen, num_runs=_num_to_prepare_for(spec, is_new=is_new)) as waiting:
        # Torch comes with it.
        from ..models import make_describe

        describe = make_describe(chosen.data_dir)
        if is_new:
            _check_before_making(spec, describe, chosen)
        drive = partial(
            run_study,
            spec,
            describe=describe,
            options=chosen,
            progress=progress,
            claims=fixed,
            waiting=waiting,
        )
        if isinstance(store, RunStore):
            return drive(store)
        with RunStore.open(store, create=True, artifacts=artifacts) as opened:
            return drive(opened)


def _num_to_prepare_for(study: StudySpec, *, is_new: bool) -> int:
    """How many runs are sure to come, and a second or two away: workers need as long to start.

    In a store with results there may be nothing to do, and with torch at hand planning is short.
    """
    if not is_new or "torch" in sys.modules:
        return 0
    return len(study.seeds) * math.prod(map(len, study.factors.values()))


def _check_before_making(study: StudySpec, describe: Describe, options: RunOptions) -> None:
    """What ``run_study`` checks, before a store is made: a wrong study leaves nothing behind."""
    check_study(study)
    check_machine(make_plan(study, describe).cells, options)
