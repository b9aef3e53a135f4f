"""Other ways to pick, on the same recorded runs: early stopping by Optuna's pruners.

A pruner sees a full run's validation accuracies epoch by epoch, seed 0 of the case, candidates in
a given order, and stops it or not; the pick is the best last value among runs that were not
stopped. Only runs whose every epoch was validated can be replayed (race-bank).
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks.recommend.bank import ACTIVATIONS, Floats

HAS_OPTUNA = find_spec("optuna") is not None


class Picked(NamedTuple):
    """An activation, and what it cost to find it, in full runs."""

    activation: str
    cost: float


def pruners() -> Mapping[str, Any]:
    """Makers of pruners of 27-epoch runs, by their name in tables."""
    from optuna.pruners import HyperbandPruner, SuccessiveHalvingPruner

    return {
        "halving from 1 epoch, factor 3": lambda: SuccessiveHalvingPruner(
            min_resource=1, reduction_factor=3
        ),
        "halving from 3 epochs, factor 3": lambda: SuccessiveHalvingPruner(
            min_resource=3, reduction_factor=3
        ),
        "halving from 9 epochs, factor 2": lambda: SuccessiveHalvingPruner(
            min_resource=9, reduction_factor=2
        ),
        "Hyperband from 3 epochs, factor 3": lambda: HyperbandPruner(
            min_resource=3, max_resource=27, reduction_factor=3
        ),
    }


def pruned(make_pruner: Any, curves_AE: Floats, order: Sequence[int]) -> Picked:
    """One pass over the candidates.

    Args:
        make_pruner: Gives a fresh pruner.
        curves_AE: Validation accuracies after each epoch, by activation.
        order: In which the candidates are tried.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="replay", direction="maximize", pruner=make_pruner(), sampler=_Nothing()
    )
    num_epochs = curves_AE.shape[1]
    spent, finished = 0, {}
    for arm in order:
        trial = study.ask()
        for epoch, value in enumerate(curves_AE[arm], start=1):
            trial.report(float(value), epoch)
            spent += 1
            if epoch < num_epochs and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, float(curves_AE[arm, -1]))
            finished[arm] = float(curves_AE[arm, -1])
    best = max(finished, key=finished.__getitem__)
    return Picked(ACTIVATIONS[best], spent / num_epochs)


def _Nothing() -> Any:
    """A sampler; no parameter is ever suggested."""
    import optuna

    return optuna.samplers.RandomSampler(seed=0)
