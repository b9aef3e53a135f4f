"""The page of an advice: what is known of each candidate, the trials, and their curves."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..numbers import number, places, signed, span
from ..printable import printable
from ..recommend import Advice, CaseAdvice, Told
from ..recommend.advised import outlook_header, outlook_rows
from ..registry import format_value
from ..store import RunStore
from ..store.exchange import write_file
from ..store.records import RunRecord
from . import words
from .figures import Drawing
from .figures.forest import Bar, forest
from .figures.lines import Points, lines_chart
from .page import both_widths, make_environment, page_values
from .tables import make_view

if TYPE_CHECKING:
    from .tables import View

_QUANTILE_90 = 1.2816
"""Of the normal distribution: 80 % lie within so many SDs."""
_MOST_POINTS = 60
Records = Mapping[str, RunRecord]


def write_advice(
    advice: CaseAdvice,
    store: str | Path | RunStore,
    target: Path,
    *,
    artifacts: Path | None = None,
    command: str = "actwise recommend",
) -> None:
    """Write the page of an advice whose runs lie in ``store``.

    Raises:
        StoreError: if the store cannot be read.
        SpecError: if no file may stand there.
        OutputError: if it cannot be written.
    """
    if not isinstance(store, RunStore):
        with RunStore.open(store, artifacts=artifacts) as opened:
            return write_advice(advice, opened, target, command=command)
    found = {run_id: store.result(run_id) for run_id in advice.run_ids}
    records = {run_id: record for run_id, record in found.items() if record is not None}
    page = render_advice(advice, records, command=command)
    write_file(target, page.encode("utf-8", "backslashreplace"))
    return None


def render_advice(
    advice: CaseAdvice, records: Records, *, command: str, now: datetime | None = None
) -> str:
    """The page as text; ``records`` by run id, of its trials."""
    pictures = {
        "posterior": both_widths(lambda width: posterior_figure(advice, width)),
        "curves": both_widths(lambda width: _curves(advice, records, width)),
    }
    return (
        make_environment()
        .get_template("advice.html.j2")
        .render(
            advice=advice,
            case=case_text(advice),
            sentences=str(advice).splitlines(),
            pictures=pictures,
            candidates=candidates_view(advice),
            trials=_trials(advice, records),
            costs=_costs(advice),
            words=words,
            **page_values(command=command, now=now),
        )
    )


def case_text(advice: CaseAdvice) -> str:
    """``model=convnet, dataset=digits, epochs=27 ...``: what was raced."""
    flat = dict(advice.case)
    for name in ("train", "settings"):
        flat |= flat.pop(name, {})
    return ", ".join(f"{name}={format_value(value)}" for name, value in flat.items())


def posterior_figure(advice: Advice, width: float) -> list[Drawing]:
    """What the race believes of each candidate at full length, against the best."""
    if advice.activation is None:
        return []
    best = max(row.mean for row in advice.outlooks)
    bars = []
    for row in advice.outlooks:
        half = _QUANTILE_90 * row.sd
        limits = (row.mean - half - best, row.mean - best, row.mean + half - best)
        text = f"{signed(limits[1], 1)} ({span(limits[0], limits[2], 1)})"
        colour = "s0" if row.activation in advice.not_told_apart else "s7"
        bars.append(Bar("", printable(row.activation), limits, text, colour, advice.margin))
    title = "At full length, by what the race has seen"
    unit = "points from the best mean, with 80 % intervals; grey band: the margin"
    legend = {"not told apart": "s0", "others": "s7"}
    return [forest(Drawing("posterior", title, width), bars, unit=unit, legend=legend)]


def _curves(advice: CaseAdvice, records: Records, width: float) -> list[Drawing]:
    """Running training accuracy, or what the user's own training gave, of short and full runs."""
    drawings = []
    for is_full in (False, True):
        series: dict[str, Points] = {}
        for told, run_id in zip(advice.trials, advice.run_ids, strict=False):
            points = _points(records.get(run_id))
            if told.trial.is_full == is_full and len(points) > 1:
                seed = f" seed {told.trial.seed}" if is_full else ""
                series[printable(f"{told.trial.activation}{seed}")] = points
        if series:
            name = "full" if is_full else "short"
            drawing = Drawing(f"curves-{name}", f"Trainings of {name} length", width)
            unit = "percent; of our trainings the running training accuracy"
            drawings.append(lines_chart(drawing, series, unit=unit, x_unit="epoch"))
    return drawings


def _points(record: RunRecord | None) -> Points:
    if record is None:
        return ()
    first = next(iter(record.metrics.values()), None)
    values: Sequence[float | None] = first or [e.train_accuracy for e in record.epochs]
    chosen = ((place + 1.0, values[place]) for place in places(len(values), _MOST_POINTS))
    return tuple((x, y, math.nan, math.nan) for x, y in chosen if y is not None)


def candidates_view(advice: Advice) -> "View | None":
    """A row for each candidate that did not diverge, the best first; none without a pick."""
    if advice.activation is None:
        return None
    note = "effect: points above the candidates' average at full length"
    return make_view("candidates", "Candidates", outlook_header(advice), outlook_rows(advice), note)


def _trials(advice: CaseAdvice, records: Records) -> "View | None":
    header = ("trial", "activation", "epochs", "seed", "fold", "validation", "seconds", "run")
    rows = [
        _trial_row(told, run_id, records.get(run_id))
        for told, run_id in zip(advice.trials, advice.run_ids, strict=False)
    ]
    return make_view("trials", "Trials, in the order of asking", header, rows)


def _trial_row(told: Told, run_id: str, record: RunRecord | None) -> tuple[object, ...]:
    trial = told.trial
    value = "diverged" if told.value is None else number(told.value)
    seconds = "" if record is None else number(record.train_seconds, 1)
    place = (trial.number, trial.activation, trial.epochs, trial.seed, trial.fold)
    return (*place, value, seconds, run_id)


def _costs(advice: CaseAdvice) -> "View | None":
    if advice.costs is None:
        return None
    header = ("activation", "step", "quartiles", "forward", "backward", "ms", "memory MB")
    rows = [
        (
            row.activation,
            row.step.median,
            (row.step.lower_quartile, row.step.upper_quartile),
            row.forward.median,
            row.backward.median,
            number(row.milliseconds, 1),
            number(row.memory_bytes / 1e6, 0),
        )
        for row in advice.costs.rows
    ]
    title = f"Time of a training step over {advice.costs.incumbent}'s, and memory, here"
    return make_view("costs", title, header, rows)
