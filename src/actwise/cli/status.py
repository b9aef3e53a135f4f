"""``actwise status``: how the runs of a store stand."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..numbers import counted
from ..printable import printable
from ..registry import format_value
from .options import Artifacts, AsJson, Store, StudyName, Where
from .output import console, print_json, print_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..store import ProgressPoint, RunState, RunStore, StoredRun

_WATCH_SECONDS = 2.0


def status(
    store: Store,
    study: StudyName = None,
    where: Where = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every 2 s.")] = False,
    artifacts: Artifacts = None,
    json: AsJson = False,
) -> None:
    """Counts of finished, running and waiting runs, who trains what, and what went wrong."""
    from ..store import RunStore

    with RunStore.open(store, artifacts=artifacts) as opened:
        if json or not watch:
            values = _survey(opened, study, where or [])
            print_json(values) if json else print_text(*_describe(values))
            return
        _watch(opened, study, where or [])


def _watch(store: "RunStore", study: str | None, where: list[str]) -> None:
    from rich.live import Live
    from rich.text import Text

    with Live(console=console(), transient=True, auto_refresh=False) as live:
        while True:
            values = _survey(store, study, where)
            live.update(Text("\n".join(map(printable, _describe(values)))), refresh=True)
            if not any(entry["running"] or entry["pending"] for entry in values["studies"]):
                break
            time.sleep(_WATCH_SECONDS)
    print_text(*_describe(values))


def _survey(store: "RunStore", study: str | None, where: list[str]) -> dict[str, Any]:
    from ..analysis.table import select_planned
    from ..board import study_entry, time_left
    from ..store import mixtures, survey

    seen = survey(store, study)
    planned = select_planned(seen.planned, where)
    states = {run.run_id: seen.states[run.run_id] for run in planned}
    names = list(dict.fromkeys(run.study for run in planned))
    seconds_left, is_at_least = time_left(planned, seen)
    return {
        "store": str(store),
        "studies": [study_entry(name, planned, states) for name in names],
        "seconds_left": seconds_left,
        "is_at_least": is_at_least,
        "running": [
            {
                **_run_values(state, planned),
                **_reached(seen.progress.get(state.run_id, ())),
                "owner": str(state.owner),
                "attempts": state.attempts,
            }
            for state in states.values()
            if state.owner is not None
        ],
        "accidents": [
            {
                **_run_values(state, planned),
                "attempts": state.attempts,
                "accident": state.accident,
            }
            for state in states.values()
            if state.is_put_back
        ],
        "failed": [_run_values(s, planned) for s in states.values() if s.status == "failed"],
        "mixtures": mixtures(store, study, planned),
    }


def _run_values(state: "RunState", planned: "list[StoredRun]") -> dict[str, Any]:
    run = next(run for run in planned if run.run_id == state.run_id)
    return {"run_id": state.run_id, "label": f"{' '.join(_levels(run))} seed {run.seed}"}


def _reached(points: "Sequence[ProgressPoint]") -> dict[str, int | None]:
    """The epoch a run is in, and how many it will have; None where that is not told."""
    if not points:
        return {"epoch": None, "num_epochs": None}
    return {"epoch": points[-1].epoch, "num_epochs": points[-1].num_epochs}


def _epoch(entry: dict[str, Any]) -> str:
    """``, epoch 3/8``; nothing where that is not known."""
    of = f"/{entry['num_epochs']}" if entry["num_epochs"] else ""
    return f", epoch {entry['epoch']}{of}" if entry["epoch"] else ""


def _levels(run: "StoredRun") -> list[str]:
    """What is trained; of the user's own trainings the settings with their names."""
    task = run.spec.task
    if task is None:
        return [run.dataset, run.model, run.regularization, run.activation]
    settings = [f"{name}={format_value(value)}" for name, value in task.settings.items()]
    return [task.function, run.activation, *settings]


def _describe(values: dict[str, Any]) -> list[str]:
    from ..board import STATES
    from ..sweep.watch.words import describe_seconds

    lines = []
    for entry in values["studies"]:
        waiting = entry | {"pending": entry["pending"] - entry["put_back"]}
        names = (*STATES, "put_back", "outdated")
        shown = {name.replace("_", " "): waiting[name] for name in names}
        counts = ", ".join(f"{number} {state}" for state, number in shown.items() if number)
        lines.append(f"study {entry['study']}: {counted(entry['runs'], 'run')}: {counts}")
        if entry["outdated"]:
            runs = "run was" if entry["outdated"] == 1 else "runs were"
            lines.append(
                f"  outdated  {entry['outdated']} {runs} planned before code or data changed: left "
                "out of tables"
            )
    if not lines:
        lines.append("no runs")
    if (left := values["seconds_left"]) is not None:
        at_once = counted(len(values["running"]), "run")
        about = "more than" if values["is_at_least"] else "about"
        lines.append(f"  time      {about} {describe_seconds(left)} left with {at_once} at once")
    return [
        *lines,
        *(
            f"  running   {entry['run_id']}  {entry['label']}  by {entry['owner']}{_epoch(entry)}"
            for entry in values["running"]
        ),
        *(
            f"  put back  {entry['run_id']}  {entry['label']}  after "
            f"{counted(entry['attempts'], 'attempt')}: {entry['accident']}"
            for entry in values["accidents"]
        ),
        *(
            ["  (`actwise run` tries what was put back again; what a run said is in its log)"]
            if values["accidents"]
            else []
        ),
        *(f"  failed    {entry['run_id']}  {entry['label']}" for entry in values["failed"]),
        *(
            ["  (`actwise show run ID --store ...` tells why a run failed)"]
            if values["failed"]
            else []
        ),
        *(f"  mixed     {sentence}" for sentence in values["mixtures"]),
    ]
