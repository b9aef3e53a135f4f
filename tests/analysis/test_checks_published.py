import pytest

from actwise.analysis.checks import check_published
from actwise.analysis.reading import load_bank
from actwise.errors import UnknownNameError


def test_every_published_comparison_follows_from_mean_sd_and_n() -> None:
    """Cohen's d and the 95 % interval, n = 23, pooled SD, t with 44 df."""
    bank = load_bank("mish")
    found = check_published(bank)
    wrong = {row.name for row in found.contradictions}
    published = {row["activation"]: row for row in bank.rows()}
    assert len(found.comparisons) == 33
    for row in found.comparisons:
        assert row.pooled.df == 44
        if row.high in wrong:
            continue
        given = published[row.high]
        expected = [
            float(given[name])
            for name in ("cohens_d_against_mish", "difference_ci_low", "difference_ci_high")
        ]
        assert [row.cohens_d, *row.pooled.interval()] == pytest.approx(expected, abs=3e-3)


def test_exactly_the_two_rows_that_contradict_themselves_are_found() -> None:
    found = check_published(load_bank("mish")).contradictions
    assert [row.name for row in found] == ["SoftPlus(β = 1)", "ISRU (α=1.0)"]
    assert {quantity for quantity, _, _ in found[0].evidence} == {"lower limit", "upper limit"}


def test_comparisons_are_one_family() -> None:
    rows = check_published(load_bank("mish")).comparisons
    assert {row.p.size for row in rows} == {33}
    smallest = min(rows, key=lambda row: row.p.p)
    assert smallest.p.adjusted == pytest.approx(33 * smallest.p.p)
    above = [row.high for row in rows if row.p.adjusted <= 0.05 and row.pooled.value > 0]
    assert above == []


def test_any_two_activations_are_compared() -> None:
    (row,) = check_published(load_bank("mish"), pair=("ReLU", "PReLU")).comparisons
    assert row.pooled.df == 44
    assert row.pooled.value == pytest.approx(0.99391)
    # Equal numbers of runs: the same standard error, but Welch counts the unequal SDs in df.
    assert row.welch.standard_error == pytest.approx(row.pooled.standard_error)
    assert row.welch.df == pytest.approx(24.975, abs=1e-3)
    assert row.p.adjusted == row.p.p and row.p.p == pytest.approx(row.pooled.p_value())
    assert (row.p.family, row.p.size, row.p.method) == ("published comparisons", 1, "holm")
    with pytest.raises(UnknownNameError, match="did you mean PReLU"):
        check_published(load_bank("mish"), pair=("PRelu", "ReLU"))
