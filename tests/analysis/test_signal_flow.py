"""Signal flow as a response: claims of mechanisms, judged where runs were probed."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.analysis.claims import ClaimResult
from actwise.analysis.effects import associations
from actwise.analysis.table import Observations
from actwise.errors import SpecError
from actwise.report.figures import write_figures
from actwise.report.html import render_html
from actwise.report.views.claims import claim_views
from actwise.spec import RunSpec
from actwise.store import RunStore
from actwise.store.records import ProbeRow, observed_probes, pack_probes
from made.probed import RISES, SEEDS, STEPS, probed, probed_store
from made.runs import PROBES, leased, made_plan, made_record, made_study
from made.studies import Truth
from made.studies import made_study as observed_study

MINE = """
[[claim]]
id = "mine"
statement = "ReLU closes."
response = "probes.log_slope_second_moment"
[[claim.component]]
name = "relu - elu"
terms = [{weight = 1, where = {activation = "relu"}}, {weight = -1, where = {activation = "elu"}}]
"""


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return aw.analyze(probed_store(tmp_path_factory.mktemp("probed")))


def claim(analysis: Analysis, name: str) -> ClaimResult:
    (found,) = [entry for entry in analysis.claims if entry.id == name]
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("C4m", {"relu": RISES["relu"] - RISES["prelu"], "elu": RISES["elu"] - RISES["prelu"]}),
        ("C5m", {n: STEPS["relu"] - STEPS[n] for n in ("prelu", "elu")}),
    ],
)
def test_a_planted_mechanism_is_found(
    analysis: Analysis, name: str, expected: dict[str, float]
) -> None:
    found = claim(analysis, name)
    assert (found.verdict, found.reason) == ("supported", "ok")
    assert found.response is not None and found.seeds == SEEDS
    assert len(found.components) == 2
    for part in found.components:
        (level,) = (n for n in expected if n in part.name.partition(":")[2].split())
        assert part.estimate == pytest.approx(expected[level], abs=0.05)
        assert part.lower > 0.0 and part.df > 0


def _plain_ones_learned_nothing(spec: RunSpec) -> float:
    return -50.0 if spec.model == "plain20" else 0.0


def _one_is_stuck(spec: RunSpec) -> float:
    is_it = (spec.model, spec.activation, spec.seed) == ("plain20", "relu", 2)
    return -50.0 - spec.seed / 7 if is_it else 0.0


@pytest.mark.parametrize(
    ("more", "verdict", "reason"),
    [
        (_plain_ones_learned_nothing, "supported", "hardly-learned"),
        (_one_is_stuck, "undecided", "stuck"),
    ],
)
def test_a_mechanism_in_networks_that_learned_nothing_is_labelled(
    more: Callable[[RunSpec], float], verdict: str, reason: str, tmp_path: Path
) -> None:
    found = claim(aw.analyze(probed_store(tmp_path / "store", more=more)), "C5m")
    assert (found.verdict, found.reason) == (verdict, reason)


def test_changes_of_signal_and_response_stand_side_by_side(analysis: Analysis) -> None:
    by_augmentation, by_shortcuts = analysis.associations
    assert (by_augmentation.step, by_shortcuts.step) == ("augmentation", "identity mapping")
    for row in by_augmentation.changes:
        function = row.cell[-1]
        assert row.signal == pytest.approx(RISES[function], abs=0.05)
        assert row.response == pytest.approx(0.0, abs=1e-9)
    assert len(by_augmentation.changes) == len(by_shortcuts.changes) == 2 * len(RISES)
    for row in by_shortcuts.changes:
        assert row.signal == pytest.approx(STEPS[row.cell[-1]], abs=0.05)
    (said,) = [view for view in claim_views(analysis) if view is not None and view.id == "changes"]
    assert "Exploratory, no verdict." in said.note and len(said.rows) == 4 * len(RISES)


def test_a_stuck_run_is_in_no_change(tmp_path: Path) -> None:
    analysis = aw.analyze(probed_store(tmp_path / "store", more=_one_is_stuck))
    usual = aw.analyze(probed_store(tmp_path / "usual"))
    for found, expected in zip(analysis.associations, usual.associations, strict=True):
        assert [row.cell for row in found.changes] == [row.cell for row in expected.changes]
        for row, other in zip(found.changes, expected.changes, strict=True):
            assert row.response == pytest.approx(other.response, abs=0.5)


STEP_LEVELS = {"regularization": ("bn", "bn+aug"), "model": ("plain20", "resnet20")}
SIGNALS = {
    "augmentation": "probes.log_slope_second_moment",
    "identity mapping": "probes.log_gradient_ratio",
}


@pytest.mark.parametrize(
    ("varied", "steps"),
    [
        (("regularization", "model"), ["augmentation", "identity mapping"]),
        (("regularization",), ["augmentation"]),
        (("model",), ["identity mapping"]),
        ((), []),
    ],
)
def test_only_steps_of_a_factor_of_the_analysis_have_changes(
    varied: tuple[str, ...], steps: list[str]
) -> None:
    levels = {**{name: STEP_LEVELS[name] for name in varied}, "activation": tuple(RISES)}

    def of(truth: Truth) -> Observations:
        settings = {"generator": np.random.default_rng(0), "sd": 0.0, "levels": levels}
        return observed_study(seeds=2, truth=truth, **settings)

    signal = of(lambda cell: 3.0 * len(set(cell.values()) & {"bn+aug", "resnet20"}))
    response = of(lambda cell: 60.0 - 2.0 * len(set(cell.values()) & {"bn+aug", "resnet20"}))
    found = associations(response, dict.fromkeys(SIGNALS.values(), signal))
    assert [(row.step, row.signal) for row in found] == [(s, SIGNALS[s]) for s in steps]
    for row in found:
        assert len(row.changes) == len(RISES) * 2 ** (len(varied) - 1)
        assert {(c.signal, c.response) for c in row.changes} == {(3.0, -2.0)}
        assert row.rank_correlation is None


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ({"relu": 3.0, "elu": 2.0, "prelu": 1.0}, 1.0),  # as RISES are ordered
        ({"relu": 1.0, "elu": 2.0, "prelu": 3.0}, -1.0),
        ({"relu": 2.0, "elu": 1.0, "prelu": 3.0}, -0.5),
        ({"relu": 1.0, "elu": 1.0, "prelu": 1.0}, None),
    ],
)
def test_the_rank_correlation_is_spearman_s(
    gains: dict[str, float], expected: float | None, tmp_path: Path
) -> None:
    def more(spec: RunSpec) -> float:
        return gains[spec.activation] if spec.regularization == "bn+aug" else 0.0

    store = probed_store(tmp_path / "store", model=["resnet20"], more=more)
    (found,) = aw.analyze(store).associations
    assert found.rank_correlation == (expected and pytest.approx(expected))


def test_mechanisms_are_judged_only_where_runs_were_probed(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    found = aw.analyze(
        probed_store(tmp_path / "store", are_probed=False), claims=tmp_path / "mine.toml"
    )
    assert {"C4m", "C5m"}.isdisjoint(entry.id for entry in found.claims)
    mine = claim(found, "mine")
    assert (mine.verdict, mine.reason, mine.notes) == ("undecided", "missing-cells", ("no-probes",))


def test_a_claim_of_ones_own_may_be_about_signal_flow(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    store = probed_store(tmp_path / "store", model=["resnet20"], regularization=["bn"])
    mine = claim(aw.analyze(store, claims=tmp_path / "mine.toml"), "mine")
    assert mine.components[0].estimate == pytest.approx(0.0, abs=0.05)
    (tmp_path / "mine.toml").write_text(MINE.replace("log_slope", "log_slop"))
    with pytest.raises(SpecError, match=r"did you mean probes\.log_slope"):
        aw.analyze(store, claims=tmp_path / "mine.toml")


def test_profiles_are_medians_with_ranges_over_seeds(analysis: Analysis) -> None:
    profiles = {(p.cell[-1], p.quantity, p.by): p for p in analysis.results.profiles}
    assert {by for _, _, by in profiles} == {"depth", "epoch"}
    depth = profiles["relu", "slope_second_moment", "depth"].points
    assert [x for x, *_ in depth] == [1.0, 2.0]  # neither gate nor norm
    for _, middle, least, greatest in depth:
        assert least < middle < greatest
        assert greatest - least == pytest.approx((SEEDS - 1) / 10 / math.log(10), abs=0.05)
    epochs = profiles["relu", "gradient_norm", "epoch"].points
    assert [x for x, *_ in epochs] == [0.0, 2.0, 3.0]


def test_a_report_draws_the_profiles(analysis: Analysis, tmp_path: Path) -> None:
    paths = write_figures(analysis, tmp_path / "figures")
    pictures = {path.name: path.read_text() for path in paths}
    for quantity in ("slope", "gradient"):
        for by in ("depth", "epoch"):
            of_networks = [f"flow-{quantity}-{by}-{number}.svg" for number in range(1, 5)]
            assert {*of_networks} <= pictures.keys()
            assert "median and range" in pictures[of_networks[0]]
    text = render_html(analysis, command="actwise report", now=datetime(2026, 1, 2, tzinfo=UTC))
    assert "C4m" in text and "of probes.log_gradient_ratio" in text


def with_norms(rows: tuple[ProbeRow, ...], ratio: float) -> tuple[ProbeRow, ...]:
    return tuple(
        replace(row, variance_ratio=ratio) if row.place == "norm" and row.epoch else row
        for row in rows
    )


@pytest.mark.parametrize(("ratio", "is_found"), [(0.4, True), (0.6, False)])
def test_batch_norm_at_other_variances_is_a_finding(
    ratio: float, is_found: bool, tmp_path: Path
) -> None:
    study = made_study(activation=["relu", "elu"], train={"epochs": 3})
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study))
        for run in store.planned():
            spec = run.spec
            own = ratio if spec.activation == "relu" else 1.0
            rows = with_norms(probed(spec.model_dump(), spec.seed), own)
            told = {
                "probes": pack_probes(rows),
                "observed": (observed_probes(PROBES), "reestimated"),
            }
            record = made_record(run.run_id, test_accuracy=10.5, reestimated_accuracy=28.2, **told)
            store.record(leased(store, run.run_id), record)
    evidence = {found.code: found.evidence for found in aw.analyze(tmp_path / "store").findings}
    assert ("A024" in evidence) is is_found
    if is_found:
        assert evidence["A024"].startswith("digits, mlp, bn, relu: 2 of 2 runs")
        assert ", elu" not in evidence["A024"]
        assert f"down to {ratio:.2f} of the variance learned" in evidence["A024"]
        assert "test accuracy 10.5 %, re-estimated 28.2 %" in evidence["A024"]


def test_runs_probed_on_fewer_images_are_left_out_with_a_word(tmp_path: Path) -> None:
    study = made_study(activation=["relu", "elu"], train={"epochs": 3})
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study))
        for place, run in enumerate(store.planned()):
            rows = probed(run.spec.model_dump(), run.spec.seed, images=100 if place else 50)
            told = {"probes": pack_probes(rows), "observed": (observed_probes(PROBES),)}
            store.record(leased(store, run.run_id), made_record(run.run_id, **told))
    found = aw.analyze(tmp_path / "store").results
    assert {signal.num_runs for signal in found.signals.values()} == {3}
    (said,) = [text for text in found.not_computed if "signal flow" in text]
    assert said.endswith("probed on fewer images than the others' 100")
