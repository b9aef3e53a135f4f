"""What ``analyze`` and the report say in words is true of the runs at hand."""

import re
from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.numbers import counted
from actwise.report.html import render_html
from actwise.report.words import choices, headline, next_steps, steadiness
from made.analysed import SMALL, Rows, rows_of, stored
from made.pages import Page
from made.printed import printed
from made.studies import LEVELS

HEADLINES = [
    (rows_of(5, shifts={"elu": 8.0}), "Use elu in every network (95 %, the four taken together)"),
    (rows_of(5, shifts={"elu": 8.0}, **SMALL), "Use elu (95 %)"),
    (rows_of(5, sd=2.0), "No activation is shown to be the best in any network"),
    (rows_of(5, sd=2.0, **SMALL), "Not told apart: "),
    (rows_of(40, **SMALL), "Any of "),
    (rows_of(40, model=("net",), dataset=("mine", "other")), "Any of "),
    (
        [
            {**row, "test_accuracy": row["test_accuracy"] + 8.0}
            if (row["model"], row["activation"]) in {("vgg16", "elu"), ("resnet18", "relu")}
            else row
            for row in rows_of(5)
        ],
        "No one activation is shown to be the best for all networks (95 %, the four taken",
    ),
    (rows_of(3, **{**SMALL, "activation": ("relu",)}), "Nothing can be said: no condition has two"),
]


@pytest.mark.parametrize(("rows", "expected"), HEADLINES)
def test_the_headline_says_what_the_decision_is(rows: Rows, expected: str) -> None:
    analysis = aw.analyze(rows)
    assert headline(analysis).startswith(expected), headline(analysis)
    assert headline(analysis) in printed(analysis, width=200)


def test_without_a_completed_run_nothing_is_said(tmp_path: Path) -> None:
    analysis = stored(tmp_path / "store", num_seeds=0, seeds="0..2")
    assert headline(analysis) == "Nothing can be said: no run has completed"
    assert choices(analysis) == [] and next_steps(analysis) == [] and steadiness(analysis) == []


def test_a_half_finished_study_says_how_many_runs_are_missing(tmp_path: Path) -> None:
    said = headline(stored(tmp_path / "store", num_seeds=2, seeds="0..4"))
    assert said.startswith("So far, with 6 planned runs missing: ")


def test_lower_is_better_is_told_in_the_right_direction() -> None:
    rows = [
        {**row, "test_error": 100.0 - row["test_accuracy"]}
        for row in rows_of(5, shifts={"elu": 8.0}, **SMALL)
    ]
    analysis = aw.analyze(rows, response="test_error", lower_is_better=True)
    assert headline(analysis) == "Use elu (95 %)"
    ((_, found, _),) = choices(analysis)
    assert [row.level for row in found.levels if row.may_be_best] == ["elu"]
    assert re.search(r"Use elu .* elu 1\d\.\d\d p?relu 2\d\.\d\d, p?relu 2", printed(analysis))
    assert re.search(r"elu - relu -[78]\.\d\d .* better", printed(analysis))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"width": 0.25, "train": {"epochs": 6, "schedule": "onecycle"}},
         "width 1/4, 6 epochs, all images: short trainings of narrow networks"),
        ({"train": {"epochs": 200, "schedule": "onecycle"}}, "width 1, 200 epochs, all images"),
        ({"train": {"train_size": 500}},
         "width 1, at most 200 epochs, 500 images: trainings on part of the images"),
    ],
)  # fmt: skip
def test_the_scale_stands_in_the_first_line(
    tmp_path: Path, settings: dict[str, Any], expected: str
) -> None:
    analysis = stored(tmp_path / "store", num_seeds=2, seeds="0..1", **settings)
    line = f"made 4 runs, 2 seeds {expected}"
    assert printed(analysis, width=200, full=False).startswith(f"{line} ")
    assert expected in render_html(analysis, command="test")


