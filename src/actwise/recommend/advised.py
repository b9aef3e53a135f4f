"""The advice of a race whose trainings were ours: with the case, costs and the line to apply it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..numbers import number, percent, signed
from .case import Case
from .costs import Costs
from .race import Advice, advice_text


@dataclass(frozen=True, kw_only=True, repr=False)
class CaseAdvice(Advice):
    """What a race says of a case.

    Attributes:
        case: What was raced: data set, model, regularization, width, epochs; of a training of
            the user's own its function and settings.
        apply: The line of code that applies the pick; None without a pick.
        costs: What steps cost here; None of a training of the user's own, or if not measured.
        notes: What a user should know: sentences.
        study: Under which the runs are filed in the store.
        run_ids: In the order of the trials.
        train_seconds: Of all trials, over all commands that trained them.
    """

    case: Mapping[str, Any]
    apply: str | None
    costs: Costs | None
    notes: tuple[str, ...]
    study: str
    run_ids: tuple[str, ...]
    train_seconds: float

    @property
    def cheaper(self) -> str | None:
        """The cheapest of those not told apart, if its steps are clearly cheaper."""
        if self.costs is None or self.activation is None:
            return None
        own = self.costs[self.activation].step
        rows = [self.costs[name] for name in self.not_told_apart]
        clear = [row for row in rows if row.step.upper_quartile < own.lower_quartile]
        return min(clear, key=lambda row: row.step.median).activation if clear else None

    def __str__(self) -> str:
        """The race's sentences, then costs, the line that applies it and what to know."""
        return "\n".join([advice_text(self), *more_sentences(self)])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON values; docs/json.md has the shape."""
        costs = None if self.costs is None else self.costs.to_json()
        return {
            **super().to_dict(),
            "case": dict(self.case),
            "costs": costs,
            "cheaper": self.cheaper,
        }

    def to_rows(self) -> Sequence[Mapping[str, Any]]:
        """The candidates, with what their steps cost where that was measured."""
        rows, costs = super().to_rows(), self.costs
        if costs is None:
            return rows
        found = [costs[row.activation] for row in self.outlooks]
        measured = [{"step": c.step.median, "memory_bytes": c.memory_bytes} for c in found]
        return [{**row, **cost} for row, cost in zip(rows, measured, strict=True)]


def more_sentences(advice: CaseAdvice) -> list[str]:
    """What stands below the race's own sentences."""
    return [*_cost_sentences(advice), *_apply_sentence(advice), *_noted(advice)]


def outlook_header(advice: Advice) -> tuple[str, ...]:
    """Of :func:`outlook_rows`."""
    names = ("activation", "effect", "SD", "P(best)", "short runs", "full runs")
    costs = _costs(advice)
    return names if costs is None else (*names, f"step over {costs.incumbent}", "memory")


def outlook_rows(advice: Advice) -> Iterator[tuple[str, ...]]:
    """A row for each candidate that did not diverge, the best first."""
    costs = _costs(advice)
    for row in advice.outlooks:
        shown = (
            row.activation,
            signed(row.mean, 1),
            number(row.sd, 1),
            percent(round(row.p_best, 2)),
            str(row.num_short),
            str(row.num_full),
        )
        if costs is None:
            yield shown
            continue
        cost = costs[row.activation]
        yield (*shown, number(cost.step.median), f"{cost.memory_bytes / 1e6:,.0f} MB")


def _costs(advice: Advice) -> Costs | None:
    return advice.costs if isinstance(advice, CaseAdvice) else None


def _cost_sentences(advice: CaseAdvice) -> Iterator[str]:
    costs = advice.costs
    if costs is None or advice.activation is None:
        return
    named = dict.fromkeys((advice.activation, *advice.not_told_apart))
    compared = [costs[name] for name in named if name != costs.incumbent]
    if compared:
        shown = ", ".join(f"{row.activation} {row.step}" for row in compared)
        yield f"A training step here over {costs.incumbent}'s (quartiles): {shown}."
    if advice.cheaper is not None:
        yield f"Cheapest of those not told apart: {advice.cheaper}."


def _apply_sentence(advice: CaseAdvice) -> Iterator[str]:
    if advice.apply is not None and advice.activation != advice.incumbent:
        yield f"Apply it: {advice.apply}"


def _noted(advice: CaseAdvice) -> Iterator[str]:
    for note in advice.notes:
        yield f"Note: {note}."


def apply_line(case: Case, pick: str, *, is_own: bool) -> str:
    """What puts the pick into code; ``is_own``: activations of the network are swapped."""
    if case.is_task:
        return f'aw.TaskActivation("{pick}")'
    if is_own:
        return f'aw.swap(model, "{pick}", example=x)'
    return f'factors.activation={pick} in a study, aw.activation("{pick}", channels=...) in code'


def case_settings(case: Case) -> dict[str, Any]:
    """What was raced, as plain JSON values."""
    study = case.study
    task = study.task
    if task is not None:
        raced = ("activation", "epochs", "fold")
        own = {name: levels[0] for name, levels in study.factors.items() if name not in raced}
        settings = {**task.settings, **own}
        return {"task": task.train, "settings": settings, "epochs": case.epochs}
    names = ("dataset", "model", "regularization")
    cell = next(study.cells())
    train = cell.train.model_dump(mode="json", exclude_defaults=True, exclude={"epochs"})
    levels = {name: getattr(cell, name) for name in names}
    return {**levels, "width": cell.width, "epochs": case.epochs, "train": train}
