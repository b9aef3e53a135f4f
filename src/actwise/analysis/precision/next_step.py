"""The next step: how many seeds would settle what a network's runs leave open.

Settled, with 80 %, at the level of the decision: a level that is truly behind by the margin leaves
the set, or levels that are truly equal are shown to be equivalent, whichever is true. So both
numbers of seeds are needed, and the larger one counts. To leave the set takes the test by the own
variance, the stricter of the two. Where the best is ahead by more than the margin, far fewer seeds
may show that lead, if it is as large as it looks.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from ..model import ConditionFit, Model, satterthwaite
from ..table import Condition
from .power import TARGET, fewest_seeds, power, power_equivalent, upper_sd


@dataclass(frozen=True)
class NextStep:
    """Seeds a cell of one network.

    Attributes:
        conditions: Whose cells need them.
        seeds_now: Runs of the cell with the fewest.
        seeds: That settle it at the estimated deviation; None above 100, or where none is known.
        seeds_upper: The same at the deviation's upper 80 % limit.
        sd: The deviation within conditions; NaN where none is known.
        margin: The difference that matters.
        lead: Of the best mean over the next; the smallest where conditions are decided one by one.
        seeds_for_lead: That show a lead as large; None above 100, and where it is no more than the
            margin.
    """

    conditions: tuple[Condition, ...]
    seeds_now: int
    seeds: int | None
    seeds_upper: int | None
    sd: float
    margin: float
    lead: float = math.nan
    seeds_for_lead: int | None = None


def next_step(
    model: Model,
    conditions: Iterable[Condition],
    *,
    level: float,
    margin: float,
    num_levels: int,
    conditions_per_set: int,
    error_of_best: float = 0.0,
    lead: float = math.nan,
) -> NextStep:
    """What a network needs.

    Args:
        model: In points.
        conditions: Of the network's sets.
        level: One-sided level of a set.
        margin: The difference that matters.
        num_levels: Levels among which the sets choose.
        conditions_per_set: Over how many conditions the means of a set are taken.
        error_of_best: Standard error of the better cell's mean, where the margin is a tenth of its
            error rate; 0 where the margin is fixed.
        lead: Of the best mean over the next.
    """
    wanted = tuple(dict.fromkeys(conditions))
    entries = [entry for entry in model.conditions if entry.condition in wanted]
    seeds_now = int(min(entry.fit.counts_L.min() for entry in entries))
    variance, sd_df = _variance(model, entries)
    sd = math.sqrt(variance)
    if math.isnan(margin) or num_levels < 2 or not sd > 0:
        return NextStep(wanted, seeds_now, None, None, sd, margin, lead)
    strata = {entry.stratum for entry in entries}
    is_paired = all(e.fit.is_paired and model.strata[e.stratum].within.df for e in entries)
    pooled = [len(e.levels) - is_paired for e in model.conditions if e.stratum in strata]
    own = conditions_per_set * (1 if is_paired else 2)

    def shows(num_seeds: int, difference: float, sd: float) -> bool:
        power_of_own = power(
            difference,
            standard_error=sd * math.sqrt(2 / (num_seeds * conditions_per_set)),
            df=own * (num_seeds - 1),
            alpha=level / (num_levels - 1),
        )
        return power_of_own >= TARGET

    def settles(num_seeds: int, sd: float) -> bool:
        error = sd * math.sqrt(2 / (num_seeds * conditions_per_set))
        of_best = error_of_best * math.sqrt(seeds_now / num_seeds)
        widening = math.hypot(math.sqrt(1.1), 0.1 * of_best / error) if error_of_best else 1.0
        equal = power_equivalent(
            margin,
            standard_error=error,
            df=sum(pooled) * (num_seeds - 1),
            alpha=model.alpha,
            widening=widening,
        )
        return equal >= TARGET and shows(num_seeds, margin, sd)

    found = [fewest_seeds(partial(settles, sd=s)) for s in (sd, upper_sd(sd, sd_df, level=0.80))]
    for_lead = fewest_seeds(partial(shows, difference=lead, sd=sd)) if lead > margin else None
    return NextStep(wanted, seeds_now, found[0], found[1], sd, margin, lead, for_lead)


def _variance(model: Model, entries: list[ConditionFit]) -> tuple[float, float]:
    """Mean within variance over the conditions; of single runs that from outside, if any."""
    parts = []
    for place, count in Counter(entry.stratum for entry in entries).items():
        stratum = model.strata[place]
        share = count / len(entries)
        if stratum.has_replicates:
            error = stratum.within if stratum.within.df else stratum.total
            parts.append((error.value * share, error.df))
            continue
        entry = next(entry for entry in entries if entry.stratum == place)
        known = model.known.get(model.cell_at(entry.condition, entry.levels[0]))
        parts.append((known.run * share, known.run_df) if known else (math.nan, 0.0))
    return satterthwaite(parts)