def test_where_budgets_vary_the_one_that_decides_is_named(tmp_path: Path) -> None:
    factors = {"train.epochs": [3, 9, 27], "train.train_size": [500, 1000]}
    analysis = stored(tmp_path / "store", num_seeds=3, seeds="0..2", width=0.5, factors=factors)
    said = printed(analysis, width=200)
    assert "decided at width 1/2, at most 27 epochs, 1,000 images: trainings of narrow" in said
    assert "Not told apart: " in said or "Any of " in said or "Use " in said
    page = render_html(analysis, command="test")
    assert "epochs=3" not in Page(page.split("<details")[0]).text
    assert re.search(r"train.epochs\s*3, 9, 27\s*200", Page(page).text)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (10_000, "10,000 runs")]
)
def test_one_is_no_plural(count: int, text: str) -> None:
    assert counted(count, "run") == text


ONE = re.compile(
    r"(?<![\d.,])1 (conditions|seeds|runs|cells|rows|files|labels|activations|comparisons|points)\b"
)


@pytest.mark.parametrize("seeds", [1, 2])
def test_no_output_has_one_of_a_plural(seeds: int, tmp_path: Path) -> None:
    analyses = [stored(tmp_path / "store", num_seeds=seeds, seeds="0..1")]
    analyses.append(aw.analyze(rows_of(seeds, **SMALL)))
    for analysis in analyses:
        assert ONE.search(printed(analysis)) is None
        assert ONE.search(render_html(analysis, command="test")) is None


@pytest.mark.parametrize("factor", [0.01, 0.0001])
def test_small_differences_keep_their_digits_and_are_no_points(factor: float) -> None:
    rows = rows_of(**SMALL)
    for row in rows:
        row["loss"] = factor * (100 - row["test_accuracy"])
    analysis = aw.analyze(rows, response="loss", lower_is_better=True, factors=[*SMALL])
    said = printed(analysis)
    assert not re.search(r"\d points|difference points|contrast points", said)
    smallest = min(abs(row.judged.estimate.value) for row in analysis.pairs)
    shown = f"{smallest:.{4 if factor == 0.01 else 6}f}"[1:]
    assert shown in said
    hints = re.findall(r"<title>(.*?)</title></circle>", render_html(analysis, command="x"))
    assert any(re.search(rf"\.\d{{{4 if factor == 0.01 else 6}}}", hint) for hint in hints)


def test_a_label_tells_what_a_choice_rests_on() -> None:
    said = choices(aw.analyze("bank:paper"))
    assert said and all("single runs" in labels for _, _, labels in said)
    low = [{**row, "test_accuracy": row["test_accuracy"] - 68.0} for row in rows_of(**SMALL)]
    low = [{**row, "dataset": "cifar10"} for row in low]
    ((_, _, labels),) = choices(aw.analyze(low))
    assert "hardly learned" in labels
    assert headline(aw.analyze(low)).endswith("; the network has hardly learned")
    assert any("train it longer" in step.sentence for step in next_steps(aw.analyze(low)))


def test_what_hangs_on_one_seed_is_said() -> None:
    rows = rows_of(4, **SMALL)
    for row in rows:
        row["test_accuracy"] += 9.0 * ((row["activation"], row["seed"]) == ("prelu", 2))
        row["test_accuracy"] += 1.0 * (row["activation"] == "elu")
    said = " ".join(steadiness(aw.analyze(rows)))
    assert "Another level leads in all runs (without seed 2)." in said
    steady = " ".join(steadiness(aw.analyze(rows_of(4, shifts={"elu": 5.0}, **SMALL))))
    assert "Every leader stays without any one seed." in steady


@pytest.mark.parametrize("sd", [0.25, 1.0])
def test_own_variances_are_said_to_agree_only_where_they_do(sd: float) -> None:
    analysis = aw.analyze(rows_of(5, sd=sd))
    differing = [
        network
        for network in analysis.decision.networks
        if any(
            len({*row.kept_by} & {"pooled", "own"}) == 1 for s in network.sets for row in s.levels
        )
    ]
    said = " ".join(steadiness(analysis))
    assert ("the same sets as the pooled one." in said) == (not differing)
    assert ("the sets are others" in said) == (len(differing) == len(analysis.decision.networks))
    assert "own variance" in said


