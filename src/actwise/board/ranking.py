"""The ranking: an analysis on demand, which the store records as a look."""

import threading
from typing import Any

from ..analysis import Analysis, Question, analyze_store
from ..analysis.reading import Selection
from ..numbers import counted
from ..report import words
from ..report.views import choice_view, sections
from .state import Board

COMMAND = "watch"
"""By which looks of the page are recorded."""
_VIEW = "ranking"
_MOST_ROWS = 400
_one_at_a_time = threading.Lock()


def look_at_ranking(board: Board, study: str | None) -> dict[str, Any]:
    """Analyse a study of the board (None: all that it shows), and record that somebody looked.

    Raises:
        ActwiseError: if there is nothing to analyse.
    """
    selection = Selection(None, None, False, study or board.study, board.where)
    question = Question(None, None, None, "points", None, "II", COMMAND)
    with _one_at_a_time:
        analysis = analyze_store(board.store, selection, question)
    choice = choice_view(analysis)
    views = [choice] if choice else []
    views += [v for s in sections(analysis) for v in s.views if v.id == _VIEW]
    return {
        "title": words.study_title(analysis),
        "about": ", ".join(
            filter(None, (words.size_text(analysis), words.training_scale(analysis)))
        ),
        "headline": words.headline(analysis),
        "sentences": [*words.remarks(analysis), *words.steadiness(analysis)],
        "look": _look_text(analysis, is_recorded=not board.store.is_read_only),
        "views": [
            {
                "title": view.title,
                "header": view.header,
                "rows": view.rows[:_MOST_ROWS],
                "are_numbers": view.are_numbers,
                "note": view.note,
            }
            for view in views
        ],
    }


def _look_text(analysis: Analysis, *, is_recorded: bool) -> str:
    if not analysis.results.num_seeds:
        return "Nothing was looked at: no run has completed."
    if not is_recorded:
        return "This look is not recorded: the store is read-only."
    assert analysis.looks is not None
    before = len(analysis.looks.taken)
    return (
        f"This look was recorded in the store ({counted(before + 1, 'look')} so far): "
        "reports of this study name it."
    )
