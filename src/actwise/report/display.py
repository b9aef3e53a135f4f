"""What is shown of each kind of result; :mod:`.notebook` makes it text and HTML."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..analysis import Analysis
from ..numbers import counted
from ..recommend import Advice, CaseAdvice
from ..store.exchange import Runs
from . import words
from .advice import candidates_view, case_text, posterior_figure
from .figures import WIDE, Drawing, curve_figures, signal_figures, summary_figure
from .json import analysis_json
from .notebook import Display
from .tables import View, make_view
from .views import choice_view, sites_view

if TYPE_CHECKING:
    from ..diagnostics import SignalReport
    from ..surgery import Audit, SwapReport

_MOST_FIGURES = 3
"""Side by side."""
_ABOUT = ("run_id", "aliased", "outdated", "spec_hash", "engine_version")
"""Columns of runs that are no setting."""
_SITE = ("name", "activation", "role", "channels", "calls")


def display_of(result: object) -> Display:
    """What is shown of a result."""
    kinds = (kind.__name__ for kind in type(result).__mro__)
    return next(_DISPLAYS[kind] for kind in kinds if kind in _DISPLAYS)(result)


def _analysis(analysis: Analysis) -> Display:
    about = (words.study_title(analysis), words.size_text(analysis), words.training_scale(analysis))

    def draw() -> list[Drawing]:
        return summary_figure(analysis) or curve_figures(analysis)[:_MOST_FIGURES]

    return Display(
        about=", ".join(filter(None, about)),
        decision=words.headline(analysis),
        before=words.remarks(analysis),
        table=choice_view(analysis, most_names=2),
        after=words.steadiness(analysis),
        draw=draw,
        values=lambda: analysis_json(analysis),
    )


def _advice(advice: Advice) -> Display:
    decision, *others = str(advice).splitlines()
    return Display(
        about=case_text(advice) if isinstance(advice, CaseAdvice) else "",
        decision=decision,
        before=others,
        table=candidates_view(advice),
        draw=lambda: posterior_figure(advice, WIDE),
    )


def _signal(report: "SignalReport") -> Display:
    findings = words.finding_lines(report, is_full=False)
    return Display(
        about="Signal flow",
        decision=words.signal_headline(report),
        before=[f"{code}: {sentence}" for code, sentence in findings] or ["Nothing odd."],
        table=sites_view(report, is_short=True),
        after=[*words.signal_scope(report)],
        draw=lambda: signal_figures(report)[:_MOST_FIGURES],
    )


def _audit(audit: "Audit") -> Display:
    unseen = [f"Unseen: {part}." for part in audit.unseen]
    return Display(
        about="",
        decision=str(audit),
        table=_sites_view(audit.to_rows(), _SITE),
        after=[*unseen, *audit.warnings],
    )


def _swap(report: "SwapReport") -> Display:
    return Display(
        about="",
        decision=str(report),
        before=[*map(str, report.missed)],
        table=_sites_view(report.to_rows(), (*_SITE, "outcome")),
        after=report.warnings,
    )


def _sites_view(sites: Sequence[Mapping[str, Any]], names: Sequence[str]) -> View | None:
    return make_view("sites", "Sites", names, [[site[name] for name in names] for site in sites])


def _runs(runs: Runs) -> Display:
    statuses = Counter(row["status"] for row in runs)
    said = ", ".join(f"{number:,} {status}" for status, number in statuses.items())
    shown = [*_columns(runs)]
    return Display(
        about=f"Store {runs.store}",
        decision=f"{counted(len(runs), 'run')}{said and f': {said}'}",
        table=make_view("runs", "Runs", shown, [[row.get(n) for n in shown] for row in runs]),
    )


def _columns(runs: Runs) -> Iterator[str]:
    """Settings that differ, then what was measured, a training of the user's own included."""
    is_result = False
    for name in runs[0] if runs else ():
        is_result |= name == "status"
        differs = name not in _ABOUT and len({str(row.get(name)) for row in runs}) > 1
        if is_result or differs or name == "seed":
            yield name
        if name == "test_accuracy":
            break


_DISPLAYS: Mapping[str, Callable[[Any], Display]] = {
    "Advice": _advice,
    "Analysis": _analysis,
    "Audit": _audit,
    "Runs": _runs,
    "SignalReport": _signal,
    "SwapReport": _swap,
}
"""By the name of the class: to import all of them here would import torch."""
