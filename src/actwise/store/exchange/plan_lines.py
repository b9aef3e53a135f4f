"""The studies and plans of an export: every hash computed again, every column held to it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ...errors import SpecError, StoreError
from ...registry import parse_expression
from ...spec import (
    Description,
    PlannedRun,
    RunSpec,
    StudySpec,
    canonical_settings,
    cell_hash,
    code_modules_in,
    parse_stored_study,
    run_id,
    spec_hash,
)
from ..database.schema import short_hash, to_json
from ..database.values import TIME, allowed_in, hexadecimal
from ..plans import Asked, Registration, text_and_hash
from .columns import brief

ExportedRow = Mapping[str, Any]
_REGISTRATIONS = TypeAdapter(tuple[Registration, ...])
_NOT_DIGESTS = ("model", "regularization", "activation")


@dataclass(frozen=True)
class ExportedStudy:
    """A spec with the time at which it was first started, what was fixed with it, and from what."""

    spec: StudySpec
    started_at: str
    registrations: tuple[Registration, ...]
    started_as: tuple[str, ...]


@dataclass(frozen=True)
class PlanLine:
    """A line of a plan."""

    study: str
    engine_version: int
    planned: PlannedRun
    asked: Asked


@dataclass(frozen=True)
class _Label:
    """What the lines of one label share, computed once however many seeds it has."""

    spec: RunSpec
    settings: dict[str, Any]
    cell: str
    columns: dict[str, Any]


def read_studies(rows: Sequence[ExportedRow]) -> tuple[ExportedStudy, ...]:
    """The specs.

    Raises:
        StoreError: if one is not valid, stands twice, or is not what its name and hash say.
    """
    studies: dict[tuple[str, str], ExportedStudy] = {}
    for number, row in enumerate(rows, start=1):
        place = f"studies.parquet, row {number}"
        try:
            spec = parse_stored_study(row["spec"])
        except SpecError as error:
            raise StoreError(f"{place}: spec is no study: {brief(error)}") from None
        key = (row["study"], row["study_hash"])
        if key != (spec.name, text_and_hash(spec)[1]):
            raise StoreError(f"{place}: study and study_hash are not those of its spec")
        if key in studies:
            raise StoreError(f"{place}: the same spec stands in another row")
        registrations = _registrations(row["registered"], place)
        started_as = _started_as(row["started_as"], place)
        studies[key] = ExportedStudy(spec, row["started_at"], registrations, started_as)
    return tuple(studies.values())


def read_lines(rows: Sequence[ExportedRow], studies: Iterable[str]) -> list[PlanLine]:
    """The lines of all plans, in their order.

    Raises:
        StoreError: if an id does not follow from the settings, another column does not agree with
            them, a line stands twice, or its study is not among ``studies``.
    """
    known = set(studies)
    labels: dict[tuple[Any, ...], _Label] = {}
    lines: dict[tuple[str, str, str], PlanLine] = {}
    parameters: dict[str, int] = {}
    last: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        place = f"study_runs.parquet, row {number}"
        key = (row["asked"], row["settings"])
        label = labels.get(key)
        if label is None:
            label = labels[key] = _label(row, place)
        line = _line(row, label, place)
        study, run = row["study"], line.planned.run_id
        if study not in known:
            raise StoreError(f"{place}: study {study!r} is not in studies.parquet")
        if row["position"] <= last.get(study, -1):
            raise StoreError(f"{place}: position {row['position']} is not after the row above")
        if parameters.setdefault(run, row["parameters"]) != row["parameters"]:
            raise StoreError(f"{place}: run {run} has other parameters in another row")
        if (study, row["label"], run) in lines:
            raise StoreError(f"{place}: the same line stands in another row")
        last[study] = row["position"]
        lines[study, row["label"], run] = line
    return list(lines.values())


def parse(text: str, what: str) -> Any:
    """JSON of an export: finite numbers; half a character stays what it is, as in a store.

    Raises:
        StoreError: naming ``what`` if it is none.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else brief(error)
        raise StoreError(f"{what} is no JSON that can be read: {reason}") from None


def _line(row: ExportedRow, label: _Label, place: str) -> PlanLine:
    hashed = spec_hash(label.cell, row["seed"])
    run = run_id(hashed, row["engine_version"])
    spec = label.spec
    if row["seed"] != spec.seed:
        spec = spec.model_copy(update={"seed": row["seed"]})
    found = {**label.columns, "spec_hash": hashed, "run_id": run}
    for name, value in found.items():
        if row[name] != value:
            raise StoreError(
                f"{place}: {name} of run {row['run_id']} is {brief(row[name])}, which does not "
                f"follow from its settings ({brief(value)})"
            )
    planned = PlannedRun(
        spec=spec,
        cell_hash=label.cell,
        spec_hash=hashed,
        run_id=run,
        settings=label.settings,
        is_aliased=row["aliased"],
        parameters=row["parameters"],
    )
    asked = Asked(row["asked_at"], row["asked_cell"])
    return PlanLine(row["study"], row["engine_version"], planned, asked)


