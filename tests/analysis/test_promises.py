"""The promises of ``benchmarks/statistics`` with few repetitions and fixed random numbers.

The full counts stand in docs/statistics.md.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.statistics import claim_points, crossing, promises, verdicts
from benchmarks.statistics.truths import (
    SEEDS,
    UNEQUAL,
    Check,
    Design,
    Row,
    at_least,
    at_most,
    covers,
    has_level,
    stated,
)

pytestmark = pytest.mark.draws

SLACK = 3.0
"""Standard errors of the simulation beyond the range, since few studies are drawn."""
CROSSED = list(crossing.crossed())
CHOSEN = CROSSED[::7]
"""Both run SDs, every kind of seeds, with and without the missing run, at 3, 5 and 10 seeds."""


def broken(rows: Iterator[Row]) -> list[Row]:
    """Rows beyond their range; errors of at most 5 % have their slack already."""
    found = list(rows)
    assert any(row.is_promised for row in found)
    return [row for row in found if not row.is_kept(slack=SLACK * np.isfinite(row.low))]


@pytest.mark.parametrize(
    ("name", "design"), CHOSEN, ids=[f"{name}, {d.num_seeds} seeds" for name, d in CHOSEN]
)
def test_families_intervals_tests_and_decisions_keep_their_promises(
    name: str, design: Design
) -> None:
    rows = crossing.promised_rows(name, design, 60, np.random.default_rng(0))
    assert broken(rows) == []


@pytest.mark.parametrize(
    ("check", "repetitions"),
    [
        (verdicts.equivalence, 80),
        (verdicts.discoveries, 120),
        (verdicts.powers, 150),
        (verdicts.changing_leaders, 100),
        (verdicts.looks, 300),
        (verdicts.new_images, 300),
    ],
    ids=lambda given: getattr(given, "__name__", str(given)),
)
def test_verdicts_keep_their_promises(
    check: Check, repetitions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "NUM_SEEDS", (5,))
    assert broken(check(repetitions, np.random.default_rng(0))) == []


@pytest.mark.parametrize("point", claim_points.POINTS, ids=lambda p: f"{p.claim} {p.where}")
def test_claims_keep_their_level_where_their_error_is_likeliest(
    point: claim_points.Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_points, "NUM_SEEDS", (3,))
    assert broken(claim_points.point_rows(point, 100, np.random.default_rng(0))) == []


def test_every_claim_has_a_point_of_false_support_and_one_of_false_refutation() -> None:
    from actwise.analysis.claims import paper_claims

    tried = {(point.claim, point.verdict) for point in claim_points.POINTS}
    assert tried == {
        (c.id, verdict) for c in paper_claims() for verdict in ("supported", "refuted")
    }


def test_the_crossing_is_full() -> None:
    found = {
        (design.num_seeds, tuple(design.deviations.values()), design.seeds, bool(design.missing))
        for _, design in CROSSED
    }
    assert len(found) == len(CROSSED) == 3 * 2 * len(SEEDS) * 2
    chosen = [design for _, design in CHOSEN]
    assert {design.num_seeds for design in chosen} == {3, 5, 10}
    assert {design.seeds for design in chosen} == set(SEEDS)
    assert {tuple(d.deviations.values()) for d in chosen} == {(1.0, 1.0), (2.2, 0.66)}


@pytest.mark.parametrize("seeds", SEEDS)
def test_a_drawn_study_has_the_variances_that_it_says(seeds: str) -> None:
    design = Design(4, UNEQUAL, seeds, levels={"regularization": ("bn",)})  # type: ignore[arg-type]
    generator = np.random.default_rng(0)
    drawn = np.array([design.draw(generator).response_R for _ in range(3000)])
    drawn = drawn.reshape(3000, 2, 3, 4) - 80.0  # studies, models, activations, seeds
    shared = 0.0 if seeds in ("seeds without effect", "no seeds") else 1.0
    for model, deviation in enumerate(UNEQUAL.values()):
        assert drawn[:, model].var() == pytest.approx((1 + shared) * deviation**2, rel=0.05)
        between = np.mean(drawn[:, model, 0] * drawn[:, model, 1])
        assert between == pytest.approx(shared * deviation**2, abs=0.06 * deviation**2)
    across = np.mean(drawn[:, 0, 0] * drawn[:, 1, 0]) / (2.2 * 0.66)
    assert across == pytest.approx(float(seeds == "seeds common"), abs=0.06)
    assert (design.base.seeds_R is None) == (seeds == "no seeds")


def hits(count: int, *, of: int = 1000) -> list[float]:
    return [1.0] * count + [0.0] * (of - count)


def test_a_row_out_of_its_range_is_told() -> None:
    assert covers("coverage", "made", 3, hits(950)).is_kept()
    assert not covers("coverage", "made", 3, hits(920)).is_kept()
    assert at_most("error", "made", 3, hits(70)).is_kept()
    assert not at_most("error", "made", 3, hits(71)).is_kept()
    assert has_level("level", "made", 3, hits(41)).is_kept()
    assert not has_level("level", "made", 3, hits(39)).is_kept()
    assert not at_least("power", "made", 3, hits(599), level=0.6).is_kept()
    assert stated("rate", "made", 3, hits(999)).is_kept()
    assert not stated("rate", "made", 3, hits(999)).is_promised
    # Beyond any slack that few repetitions need.
    assert not at_most("error", "made", 3, hits(20, of=60)).is_kept(slack=SLACK)
    assert not has_level("level", "made", 3, hits(0, of=900)).is_kept(slack=SLACK)


def test_the_script_prints_its_rows_and_fails_where_a_promise_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def kept(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
        for num_seeds, count in ((3, 40), (3, 50), (5, 45)):
            study = f"made: {count}"
            yield at_most("error", study, num_seeds, hits(count, of=repetitions))

    def lost(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
        yield at_most("other error", "made", 10, hits(100, of=repetitions))

    table = tmp_path / "table.md"
    monkeypatch.setattr(promises, "CHECKS", (kept,))
    monkeypatch.setattr(sys, "argv", ["", "--repetitions", "1000", "--markdown", str(table)])
    assert promises.main() == 0
    assert "3 promised rows, 0 out of range" in capsys.readouterr().out
    assert "| error | made | at most .071 | .040–.050 | .045 |  |" in table.read_text()
    monkeypatch.setattr(promises, "CHECKS", (kept, lost))
    assert promises.main() == 1
    assert "OUT other error | made, 10 seeds" in capsys.readouterr().out
