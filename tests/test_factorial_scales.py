"""A design that is taken over from another scale changes no number."""

import numpy as np

from actwise.analysis.factorial import Decomposition, decompose, decompose_by_dataset
from actwise.analysis.scales import on_scale
from actwise.analysis.table import Observations
from made.studies import LEVELS, made_rows


def unbalanced() -> Observations:
    """A full crossing at three seeds in which one run diverged and one cell is missing."""
    rows = made_rows(seeds=3, generator=np.random.default_rng(6), sd=1.0)
    rows[0] |= {"status": "diverged", "test_accuracy": None}
    return Observations.from_rows(rows[:-3], factors=tuple(LEVELS), blocked=True)


def sums(found: Decomposition) -> dict[str, tuple[float, int]]:
    return {effect.term: (effect.ss, effect.df) for effect in found.effects}


def test_the_design_of_one_scale_serves_the_other() -> None:
    points = unbalanced()
    logit = on_scale(points.completed(), "logit")
    assert sums(decompose(logit, like=decompose(points))) == sums(decompose(logit))
    shared = decompose_by_dataset(logit, like=decompose_by_dataset(points))
    for name, found in decompose_by_dataset(logit).items():
        assert sums(shared[name]) == sums(found)


def test_cells_come_in_the_order_of_the_levels_with_their_runs() -> None:
    observed = unbalanced()
    codes_CF, inverse_R = np.unique(observed.codes_RF, axis=0, return_inverse=True)
    assert observed.cells == tuple(observed.cell_of(codes_F) for codes_F in codes_CF)
    assert observed.run_cells.tolist() == inverse_R.reshape(-1).tolist()
    assert observed.completed() is observed.completed()
    nothing = observed.select(np.zeros(observed.num_runs, dtype=np.bool_))
    assert nothing.cells == ()
    assert nothing.run_cells.tolist() == []