def _label(row: ExportedRow, place: str) -> _Label:
    asked = parse(row["asked"], f"{place}: asked")
    settings = parse(row["settings"], f"{place}: settings")
    if not isinstance(asked, dict) or not isinstance(settings, dict):
        raise StoreError(f"{place}: asked and settings must be tables of settings")
    try:
        spec = RunSpec.model_validate({**asked, "seed": row["seed"]})
        for factor in _NOT_DIGESTS if spec.task is None else ("activation",):
            parse_expression(getattr(spec, factor), kind=factor)
    except ValidationError as error:
        raise StoreError(f"{place}: asked is no run: {_first(error)}") from None
    except SpecError as error:
        raise StoreError(f"{place}: asked is no run: {brief(error)}") from None
    description = _description(spec, settings, place)
    if canonical_settings(spec, description) != settings:
        raise StoreError(
            f"{place}: the id of run {row['run_id']} does not follow from its settings: they are "
            "not those of the run that was asked for"
        )
    text = to_json(spec.model_dump(mode="json", exclude_defaults=True, exclude={"seed"}))
    cell = cell_hash(spec, description)
    columns = {
        "cell_hash": cell,
        "asked": text,
        "label": short_hash(text),
        "dataset": spec.dataset,
        "model": spec.model,
        "regularization": spec.regularization,
        "activation": spec.activation,
        "width": spec.width,
    }
    return _Label(spec, settings, cell, columns)


def _description(spec: RunSpec, settings: dict[str, Any], place: str) -> Description:
    """What of a description is hashed stands in the settings; the rest is not needed."""
    levels = [settings.get(name) for name in _NOT_DIGESTS]
    pairs = settings.get("code", [])
    is_whole = isinstance(pairs, list) and all(
        isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        for texts in (levels, *pairs)
    )
    is_whole = is_whole and all(len(pair) == 2 for pair in pairs)
    if not is_whole or not _matches(settings.get("data"), hexadecimal(64)):
        raise StoreError(f"{place}: settings lack a level, or the digest of the data or of code")
    try:
        code_modules = code_modules_in(settings)
    except SpecError as error:
        raise StoreError(f"{place}: settings: {brief(error)}") from None
    return Description(
        model=settings["model"],
        regularization=settings["regularization"],
        activation=settings["activation"],
        data_digest=settings["data"],
        code_digests=tuple((level, digest) for level, digest in pairs),
        input_shape=(0, 0, 0),
        num_classes=0,
        num_train=_num_train(spec, settings),
        num_test=0,
        parameters=0,
        macs=0,
        memory_bytes=0,
        # Any other version makes other settings than those that are here.
        split=2 if settings.get("split") == 2 else 1,
        code_modules=code_modules,
    )


def _num_train(spec: RunSpec, settings: dict[str, Any]) -> int:
    """Training images where ``train_size`` is all that there are, and so not in the settings."""
    size, train = spec.train.train_size, settings.get("train", {})
    if size is None or (isinstance(train, dict) and "train_size" in train):
        return 0
    fraction = spec.train.validation_fraction
    num_folds = round(1 / fraction) if fraction else 0
    return size * num_folds // (num_folds - 1) if num_folds else size


def _registrations(text: str | None, place: str) -> tuple[Registration, ...]:
    if text is None:
        return ()
    try:
        found = _REGISTRATIONS.validate_python(parse(text, f"{place}: registered"), strict=False)
    except ValidationError as error:
        raise StoreError(f"{place}: registered is not valid: {_first(error)}") from None
    for entry in found:
        if not (_matches(entry.recorded_at, TIME) and _matches(entry.plan_sha256, hexadecimal(64))):
            raise StoreError(f"{place}: registered holds no time or no SHA-256 of a plan")
    return found


def _started_as(text: str | None, place: str) -> tuple[str, ...]:
    """A file or a name and overrides, which a command may be made of: none is an option."""
    words = [] if text is None else parse(text, f"{place}: started_as")
    is_whole = isinstance(words, list) and all(isinstance(word, str) for word in words)
    if not is_whole or any(word.startswith("-") for word in words):
        raise StoreError(f"{place}: started_as is no list of a study and its overrides")
    return tuple(words)


def _matches(value: Any, info: dict[str, Any]) -> bool:
    return isinstance(value, str) and allowed_in(info).fits(value)


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, problem["loc"]))
    return brief(ValueError(f"{where}: {problem['msg']}".removeprefix(": ")))


def _finite(text: str) -> float:
    value = float(text)
    if abs(value) == float("inf"):
        raise ValueError(f"{text} is too large")
    return value


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
