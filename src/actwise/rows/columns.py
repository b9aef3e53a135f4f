"""Which of a table's columns are ours: the activation, the seed, the response, settings."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import DataError, UnknownNameError
from .csv_file import PlacedRow
from .programs import Program, mark_cut_short, one_row_a_run, program_of
from .units import says_direction, words_of
from .values import no_column, number_key
from .wording import our_name

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "activation": (
        *("activation_function", "activation_fn", "activation_name", "act_fn", "act_layer"),
        *("act", "nonlinearity"),
    ),
    "seed": ("random_seed", "run_seed", "rng_seed", "random_state", "trainer_seed"),
    "dataset": ("dataset_name", "data_set"),
    "model": ("architecture", "arch", "model_name", "network", "net", "backbone"),
}
"""What others call our columns, the likeliest first."""
_OF_TRAINING = {"lr": "learning_rate", "num_epochs": "epochs", "max_epochs": "epochs"}
_OF_TRAINING |= {"wd": "weight_decay", "optim": "optimizer"}
"""The same for settings of a training, where a program tells what was set."""
TEST_ACCURACY = "test_accuracy"
_RESPONSES = (TEST_ACCURACY, "accuracy", "validation_accuracy")
_ACCURACY = {"acc", "accuracy"}
_NOT_JUDGED = {"train", "training", "best", "max", "min", "std", "step", "loss"}
_NOT_JUDGED |= {"err", "error", "errors", "target", "threshold", "goal"}
_RESPONSE = ('response="COLUMN"', "--response COLUMN")
_TEST, _VALIDATION = {"test", "testing"}, {"val", "valid", "validation", "dev", "eval"}


@dataclass(frozen=True)
class Taken:
    """What of a table was taken for what.

    Attributes:
        program: The program that wrote it, if that is known.
        columns: Of our columns that it calls otherwise, its name.
        fractions: Columns of fractions that were turned into percent.
        not_finite: Runs that count as diverged, since the response written down is NaN or infinite.
    """

    program: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    fractions: tuple[str, ...] = ()
    not_finite: int = 0


def renamed(
    rows: Sequence[PlacedRow],
    known: Sequence[str],
    *,
    response: str | None,
    lower_is_better: bool,
    preset: str | None,
    columns: Mapping[str, str],
    setting: str,
) -> tuple[list[PlacedRow], str, Taken]:
    """The rows, one a run, with our names of columns; the response; what was taken for what.

    Args:
        rows: As they were written.
        known: Our names of columns.
        response: The column that was asked for.
        lower_is_better: Whether that was said of the response.
        preset: A name of :data:`PROGRAMS`; None finds out.
        columns: What the user says: our name, and the column's.
        setting: How our names of further settings begin.

    Raises:
        DataError: if a column is missing, several may be one of ours, or nobody says whether low or
            high values of what was optimised are good.
        UnknownNameError: if ``columns`` has a name that is none of ours.
    """
    if not rows:
        return [], response or TEST_ACCURACY, Taken()
    table = rows[0].table
    program = program_of(preset, _names(rows), table)
    rows = one_row_a_run(program, rows)
    names = _names(rows)
    for theirs in columns.values():
        if theirs not in names:
            raise no_column(table, theirs, names)
    allowed = (*known, "status", *_RESPONSES, *([response] if response else ()))
    found = {_target(ours, allowed, setting): theirs for ours, theirs in columns.items()}
    own = {our_name(name, known): name for name in names if name not in found.values()}
    for ours in [name for name in _OTHER_NAMES if name not in {*own, *found}]:
        found |= _column(ours, names, program, table)
    given = defaultdict(list)
    for name in names:
        further = _setting(name, program, known, setting)
        if further and name not in found.values():
            given[further].append(name)
    for ours, several in given.items():
        found |= _settings(rows, ours, several, {**own, **found}.get(ours), setting)
    measured = TEST_ACCURACY
    if response is not None:
        measured = next((ours for ours, name in found.items() if name == response), response)
    elif measured not in {*found, *own}:
        measured, theirs = _response(names, program, table)
        found[measured] = theirs
    if program and not (lower_is_better or says_direction(measured)):
        _refuse_objective(measured, program, table)
    mark_cut_short(rows, found.get(measured, measured))
    said = {ours: name for ours, name in found.items() if our_name(name, (ours,)) != ours}
    title = program.title if program else None
    ours_of = {theirs: ours for ours, theirs in found.items()}
    # A column whose name is given to another one goes.
    kept = {
        name: ours_of.get(name, name)
        for name in _names(rows)
        if name in ours_of or name not in found
    }
    values = ({ours: row.get(name, "") for name, ours in kept.items()} for row in rows)
    made = [row.with_values(said_of, names) for row, said_of in zip(rows, values, strict=True)]
    return made, measured, Taken(title, said)


def _names(rows: Sequence[PlacedRow]) -> list[str]:
    names = [*dict.fromkeys(name for row in rows for name in row)]
    for name in names:
        if not isinstance(name, str):
            raise DataError(
                f"{rows[0].table} has a column named {name!r}, which is no text; give each column "
                "a name"
            )
    return names


def _target(ours: str, known: Sequence[str], setting: str) -> str:
    """The column of ours that a user means."""
    for name in (our_name(ours, known), f"train.{_OF_TRAINING.get(ours, ours)}"):
        if name in known or name.startswith(setting):
            return name
    other = f"a setting of your own is written {setting}{ours}"
    raise UnknownNameError("column of ours", ours, known, other=other)


def _bare(name: str, beginnings: Sequence[str]) -> str:
    """The name without the program's beginning."""
    return next((name[len(b) :] for b in beginnings if name.startswith(b)), name)


