"""Sentences of analyses and tables that few studies ask for, in full."""

import sys
from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.analysis.precision import with_intervals
from actwise.analysis.reading import Selection, runs_of
from actwise.errors import SpecError
from actwise.report import analysis_json, render
from actwise.report.figures import summary_figure, write_figures
from actwise.report.words import choices, headline, next_steps, provenance
from actwise.store import RunStore
from actwise.store.database.schema import studies
from made.analysed import SMALL, rows_of, stored
from made.printed import printed
from made.probed import probed_store
from made.runs import finish, made_plan, made_study
from made.tasks import fill_task_store, task_study


def test_single_runs_of_which_one_leads_are_not_decided() -> None:
    where = ("dataset=cifar10", "model=resnet18-table2", "regularization=bn+dropout")
    analysis = aw.analyze("bank:paper", where=where)
    assert headline(analysis) == "Not decided by single runs: prelu leads (95 %)"
    assert headline(
        aw.analyze("bank:paper", where=(*where[:2], "regularization=bn+dropout+aug"))
    ) == ("Not told apart: relu, elu and prelu (95 %)")


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        (("relu", "elu"), ["learning_rate=0.1"]),
        (
            ("relu", "elu", "prelu"),
            [
                "prelu at learning_rate=0.3",
                "elu at learning_rate=0.1",
                "relu at learning_rate=0.1",
            ],
        ),
    ],
)
def test_a_choice_names_the_learning_rate_that_its_levels_share(
    levels: tuple[str, ...], said: list[str]
) -> None:
    best = {"relu": (80.0, 0.1), "elu": (80.0, 0.1), "prelu": (80.1, 0.3)}
    rows = [
        {
            "model": "net",
            "activation": name,
            "train.learning_rate": rate,
            "seed": seed,
            "test_accuracy": best[name][0] + 0.1 * ((seed * 7 + len(name) * 3) % 5) + more,
            "validation_accuracy": best[name][0] + 0.1 * seed + more,
        }
        for name in levels
        for rate in (0.1, 0.3)
        for more in (5.0 * (rate == best[name][1]),)
        for seed in range(3)
    ]
    analysis = aw.analyze(rows, factors=["model", "activation", "train.learning_rate"])
    ((_, _, limits),) = choices(analysis)
    assert limits == ["any will do", *said]


def test_of_a_training_of_the_users_own_the_next_step_is_to_say_what_matters(
    tmp_path: Path,
) -> None:
    def values(run: Any) -> dict[str, tuple[float, ...]]:
        return {
            "accuracy": (
                80.0 + (0, 1, 0.3, 0.7, 0.2)[(run.spec.seed * 3 + len(run.spec.activation)) % 5],
            )
        }

    fill_task_store(tmp_path / "store", task_study(), values)
    sentence = "--margin X tells how many seeds it takes, if X is what matters"
    (step,) = next_steps(aw.analyze(tmp_path / "store"))
    assert (step.sentence, step.command) == (sentence, "")
    (step,) = next_steps(aw.analyze(tmp_path / "store", margin=0.5))
    assert step.sentence != sentence and "apart by 0.5 points" in step.sentence


def test_a_store_that_is_older_than_records_of_plans_says_so(tmp_path: Path) -> None:
    analysis = stored(tmp_path / "store", num_seeds=2, seeds="0..1")
    lacks = "Its plan was not recorded beforehand: the store is older than such records."
    assert lacks not in [*provenance(analysis)]
    with RunStore.open(tmp_path / "store") as store:
        with store.database.writing() as connection:
            connection.execute(studies.update().values(registered=None))
        said = [*provenance(aw.analyze(store))]
    started = next(place for place, text in enumerate(said) if text.startswith("Study made, spec"))
    assert said[started + 1] == lacks
    assert said[started + 2].startswith("The first result came on ")


