"""What is analysed of a store: our test accuracy, or what the user's own trainings gave back."""

from collections.abc import Sequence

from ...errors import SpecError, UnknownNameError
from ...store import StoredRun, StoreSnapshot
from ...store.tables import METRIC, is_task
from ..table import Response
from .selection import DEFAULT_RESPONSE, Selection


def choose_response(
    snapshot: StoreSnapshot, planned: Sequence[StoredRun], selection: Selection
) -> Response:
    """The response asked for, or the one of the studies.

    Args:
        snapshot: What was read.
        planned: The lines of the plan that are looked at.
        selection: What is asked for.

    Raises:
        UnknownNameError: if there is no such column.
        SpecError: if the runs are those of studies that measure different things.
    """
    names = dict.fromkeys((*(line.study for line in planned), *(r["study"] for r in snapshot.rows)))
    texts = {*(line.asked for line in planned), *(row["spec"] for row in snapshot.rows)}
    kinds = set(map(is_task, texts))
    # By the time of their start: the last spec of a name counts.
    tasks = {s.study: s.spec.task for s in snapshot.studies if s.spec.task and s.study in names}
    if True not in kinds:
        return _known(snapshot, selection, selection.response or DEFAULT_RESPONSE)
    measured = {n: tasks[n].response if n in tasks else DEFAULT_RESPONSE for n in names}
    asked = [task for task in tasks.values() if selection.response in (None, task.response)]
    differ = len({(task.response, task.higher_is_better, task.unit) for task in asked}) > 1
    if len(kinds) > 1 or differ:
        shown = ", ".join(f"{name} ({what})" for name, what in measured.items())
        raise SpecError(
            f"store {snapshot.store!r} holds studies that measure different things: {shown}; "
            "choose one with --study NAME"
        )
    if not asked:
        return _known(snapshot, selection, selection.response or "", is_task=True)
    return Response(
        _column(snapshot, asked[0].response),
        asked[0].higher_is_better and not selection.lower_is_better,
        asked[0].unit,
        is_task=True,
    )


def _known(
    snapshot: StoreSnapshot, selection: Selection, name: str, *, is_task: bool = False
) -> Response:
    column = _column(snapshot, name)
    if column not in snapshot.columns:
        raise UnknownNameError("response", name, _measured(snapshot, is_task=is_task))
    return Response(column, not selection.lower_is_better, is_task=is_task)


def _measured(snapshot: StoreSnapshot, *, is_task: bool) -> list[str]:
    """The columns with what came out of these runs; of users' trainings what they gave back."""
    start, end = map(snapshot.columns.index, ("status", "test_accuracy" if is_task else "device"))
    names = snapshot.columns[start + 1 : end]
    return [n.removeprefix(METRIC) for n in names if any(r[n] is not None for r in snapshot.rows)]


def _column(snapshot: StoreSnapshot, name: str) -> str:
    """A number of the user's own comes before a column of ours of the same name."""
    return f"{METRIC}{name}" if f"{METRIC}{name}" in snapshot.columns else name
