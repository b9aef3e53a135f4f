"""The page of an advice that lacks a pick, costs, or the records of its trials."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from actwise.recommend import Advice, CaseAdvice
from actwise.report.advice import candidates_view, posterior_figure, render_advice
from actwise.report.figures import WIDE
from made.pages import Page
from made.race_results import made_race, made_results, raced
from made.runs import made_record

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def advice() -> CaseAdvice:
    """Of a race of two candidates that nobody timed."""
    found = raced(made_race(("relu", "elu")), made_results(1)).advice()
    return CaseAdvice(
        **{field.name: getattr(found, field.name) for field in fields(Advice)},
        case={"dataset": "digits", "model": "convnet", "epochs": 27},
        apply=None,
        costs=None,
        notes=(),
        study="recommend-made",
        run_ids=tuple(f"{number:020x}" for number in range(len(found.trials))),
        train_seconds=12.0,
    )


def page_of(advice: CaseAdvice, **records: Any) -> str:
    return render_advice(advice, records, command="actwise recommend x", now=NOW)


def trials_of(page: str) -> list[dict[str, str]]:
    header, *rows = Page(page).tables["trials"]
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_without_costs_the_page_has_no_table_of_them(advice: CaseAdvice) -> None:
    tables = Page(page_of(advice)).tables
    assert set(tables) == {"candidates", "trials"}
    assert [row[0] for row in tables["candidates"][1:]] == [
        row.activation for row in advice.outlooks
    ]


def test_trials_without_a_record_have_no_curve_and_no_seconds(advice: CaseAdvice) -> None:
    trials = trials_of(page_of(advice))
    assert [row["run"] for row in trials] == list(advice.run_ids)
    assert {row.get("seconds", "") for row in trials} == {""}
    assert "Trainings of" not in page_of(advice)
    run_id = advice.run_ids[0]
    page = page_of(advice, **{run_id: made_record(run_id, train_seconds=12.34)})
    assert [row["seconds"] for row in trials_of(page)] == ["12.3", *[""] * (len(trials) - 1)]
    assert "Trainings of short length" in page and "Trainings of full length" not in page


def test_without_a_pick_no_candidate_is_ranked_or_drawn(advice: CaseAdvice) -> None:
    none: CaseAdvice = replace(advice, activation=None, not_told_apart=(), why_stopped="unlearned")
    assert (candidates_view(none), posterior_figure(none, WIDE)) == (None, [])
    (drawing,) = posterior_figure(advice, WIDE)
    assert drawing.title == "At full length, by what the race has seen"
    page = page_of(none)
    assert set(Page(page).tables) == {"trials"} and drawing.title not in page
    assert re.search("No advice: nothing has learned", page)
