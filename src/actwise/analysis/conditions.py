"""The compared factor in every condition: all pairs, and the best against the second best."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

from ..errors import SpecError
from .contrasts import Condition, cell_at, conditions
from .equivalence import Verdict
from .estimate import Estimate
from .evidence import Evidence, judge_difference
from .families import EXPLORATORY_ROWS, AdjustedP, Method, adjust
from .observations import Cell


@dataclass(frozen=True)
class PairRow:
    """One level minus another in one condition.

    Attributes:
        condition: Levels of the other factors.
        high, low: The levels; ``estimates`` are mean(high) - mean(low), in points.
        estimates: Under each deciding model, the shown one last.
        p: One-sided p of the difference's sign under each, with its family.
        margin: Margin of equivalence, in points.
        verdict, reason: On ``high``; see :func:`judge_difference`.
    """

    condition: Condition
    high: str
    low: str
    estimates: tuple[Estimate, ...]
    p: tuple[AdjustedP, ...]
    margin: float
    verdict: Verdict
    reason: str

    @property
    def estimate(self) -> Estimate:
        """The difference under the model that is shown."""
        return self.estimates[-1]


@dataclass(frozen=True)
class Separation:
    """The best level of a condition against its second best.

    Attributes:
        condition: Levels of the other factors.
        best, second: The levels.
        estimates: best - second in points, under each deciding model.
        p: Two-sided p under each, Holm over the conditions.
        is_separated: Whether every deciding model's adjusted p is at most .05.
    """

    condition: Condition
    best: str
    second: str
    estimates: tuple[Estimate, ...]
    p: tuple[AdjustedP, ...]
    is_separated: bool


def simple_effects(
    evidence: Evidence, *, pair: tuple[str, str] | None = None
) -> tuple[PairRow, ...]:
    """All pairs of the compared factor in all conditions: one family, Holm.

    Tables of over 50 rows are exploratory and use Benjamini-Hochberg instead (``p.method``).

    Args:
        evidence: On the scale of points.
        pair: Only (high, low), such as ``("elu", "relu")``, instead of all pairs.
    """
    found = []
    for condition, levels in levels_by_condition(evidence).items():
        pairs = [pair] if pair else combinations(levels, 2)
        found += [(condition, *p) for p in pairs if p[0] in levels and p[1] in levels]
    method: Method = "benjamini-hochberg" if len(found) > EXPLORATORY_ROWS else "holm"
    label = "simple effects" + (" (exploratory)" if len(found) > EXPLORATORY_ROWS else "")
    weights = [_pair_weights(evidence, *row) for row in found]
    names = [f"{high} - {low}" for _, high, low in found]
    by_row = [evidence.estimates(w, n) for w, n in zip(weights, names, strict=True)]
    columns = [
        adjust([min(e[i].p_above(), e[i].p_below()) for e in by_row], family=label, method=method)
        for i in range(len(evidence.models))
    ]
    rows = []
    for number, (condition, high, low) in enumerate(found):
        p = tuple(column[number] for column in columns)
        margin = evidence.margin_of(_dataset(evidence, condition))
        verdict, reason = judge_difference(
            evidence,
            weights[number],
            by_row[number],
            margin=margin,
            adjusted_p=[entry.adjusted for entry in p],
        )
        rows.append(PairRow(condition, high, low, by_row[number], p, margin, verdict, reason))
    return tuple(rows)


def separations(evidence: Evidence) -> tuple[Separation, ...]:
    """Best minus second best in each condition with two levels, Holm over the conditions.

    The two are picked by the data, so the unadjusted p is too small with many levels; the ranking
    as a set (``ranking``) allows for that.
    """
    model, sign = evidence.model, 1 if evidence.observed.higher_is_better else -1
    found = []
    for condition, levels in levels_by_condition(evidence).items():
        if len(levels) < 2:
            continue
        ordered = sorted(
            levels,
            key=lambda level: -sign * model.means_C[model.index[_cell(evidence, condition, level)]],
        )
        found.append((condition, ordered[0], ordered[1]))
    by_row = [
        evidence.estimates(_pair_weights(evidence, *row), f"{row[1]} - {row[2]}") for row in found
    ]
    columns = [
        adjust([e[i].p_value() for e in by_row], family="separation", method="holm")
        for i in range(len(evidence.models))
    ]
    rows = []
    for number, (condition, best, second) in enumerate(found):
        p = tuple(column[number] for column in columns)
        separated = all(entry.adjusted <= 0.05 for entry in p)
        rows.append(Separation(condition, best, second, by_row[number], p, separated))
    return tuple(rows)


def levels_by_condition(evidence: Evidence) -> dict[Condition, list[str]]:
    """Levels of the compared factor with completed runs, in each condition."""
    model, focus = evidence.model, evidence.observed.focus
    if focus not in model.factors:
        raise SpecError(f"the compared factor {focus} is no column; there are {model.factors}")
    place = model.factors.index(focus)
    found: dict[Condition, list[str]] = defaultdict(list)
    for cell in model.cells:
        (condition,) = conditions(model.factors, [cell], focus=focus)
        found[condition].append(cell[place])
    return dict(found)


def _cell(evidence: Evidence, condition: Condition, level: str) -> Cell:
    return cell_at(evidence.model.factors, condition, focus=evidence.observed.focus, level=level)


def _pair_weights(
    evidence: Evidence, condition: Condition, high: str, low: str
) -> dict[Cell, float]:
    return {_cell(evidence, condition, high): 1.0, _cell(evidence, condition, low): -1.0}


def _dataset(evidence: Evidence, condition: Condition) -> str:
    factor = evidence.observed.dataset_factor
    return dict(condition).get(factor, "all") if factor else "all"