def _column(ours: str, names: Sequence[str], program: Program | None, table: str) -> dict[str, str]:
    """Our column and the only one that may be it."""
    beginnings = (*program.settings, *program.notes) if program else ()
    for alias in (ours, *_OTHER_NAMES[ours]):
        for is_whole in (True, False):
            found = [
                name
                for name in names
                if _matches(_bare(name, beginnings), alias, is_whole=is_whole)
            ]
            if len(found) > 1:
                listed = " and ".join(map(repr, found))
                raise DataError(
                    f"{table}: {listed} may both be the {ours}; say which, as in ",
                    option=_mapping(ours, found[0]),
                )
            if found:
                return {ours: found[0]}
    return {}


def _matches(name: str, alias: str, *, is_whole: bool) -> bool:
    """Whether a name, or the last part of a nested one (``model.activation``), is the alias."""
    last = name if is_whole else re.split(r"[./]", name)[-1]
    return our_name(last, (alias,)) == alias


def _setting(name: str, program: Program | None, known: Sequence[str], setting: str) -> str | None:
    """Our name of a further setting, where the program tells what was set."""
    bare = _bare(name, program.settings if program else ())
    if bare == name:
        return None
    of_training = f"train.{_OF_TRAINING.get(bare, bare)}"
    return next((ours for ours in (bare, of_training) if ours in known), f"{setting}{bare}")


def _settings(
    rows: Sequence[PlacedRow],
    ours: str,
    several: Sequence[str],
    chosen: str | None,
    setting: str,
) -> dict[str, str]:
    """Columns that may all be one setting of ours, under names that let none of them vanish.

    Raises:
        DataError: if they differ, and nobody has chosen.
    """
    first = chosen or several[0]
    values = {name: [number_key(row.get(name)) for row in rows] for name in (first, *several)}
    differing = [name for name in several if values[name] != values[first]]
    if chosen is None and differing:
        listed = " and ".join(map(repr, several))
        raise DataError(
            f"{rows[0].table}: {listed} differ and may both be {ours}; say which, as in ",
            option=_mapping(ours, first),
        )
    if chosen is None:
        return {ours: first}
    return {f"{setting}{name}": name for name in differing if ours not in _OTHER_NAMES}


def _response(names: Sequence[str], program: Program | None, table: str) -> tuple[str, str]:
    """The measured column that is most likely meant: our name, and its own.

    Raises:
        DataError: if there is none, or it may be several.
    """
    ranked: dict[int, list[str]] = {}
    given = {*program.settings, *program.notes} - {*program.measured} if program else ()
    for name in (name for name in names if not name.startswith(tuple(given))):
        for rank in _rank(_bare(name, program.measured if program else ())):
            ranked.setdefault(rank, []).append(name)
    for rank, found in sorted(ranked.items()):
        if len(found) > 1:
            listed = ", ".join(map(repr, found[:4]))
            raise DataError(f"{table}: {listed} may be the response; say which: ", option=_RESPONSE)
        return _RESPONSES[rank], found[0]
    if program and program.objective in names:
        return program.objective, program.objective
    raise DataError(
        f"{table} has no column {TEST_ACCURACY!r}; it has {', '.join(names)}; say what was "
        "measured: ",
        option=_RESPONSE,
    )


def _refuse_objective(name: str, program: Program, table: str) -> None:
    """Refuse what a program optimised, if it does not tell in which direction."""
    if program.objective and name.startswith(program.objective):
        called, typed = _mapping(TEST_ACCURACY, name)
        raise DataError(
            f"{table}: {program.title} does not write down whether high or low values of {name!r} "
            "are good; say ",
            option=(
                f"lower_is_better=True, or {called} for an accuracy",
                f"--lower-is-better, or {typed} for an accuracy",
            ),
        )


def _mapping(ours: str, theirs: str) -> tuple[str, str]:
    """What says which column is ours, in a call and in a command."""
    return f"columns={{{ours!r}: {theirs!r}}}", f"--map {ours}={theirs}"


def _rank(name: str) -> Iterator[int]:
    """0 for a test accuracy, 1 for one of which it is not said, 2 for a validation accuracy."""
    words = words_of(name)
    is_accuracy = bool(words & _ACCURACY) or {"top", "1"} <= words
    if is_accuracy and not words & _NOT_JUDGED and "5" not in words:
        yield 0 if words & _TEST else 2 if words & _VALIDATION else 1
