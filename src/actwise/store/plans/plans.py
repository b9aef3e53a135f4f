"""What is planned: the specs started under a study's name, and the union of their runs."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, select

from ...errors import UnknownNameError
from ...registry import format_value
from ...spec import RunSpec, StudySpec, parse_stored_study
from ..database.schema import runs, short_hash, studies, study_runs, to_json
from .outdated import read_versions
from .registrations import Registration, read_registrations


@dataclass(frozen=True)
class StoredStudy:
    """One spec started under a study's name.

    Attributes:
        started_at: The first time, UTC.
        registrations: What was fixed with it and when, by time.
        started_as: The file or the shipped name of its last start and the overrides; none where it
            was a dict, or is not known.
    """

    study: str
    study_hash: str
    started_at: str
    spec_json: str
    registrations: tuple[Registration, ...] = ()
    started_as: tuple[str, ...] = ()

    @cached_property
    def spec(self) -> StudySpec:
        """The spec as it was started."""
        return parse_stored_study(self.spec_json)


@dataclass(frozen=True)
class StoredRun:
    """One line of a stored plan: a run under the label that a study asked for.

    Attributes:
        label: Hash of every setting as asked but the seed: equal for replicates.
        position: Place in the study's plan, from 0.
        asked: The settings as asked, as JSON without defaults and without the seed.
        is_outdated: Whether code or data of users changed since, so that the run is no replicate
            of what its study means by the label now (:mod:`.outdated`).
        is_aliased: Whether another label of the same study has the same cell.
    """

    study: str
    position: int
    label: str
    run_id: str
    spec_hash: str
    cell_hash: str
    engine_version: int
    dataset: str
    model: str
    regularization: str
    activation: str
    width: float
    seed: int
    is_aliased: bool
    parameters: int
    asked: str
    is_outdated: bool = False

    @property
    def spec(self) -> RunSpec:
        """The settings as asked."""
        return RunSpec.model_validate({**json.loads(self.asked), "seed": self.seed})


def text_and_hash(study: StudySpec) -> tuple[str, str]:
    """A spec as it is stored, and its key, in which names for readers do not count."""
    values = study.model_dump(mode="json", exclude_defaults=True)
    text = to_json(values)
    values.pop("labels", None)
    return text, short_hash(to_json(values))


def labels_of(found: Iterable[StoredStudy]) -> dict[str, str]:
    """Names of levels for readers, by level, those of later starts first.

    A name that would be that of two levels is left out, and so are both of its levels' names.
    """
    specs = [study.spec for study in found]
    levels = {format_value(v) for s in specs for values in s.factors.values() for v in values}
    names = {level: name for spec in specs for level, name in spec.labels.items()}
    counts = Counter(names.values())
    return {old: new for old, new in names.items() if counts[new] == 1 and new not in levels}


def read_studies(connection: Connection, study: str | None = None) -> list[StoredStudy]:
    """The specs of a study, or all, in the order in which they were first started."""
    order = (studies.c.started_at, studies.c.study, studies.c.study_hash)
    return [
        StoredStudy(
            row.study,
            row.study_hash,
            row.started_at,
            row.spec,
            read_registrations(row.registered),
            tuple(json.loads(row.started_as or "[]")),
        )
        for row in connection.execute(select(studies).order_by(*order))
        if study in (None, row.study)
    ]


def read_planned(connection: Connection, study: str | None) -> list[StoredRun]:
    """The plan of a study, or of all by name, in its order.

    Raises:
        UnknownNameError: if there is no such study.
    """
    of_run = ("spec_hash", "cell_hash", "engine_version", "seed", "parameters")
    of_line = (column for column in study_runs.c if column.name not in ("asked_at", "asked_cell"))
    query = (
        select(*of_line, *(runs.c[name] for name in of_run))
        .join(runs, runs.c.run_id == study_runs.c.run_id)
        .order_by(study_runs.c.study, study_runs.c.position)
    )
    if study is not None:
        require_study(connection, study)
        query = query.where(study_runs.c.study == study)
    outdated = read_versions(connection, study).outdated
    return [
        StoredRun(**row, is_outdated=(row["study"], row["label"], row["run_id"]) in outdated)
        for row in connection.execute(query).mappings()
    ]


def read_levels(connection: Connection, study: str | None) -> dict[str, set[Any]]:
    """The levels of every factor of a plan, and its seeds, with or without results."""
    names = ("study", "dataset", "model", "regularization", "activation", "width")
    query = select(*(study_runs.c[name] for name in names), runs.c.seed).join(
        runs, runs.c.run_id == study_runs.c.run_id
    )
    if study is not None:
        query = query.where(study_runs.c.study == study)
    lines = connection.execute(query.distinct()).all()
    columns = zip(*lines, strict=True) if lines else ((),) * (len(names) + 1)
    return dict(zip((*names, "seed"), map(set, columns), strict=True))


def require_study(connection: Connection, study: str) -> None:
    """Check that a study is in the store.

    Raises:
        UnknownNameError: if it is not; with the nearest names.
    """
    names = sorted(set(connection.execute(select(studies.c.study)).scalars()))
    if study not in names:
        raise UnknownNameError("study of this store", study, names)