@pytest.mark.parametrize(
    ("column", "seen"),
    [("seed", "scatter beyond what seeds share"), ("note", "run-to-run scatter")],
)
def test_runs_without_scatter_are_said_to_leave_nothing_to_test(column: str, seen: str) -> None:
    noise = {"still": (0.0,) * 6, "loud": (0.3, -0.2, 0.4, -0.5, 0.1, 0.2)}
    rows = [
        {"model": model, "activation": name, column: place, "test_accuracy": mean + more}
        for model, scatter in noise.items()
        for name, mean, some in (("relu", 80.0, scatter[:3]), ("gelu", 82.0, scatter[3:]))
        for place, more in enumerate(some)
    ]
    said = " ".join(steadiness(aw.analyze(rows[:6])))
    assert f"No {seen} was seen, so nothing can be tested." in said
    assert "Too few seeds" not in said
    said = " ".join(steadiness(aw.analyze(rows)))
    assert f"No {seen} was seen in still, so nothing can be tested there." in said
    assert "Too few seeds" in said


def test_the_limits_are_those_of_the_source() -> None:
    single, several = aw.analyze("bank:paper"), aw.analyze(rows_of(**SMALL))
    pages = [render_html(analysis, command="test") for analysis in (single, several)]
    assert "of verdicts are those of runs" in pages[1]
    assert "of verdicts are those of runs" not in pages[0]
    assert ["near-duplicates" in page for page in pages] == [True, False]
    assert all("One learning rate for all" not in page for page in pages)


def test_a_study_of_the_learning_rate_is_not_said_to_have_one(tmp_path: Path) -> None:
    for name, rates in (("one", [0.1]), ("two", [0.1, 0.01])):
        factors = {"train.learning_rate": rates}
        analysis = stored(tmp_path / name, num_seeds=2, seeds="0..1", factors=factors)
        page = render_html(analysis, command="test")
        assert ("One learning rate for all" in page) == (name == "one")


CLAIM = """
[[claim]]
id = "{id}"
statement = "ELU beats ReLU."
[[claim.component]]
name = "elu - relu"
terms = [
  {{ weight = 1, where = {{ model = "{model}", activation = "elu" }} }},
  {{ weight = -1, where = {{ model = "mlp", activation = "relu" }} }},
]
"""


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "claims.toml"
    path.write_text(CLAIM.format(id="U1", model="m*") + CLAIM.format(id="U2", model="resnett*"))
    return path


def test_a_users_claim_stands_with_its_limits_and_what_it_lacks(claims: Path) -> None:
    analysis = aw.analyze(rows_of(**SMALL), claims=claims)
    (part,) = next(claim for claim in analysis.claims if claim.id == "U1").components
    said = printed(analysis, width=140)
    assert f"U1 elu - relu {part.estimate:+.2f}" in said
    assert "no runs in model=resnett*, activation=elu" in said
    assert "model=resnett*" in render_html(analysis, command="test")


def test_claims_say_at_which_scale_they_hold(tmp_path: Path) -> None:
    rows = rows_of(5, shifts={"elu": 2.0, "prelu": 1.0})
    for row in rows:
        row |= {"width": 0.25, "train.epochs": 6}
    factors = (*LEVELS, "width", "train.epochs")
    analysis = aw.analyze(rows, factors=factors)
    verdicts = {claim.verdict for claim in analysis.claims}
    said = printed(analysis, width=140)
    assert "supported" in verdicts and "holds at this scale" in said
    assert re.search(r"Claims at (width|this scale)", printed(analysis, full=False))


def test_each_judged_claim_of_the_paper_shows_the_component_that_decides() -> None:
    analysis = aw.analyze("bank:paper")
    said = printed(analysis, width=140).split("What the claims rest on")[1].split("Findings")[0]
    for claim in analysis.claims:
        judged = [part for part in claim.components if part.is_judged]
        assert sum(f"{claim.id} {part.name} " in said for part in judged) == bool(judged)