def test_specs_that_came_after_the_first_result_are_one_sentence(tmp_path: Path) -> None:
    said = []
    with RunStore.open(tmp_path / "store", create=True) as store:
        for seed in range(4):
            study = made_study(seeds=str(seed))
            planned = made_plan(study)
            store.add_study(study, planned)
            finish(store, planned)
            if seed:
                said.append([*provenance(aw.analyze(store))])
    one, *_, last = [[text for text in texts if "spec" in text] for texts in said]
    assert len(one) == 2 and all(text.startswith("Study made, spec ") for text in one)
    assert len(last) == 2 and last[0] == one[0]
    assert last[1].startswith("3 specs more, and their plans, came after the first result, from ")
    assert len([text for text in said[-1] if text.startswith("Its plan")]) == 1


def test_the_two_changes_by_a_step_are_told_with_their_rank_correlation(tmp_path: Path) -> None:
    rises = {"relu": 2.0, "elu": 1.0, "prelu": 3.0}
    store = probed_store(
        tmp_path / "store",
        more=lambda spec: rises[spec.activation] * ("aug" in spec.regularization),
    )
    analysis = aw.analyze(store)
    by_step = {row.step: row for row in analysis.associations}
    found = by_step["augmentation"].rank_correlation
    assert found is not None and by_step["identity mapping"].rank_correlation is None
    told = "Exploratory, no verdict. Signal flow in natural logarithms: of E f'^2 by augmentation"
    assert told in printed(analysis)
    told = "Rank correlation of the two changes by augmentation"
    assert f"{told} {found:+.2f} (6 cells)." in printed(analysis)


def test_intervals_of_single_runs_say_whose_run_deviation_they_take(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"factors": {"dataset": ["cifar10"], "model": ["resnet18"]}}
    told = (
        "Single runs tell no run SD, so it is that of other trainings (bank trottier: long, "
        "full-width runs of residual networks)."
    )
    for seeds, is_said in (("0", True), ("0..1", False)):
        study = made_study(seeds=seeds, **settings)
        with RunStore.open(tmp_path / f"store{seeds}", create=True) as store:
            store.add_study(study, planned := made_plan(study))
            for number, run in enumerate(planned):
                finish(store, [run], test_accuracy=90.0 + number / 3)
            found = runs_of(store.snapshot(), Selection())
        table = with_intervals(found.table, found.observed)
        assert (told in " ".join(render(table, "text").split())) == is_said
        assert (told in render(table, "markdown")) == is_said


def test_the_margin_of_each_set_stands_in_the_json() -> None:
    analysis = aw.analyze(rows_of(3), margin=0.75)
    networks = analysis_json(analysis)["decision"]["networks"]
    margins = [found["margin"] for network in networks for found in network["sets"]]
    assert margins == [0.75] * sum(len(network.sets) for network in analysis.decision.networks)
    assert margins


def test_figures_are_written_as_svg_and_on_request_as_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = aw.analyze(rows_of(2, **SMALL))
    written = sys.modules[write_figures.__module__]
    monkeypatch.setattr(written, "to_pdf", lambda drawing: drawing.title.encode())
    (drawing,) = summary_figure(analysis)
    (svg,) = write_figures(analysis, tmp_path / "svg")
    assert svg == tmp_path / "svg" / "summary.svg"
    both = write_figures(analysis, tmp_path / "both", with_pdf=True)
    assert sorted(path.name for path in both) == ["summary.pdf", "summary.svg"]
    assert (tmp_path / "both" / "summary.svg").read_bytes() == svg.read_bytes()
    assert (tmp_path / "both" / "summary.pdf").read_text() == drawing.title


def test_a_pdf_without_matplotlib_is_refused_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    analysis = aw.analyze(rows_of(2, **SMALL))
    with pytest.raises(SpecError) as refusal:
        write_figures(analysis, tmp_path / "figures", with_pdf=True)
    assert str(refusal.value) == (
        "this picture needs matplotlib: pip install 'actwise[figures]'; reports and --figures as "
        "SVG do not"
    )
    assert not (tmp_path / "figures").exists()
    assert write_figures(analysis, tmp_path / "figures")
