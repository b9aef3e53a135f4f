"""What to use: a set of levels that may be the best for each network, and what follows for all.

The sets hold together at ``alpha``: each network has alpha / (2 N), halved since a set is joined
with the own one's level; where regularization changes the order it is one set a condition. The
average over networks is shown besides and never decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..differences import LevelSet, RankedLevel, by_network, by_rank, level_set
from ..effects import TermTest, regularization_interactions
from ..model import Model
from ..precision import NextStep, next_step
from ..table.conditions import Condition, Network
from ..table.observations import Cell

Kind = Literal["use", "per_network", "any_of", "not_told_apart", "so_far", "nothing"]


@dataclass(frozen=True)
class NetworkDecision:
    """What to use in one network.

    Attributes:
        network: What tells it from the others.
        kind: "use" (every set is one level), "any_of" (all that may be the best are equivalent),
            "not_told_apart" or "nothing".
        levels: Those that may be the best, in any set.
        by: Whether there is one set for the "network", or one a "condition".
        sets: The sets.
        why: Codes of what limits it: those of its sets, incomplete, interaction,
            no-shared-condition, hardly-learned.
        interaction: Regularization x focus, adjusted over networks; None where there is no test.
        rates: Learning rate of each level, where it was chosen by validation accuracy.
        next_step: Seeds that would settle what is open; None where nothing is, or none can.
    """

    network: Network
    kind: Kind
    levels: tuple[str, ...]
    by: Literal["network", "condition"]
    sets: tuple[LevelSet, ...]
    why: tuple[str, ...]
    interaction: TermTest | None
    rates: Mapping[str, str] = field(default_factory=dict)
    next_step: NextStep | None = None

    @property
    def is_hardly_learned(self) -> bool:
        """Whether a level that may be the best has hardly learned here."""
        return "hardly-learned" in self.why


@dataclass(frozen=True)
class Decision:
    """The whole study.

    Attributes:
        kind: "use" where every set of the study is the same single level; "per_network" for
            several networks and not that; for one network its kind; "so_far" while planned runs
            are missing; "nothing" without a comparison.
        levels: The one of "use", or those of the only network.
        networks: In the order of the runs; where budgets vary, at the largest.
        conditions: One set for every condition of these networks, at alpha / (2 conditions).
        overall: Means over all networks: exploratory, decides nothing.
        num_missing: Planned runs without a result.
    """

    kind: Kind
    levels: tuple[str, ...] = ()
    networks: tuple[NetworkDecision, ...] = ()
    conditions: tuple[LevelSet, ...] = ()
    overall: tuple[RankedLevel, ...] = ()
    num_missing: int = 0


def decide(
    model: Model,
    *,
    hardly_learned: frozenset[Cell],
    margin: float | None = None,
    num_missing: int = 0,
    rates: Mapping[Network, Mapping[str, str]] | None = None,
) -> Decision:
    """Decide for every network.

    Args:
        model: In points.
        hardly_learned: Cells near chance, or far behind.
        margin: Of equivalence, for all data sets; by default each one's own.
        num_missing: Planned runs without a result.
        rates: Learning rates chosen, by network and level.
    """
    decided = by_network(model)
    interactions = regularization_interactions(model, decided)
    level = model.alpha / (2 * max(1, len(decided)))
    networks = tuple(
        _network(
            model,
            network,
            conditions,
            interactions.get(network),
            level=level,
            margin=margin,
            hardly_learned=hardly_learned,
            rates=(rates or {}).get(network, {}),
        )
        for network, conditions in decided.items()
    )
    if all(row.kind == "nothing" for row in networks):
        return Decision("nothing", networks=networks, num_missing=num_missing)
    kind, levels = _kind([row for row in networks if row.kind != "nothing"])
    whole = [condition for conditions in decided.values() for condition in conditions]
    each = model.alpha / (2 * len(whole))
    return Decision(
        "so_far" if num_missing else kind,
        levels,
        networks,
        tuple(level_set(model, [c], level=each, margin=margin, condition=c) for c in whole),
        level_set(model, whole, level=model.alpha, margin=margin).levels,
        num_missing,
    )


def _kind(networks: Sequence[NetworkDecision]) -> tuple[Kind, tuple[str, ...]]:
    if all(row.kind == "use" for row in networks) and len({row.levels for row in networks}) == 1:
        return "use", networks[0].levels
    if len(networks) > 1:
        return "per_network", ()
    return networks[0].kind, networks[0].levels


def _network(
    model: Model,
    network: Network,
    conditions: Sequence[Condition],
    interaction: TermTest | None,
    *,
    level: float,
    margin: float | None,
    hardly_learned: frozenset[Cell],
    rates: Mapping[str, str],
) -> NetworkDecision:
    whole = level_set(model, conditions, level=level, margin=margin)
    several = len(conditions) > 1
    changes = several and _changes(model, whole.conditions, interaction)
    is_split = changes or (several and not whole.conditions)
    sets = [whole]
    if is_split:
        level /= len(conditions)
        sets = [level_set(model, [c], level=level, margin=margin, condition=c) for c in conditions]
        sets = [found for found in sets if found.kind != "nothing"]
    codes = dict.fromkeys(code for found in sets for code in found.why)
    if whole.incomplete and not is_split:
        codes["incomplete"] = None
    if is_split:
        codes["interaction" if changes else "no-shared-condition"] = None
    if _kept_cells(model, sets) & hardly_learned:
        codes["hardly-learned"] = None
    levels = tuple(dict.fromkeys(name for found in sets for name in found.kept))
    kind = _of_sets(sets)
    step = _next_step(model, sets, level) if kind != "nothing" else None
    by: Literal["network", "condition"] = "condition" if is_split else "network"
    return NetworkDecision(
        network, kind, levels, by, tuple(sets), tuple(codes), interaction, rates, step
    )


def _next_step(model: Model, sets: Sequence[LevelSet], level: float) -> NextStep:
    strictest = min(sets, key=lambda found: found.margin.points)
    return next_step(
        model,
        [condition for found in sets for condition in found.conditions],
        level=level,
        margin=strictest.margin.points,
        error_of_best=strictest.margin.error_of_best,
        num_levels=max(len(found.levels) for found in sets),
        conditions_per_set=min(len(found.conditions) for found in sets),
        lead=min(-found.levels[0].behind_best.value for found in sets),
    )


def _of_sets(sets: Sequence[LevelSet]) -> Kind:
    kinds = {found.kind for found in sets}
    if not sets or kinds == {"nothing"}:
        return "nothing"
    if kinds == {"use"} and len({found.kept for found in sets}) == 1:
        return "use"
    if kinds == {"any_of"} and len({frozenset(found.kept) for found in sets}) == 1:
        return "any_of"
    return "not_told_apart"


def _changes(model: Model, conditions: Sequence[Condition], interaction: TermTest | None) -> bool:
    """Whether regularization changes which level leads, by the test and by the means."""
    if interaction is None or not interaction.p.adjusted <= model.alpha:
        return False
    wanted = set(conditions)
    leaders = {by_rank(model, e)[0] for e in model.conditions if e.condition in wanted}
    return len(leaders) > 1


def _kept_cells(model: Model, sets: Sequence[LevelSet]) -> set[Cell]:
    return {
        model.cell_at(condition, level)
        for found in sets
        for condition in found.conditions
        for level in found.kept
    }
