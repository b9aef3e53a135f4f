"""Which runs a decision rests on where budgets or learning rates vary.

Where ``train.epochs`` or ``train.train_size`` vary it is taken at the largest. Where the learning
rate varies each activation is taken at its rate of best validation accuracy; without validation
accuracies every rate is a network of its own.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..model import chance_accuracy
from ..table.conditions import WITHIN_NETWORKS, Network
from ..table.observations import Observations

RATE = "train.learning_rate"


@dataclass(frozen=True)
class ChosenRates:
    """The runs at the rates chosen, and these: network -> level of the focus -> rate."""

    observed: Observations
    rates: Mapping[Network, Mapping[str, str]]


def choose_rates(observed: Observations) -> ChosenRates:
    """Each level at its learning rate of best mean validation accuracy, network by network."""
    if RATE not in observed.factors or len(observed.levels_of(RATE)) < 2 or observed.focus == RATE:
        return ChosenRates(observed, {})
    values_R = observed.validation_R
    if values_R is None or np.isnan(values_R[~observed.diverged_R]).any():
        return ChosenRates(observed, {})
    rate, focus = observed.position(RATE), observed.position(observed.focus)
    kept = [
        place
        for place, name in enumerate(observed.factors)
        if name not in (*WITHIN_NETWORKS, RATE, observed.focus)
    ]
    groups: dict[tuple[int, ...], dict[int, dict[tuple[int, ...], list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    keys = [tuple(row) for row in observed.codes_RF[:, [*kept, focus]].tolist()]
    names = observed.run_datasets().tolist()
    for run, (key, codes) in enumerate(zip(keys, observed.codes_RF.tolist(), strict=True)):
        # A run that diverged knows nothing: it counts as a guess.
        guess = chance_accuracy(observed, names[run]) or 0.0
        value = guess if observed.diverged_R[run] else float(values_R[run])
        condition = tuple(code for place, code in enumerate(codes) if place != rate)
        groups[key][codes[rate]][condition].append(value)
    chosen = {key: _best_rate(rates) for key, rates in groups.items()}
    keep_R = np.array([chosen[key] for key in keys]) == observed.codes_RF[:, rate]
    found: dict[Network, dict[str, str]] = defaultdict(dict)
    for (*network, level), code in chosen.items():
        name = tuple(
            (observed.factors[place], observed.levels[place][own])
            for place, own in zip(kept, network, strict=True)
        )
        found[name][observed.levels[focus][level]] = observed.levels[rate][code]
    rest = [name for name in observed.factors if name != RATE]
    return ChosenRates(observed.select(keep_R).only(rest), found)


def _best_rate(rates: Mapping[int, Mapping[tuple[int, ...], list[float]]]) -> int:
    """That of the best mean over the conditions in which all rates were run, if there are any."""
    shared = set.intersection(*(set(conditions) for conditions in rates.values()))

    def mean(code: int) -> float:
        found = rates[code]
        return float(np.mean([np.mean(found[name]) for name in shared or found]))

    return max(rates, key=mean)
