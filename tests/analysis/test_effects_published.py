"""Decompositions with certified or published values."""

import math

import numpy as np
import pytest

from actwise.analysis.effects import Decomposition, augmentation_gains, decompose
from actwise.analysis.model import Scale, fit_model
from actwise.analysis.reading import load_bank
from actwise.analysis.table import Floats, Observations

PAPER_SHARES = {
    "regularization:activation": 42.3,
    "activation": 19.4,
    "model:regularization:activation": 10.5,
    "dataset:regularization:activation": 10.4,
    "dataset:activation": 6.0,
    "model:activation": 5.3,
    "dataset:model:regularization:activation": 4.6,
    "dataset:model:activation": 1.4,
}
SILICON = (  # SiRstv: resistivity by five instruments
    (196.3052, 196.1240, 196.1890, 196.2569, 196.3403),
    (196.3042, 196.3825, 196.1669, 196.3257, 196.0422),
    (196.1303, 196.2005, 196.2889, 196.0343, 196.1811),
    (196.2795, 196.1748, 196.1494, 196.1485, 195.9885),
    (196.2119, 196.1051, 196.1850, 196.0052, 196.2090),
)
SILVER = (  # AtmWtAg: the atomic weight of silver by two instruments, 107.868... in 1e-7
    "1568 1465 1572 1785 1446 1903 1526 1494 1616 1587 1519 1486 "
    "1419 1569 1508 1672 1385 1518 1662 1424 1360 1333 1610 1477",
    "1079 1344 1513 1197 1604 1385 1642 1365 1151 1082 1517 1448 "
    "1198 1482 1334 1609 1101 1512 1469 1360 1254 1261 1450 1368",
)
WARPBREAKS = (  # breaks of wool A, then B, at low, medium and high tension
    26, 30, 54, 25, 70, 52, 51, 26, 67, 18, 21, 29, 17, 12, 18, 35, 30, 36,
    36, 21, 24, 18, 10, 43, 28, 15, 26, 27, 14, 29, 19, 29, 31, 41, 20, 44,
    42, 26, 19, 16, 39, 28, 21, 39, 29, 20, 21, 24, 17, 13, 15, 15, 16, 28,
)  # fmt: skip


def paper(scale: Scale = "points") -> Decomposition:
    (found,) = decompose([fit_model(load_bank("paper").observations(), scale=scale)])
    return found


def one_way(groups: list[Floats]) -> float:
    """F of one factor, without seeds."""
    rows = [
        {"treatment": str(place), "response": value}
        for place, group in enumerate(groups)
        for value in group
    ]
    runs = Observations.from_rows(rows, factors=("treatment",), response="response")
    (found,) = decompose([fit_model(runs)])
    effect = found.effect("treatment")
    assert effect is not None and effect.test is not None
    return effect.test.f


def simon_lesage(replicates: int, constant: float) -> list[Floats]:
    """Nine treatments whose runs alternate .1 around .4, .3 and .5."""
    means = [0.4, *(0.3 + 0.2 * (place % 2) for place in range(8))]
    steps = np.array([0.0, *np.tile([-0.1, 0.1], replicates // 2)])
    return [np.round(constant + mean + steps, 1) for mean in means]


def test_silicon_and_silver_have_their_certified_f() -> None:
    assert one_way([np.array(row) for row in SILICON]) == pytest.approx(1.18046237440255, rel=1e-9)
    silver = [np.array([float(f"107.868{digits}") for digits in row.split()]) for row in SILVER]
    assert one_way(silver) == pytest.approx(15.9467335677930, rel=1e-7)


@pytest.mark.parametrize("replicates", [21, 201, 2001])
@pytest.mark.parametrize(("constant", "precision"), [(1.0, 1e-9), (1e6, 1e-7)])
def test_leading_digits_cost_little(replicates: int, constant: float, precision: float) -> None:
    """SmLs01-06: the certified F is the number of replicates."""
    found = one_way(simon_lesage(replicates, constant))
    assert found == pytest.approx(float(replicates), rel=precision)


def test_the_longest_constant_is_taken_by_centring_first() -> None:
    """SmLs07: of 1e12 float64 keeps four decimals."""
    groups = simon_lesage(21, 1e12)
    centre = np.mean(groups[0])
    assert one_way([group - centre for group in groups]) == pytest.approx(21.0, rel=1e-2)


@pytest.mark.parametrize(
    ("sums", "expected"), [("II", (425.2, 1737.7, 1257.1)), ("III", (597, 1992, 1257))]
)
def test_unequal_numbers_of_warp_breaks(sums: str, expected: tuple[float, ...]) -> None:
    dropped = {0, 1, 2, 19, 32, 49}
    rows = [
        {"wool": "AB"[place // 27], "tension": "LMH"[place // 9 % 3], "breaks": value}
        for place, value in enumerate(WARPBREAKS)
        if place not in dropped
    ]
    runs = Observations.from_rows(
        rows, factors=("wool", "tension"), response="breaks", focus="tension"
    )
    (found,) = decompose([fit_model(runs)], sums=sums)  # type: ignore[arg-type]
    digits = 1 if sums == "II" else 0
    assert tuple(round(effect.ss, digits) for effect in found.effects) == expected


def test_the_papers_sums_of_squares_and_shares() -> None:
    found = paper()
    assert found.total_ss == pytest.approx(3398.157, abs=5e-4)
    assert found.focus_ss == pytest.approx(21.738, abs=5e-4)
    shares = {row.term: row.share for row in found.effects if not math.isnan(row.share)}
    assert shares == pytest.approx(PAPER_SHARES, abs=0.05)


def test_the_paper_on_the_logit_scale() -> None:
    found = paper("logit")
    assert found.total_ss == pytest.approx(19.316, abs=5e-4)
    assert found.focus_ss == pytest.approx(0.0686, abs=5e-5)
    shares = {row.term: row.share for row in found.effects}
    assert shares["regularization:activation"] == pytest.approx(58.4, abs=0.05)
    assert shares["dataset:regularization:activation"] == pytest.approx(0.7, abs=0.05)


def test_noise_expected_in_the_papers_activation_part() -> None:
    found = paper()
    assert found.noise_ss == pytest.approx((2.2, 4.1), abs=0.05)
    of_terms = np.array([row.noise_ss for row in found.effects if row.noise_ss])
    assert of_terms.sum(axis=0) == pytest.approx(found.noise_ss)


def test_the_papers_gains_by_augmentation() -> None:
    gains = {
        gain.activation: gain.estimate.value
        for gain in augmentation_gains(fit_model(load_bank("paper").observations()))
    }
    assert gains["relu"] - gains["prelu"] == pytest.approx(1.88, abs=5e-3)
    assert gains["elu"] - gains["prelu"] == pytest.approx(3.00, abs=5e-3)
