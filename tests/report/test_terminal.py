"""The terminal: one screen that says what to use, and everything once with ``--full``."""

import re
import shlex
from collections import Counter

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.report import analysis_text, plain
from made.cases import case_rows
from made.printed import lines_of, printed
from made.studies import LEVELS, made_rows

SHIFTS = {"relu": 0.0, "prelu": 0.3, "elu": 2.0}


def study(num_models: int = 2, num_activations: int = 3) -> Analysis:
    levels = {
        **LEVELS,
        "model": tuple(f"net{number}" for number in range(num_models)),
        "activation": tuple([*SHIFTS, *(f"elu({k})" for k in range(2, 20))][:num_activations]),
    }
    rows = made_rows(
        seeds=4,
        generator=np.random.default_rng(3),
        levels=levels,
        truth=lambda cell: 70.0 + SHIFTS.get(cell["activation"], 0.5) * (cell["model"] != "net1"),
    )
    return aw.analyze(rows)


@pytest.mark.parametrize(
    ("num_models", "num_activations"), [(1, 2), (1, 12), (2, 3), (9, 3), (9, 12)]
)
def test_the_first_screen_has_40_lines_at_most(num_models: int, num_activations: int) -> None:
    lines = lines_of(study(num_models, num_activations))
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for full in (False, True):
        assert max(map(len, lines_of(study(), width=width, full=full))) <= width


def test_every_network_has_a_line_with_its_choice() -> None:
    analysis = study()
    lines = lines_of(analysis)
    for network in analysis.decision.networks:
        name = " ".join(level for _, level in network.network)
        (line,) = [line for line in lines if line.startswith(name) and network.levels[0] in line]
        kept = {row.level for found in network.sets for row in found.levels if row.may_be_best}
        assert all(level in line for level in kept)


def test_a_crossover_never_says_use_one_activation() -> None:
    analysis = aw.analyze(case_rows("crossover"))
    said = printed(analysis, full=False)
    assert "use elu" not in said.lower()
    assert "No one activation is shown to be the best for all networks" in said


def test_conditions_are_shown_where_they_fit_with_the_set_that_may_be_best() -> None:
    analysis = study()
    assert "Conditions: mean test accuracy" in printed(analysis, full=False)
    lines = lines_of(analysis)
    start = next(i for i, line in enumerate(lines) if line.startswith("Conditions"))
    shown = "\n".join(lines[start : start + 11])
    assert shown.count("*") - 1 == sum(len(f.kept) for f in analysis.decision.conditions)
    assert "Conditions" not in printed(study(12), full=False)


def test_full_prints_every_table_once_and_no_sentence_twice() -> None:
    rows = case_rows("one_run_at_chance")
    for analysis in (study(), aw.analyze("bank:paper"), aw.analyze(rows)):
        said = printed(analysis)
        for title in ("Conditions", "Ranking", "Differences of pairs", "Findings ", "Run flow"):
            assert said.count(title) <= 1
        sentences = [s for s in re.split(r"(?<=[.:]) (?=[A-Z])", said) if len(s.split()) > 6]
        assert [s for s, count in Counter(sentences).items() if count > 1] == []


def test_the_short_form_names_the_commands_that_say_more() -> None:
    text = plain(analysis_text(study(), command="actwise analyze --csv 'my runs.csv'"), 100)
    assert "actwise analyze --csv 'my runs.csv' --full" in text
    assert "actwise report --csv 'my runs.csv' -o report.html" in text


@pytest.mark.parametrize("length", [10, *range(44, 60), 90])
def test_a_command_that_is_folded_can_be_copied(length: int) -> None:
    name = f"/a folder/{'x' * length}.csv"
    given = f"actwise analyze --csv {shlex.quote(name)} --margin 0.5"
    lines = plain(analysis_text(study(), command=given), 60).splitlines()
    assert "\\" not in lines
    start = next(i for i, line in enumerate(lines) if line.startswith("More"))
    copied = " ".join(line.removesuffix("\\") for line in lines[start + 1 :])
    report = [*shlex.split(given.replace("analyze", "report")), "-o", "report.html"]
    assert shlex.split(copied) == [*shlex.split(given), "--full", *report]


def test_a_long_list_of_networks_says_how_many_are_left_out() -> None:
    lines = lines_of(study(12))
    assert any(re.match(r"\.\.\. and \d+ more: --full has all", line) for line in lines)
    assert len([line for line in lines_of(study(12), full=True) if "net11" in line]) > 1


def test_an_effect_of_one_factor_says_nothing() -> None:
    levels = {**LEVELS, "dataset": ("cifar10",), "model": ("net",), "regularization": ("bn",)}
    one = aw.analyze(made_rows(seeds=4, generator=np.random.default_rng(0), levels=levels))
    assert "omega²" not in printed(one)
    assert "omega²" in printed(study())
