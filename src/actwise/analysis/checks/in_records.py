"""What can be seen in the records of how the runs came to be, and in published figures."""

from collections.abc import Mapping

from ...numbers import counted
from ..precision import Looks, Seen
from ..reading import StudyResults
from ..table import Cell
from .facts import Facts, Rows

_LENGTH = "train.epochs"


def outlier_seeds(facts: Facts) -> Rows:
    """Runs far from what their cell and seed predict."""
    return [
        f"{', '.join(o.cell)}{f', seed {o.seed}' if o.seed else ''}: {o.deviations:+.1f} robust SD"
        for o in facts.outliers
    ]


def seeds_after_look(facts: Facts) -> Rows:
    """Verdicts were printed when no look was planned, or once more when runs were added."""
    looks = facts.looks
    if not looks.unplanned:
        return ()
    rows = [f"before: {', '.join(map(_seen, looks.earlier))}"] if looks.earlier else []
    rows.append(f"now: {_seen(looks.now)}")
    if looks.planned:
        rows.append(f"planned: {', '.join(map(str, looks.planned))} seeds")
    return rows


def _seen(look: Seen) -> str:
    runs = f" ({counted(look.num_runs, 'run')})" if look.num_runs else ""
    return counted(look.num_seeds, "seed") + runs


def unequal_epochs(facts: Facts) -> Rows:
    """Mean number of epochs differs between cells that were to be trained equally long."""
    epochs, observed = facts.results.epochs, facts.observed
    factors = observed.factors if observed else ()
    asked = factors.index(_LENGTH) if _LENGTH in factors else None
    alike: dict[str | None, list[Cell]] = {}
    for cell in sorted(epochs, key=epochs.__getitem__):
        alike.setdefault(None if asked is None else cell[asked], []).append(cell)
    return [
        f"from {epochs[cells[0]]:.4g} ({', '.join(cells[0])}) to {epochs[cells[-1]]:.4g} epochs "
        f"({', '.join(cells[-1])})"
        for cells in alike.values()
        if epochs[cells[-1]] - epochs[cells[0]] >= 1
    ]


def mixed_fingerprints(facts: Facts) -> Rows:
    """Networks and their seeds whose runs come from more than one numerics fingerprint."""
    mixed: dict[str, list[str]] = {}
    for (network, seed), kinds in sorted(facts.results.fingerprints.items()):
        if len(kinds) > 1:
            mixed.setdefault(network, []).append(str(seed))
    return [
        f"seeds {', '.join(seeds)}" + (f" of {network}" if network else "")
        for network, seeds in mixed.items()
    ]


def incomplete_runs(facts: Facts) -> Rows:
    """Runs of the plan that failed or have no result, but for those that a later look is for."""
    flow = due_runs(facts.results, facts.looks)
    rows = [f"{flow[key]} {key}" for key in ("failed", "missing") if flow.get(key)]
    return [*rows, f"{flow.get('planned', 0)} planned"] if rows else ()


def contradicting_rows(facts: Facts) -> Rows:
    """Recomputed statistics that do not follow from their own mean, SD and n."""
    return [
        f"{row.name}: "
        + ", ".join(
            f"{what} {given:.4f}, recomputed {value:.4f}" for what, given, value in row.evidence
        )
        for row in (facts.published.contradictions if facts.published else ())
    ]


def due_runs(results: StudyResults, looks: Looks) -> Mapping[str, int]:
    """The run flow without the missing runs of seeds that a planned look leaves to later ones."""
    num_seeds = looks.now.num_seeds
    if results.table is None or num_seeds not in looks.planned:
        return results.flow
    overdue = 0
    for cell in results.table.cells:
        ended = cell.num_finished + cell.num_diverged + cell.num_failed
        overdue += min(cell.num_missing, max(0, num_seeds - ended))
    return {**results.flow, "missing": min(overdue, results.flow.get("missing", 0))}
