"""The compared factor in every condition: all pairs, and the best against the second best."""

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import combinations

from ..errors import SpecError
from .contrasts import Condition, cell_at, conditions
from .equivalence import Verdict
from .estimate import Estimate
from .evidence import Evidence
from .families import EXPLORATORY_ROWS, AdjustedP, Method, adjust
from .table import Cell
from .verdicts import Difference, by_sign, judge_family


@dataclass(frozen=True)
class PairRow:
    """One level minus another in one condition.

    Attributes:
        condition: Levels of the other factors.
        high, low: The levels; ``estimates`` are mean(high) - mean(low), in points.
        estimates: Under each deciding model, the shown one last.
        p: One-sided p of the difference's sign under each, with its family.
        margin: Margin of equivalence, in points.
        verdict, reason: On ``high``; see :class:`Judged`.
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
        is_separated: Whether every deciding model's adjusted p is at most alpha, and diverged runs
            at chance accuracy change nothing.
        reason: "ok" if so; else "diverged", "no noise", "single-run" or "imprecise".
    """

    condition: Condition
    best: str
    second: str
    estimates: tuple[Estimate, ...]
    p: tuple[AdjustedP, ...]
    is_separated: bool
    reason: str

    @property
    def is_tie(self) -> bool:
        """Whether the two are equal: then neither is the best."""
        return self.estimates[-1].value == 0.0


def simple_effects(
    evidence: Evidence, *, direction: tuple[str, str] | None = None
) -> tuple[PairRow, ...]:
    """All pairs of the compared factor in all conditions: one family, Holm.

    Tables of over 50 rows are exploratory and use Benjamini-Hochberg instead (``p.method``).

    Args:
        evidence: On the scale of points.
        direction: This pair is taken as (high, low); the others as the levels come.
    """
    found = []
    for condition, levels in levels_by_condition(evidence).items():
        for high, low in combinations(levels, 2):
            turned = direction == (low, high)
            found.append((condition, low, high) if turned else (condition, high, low))
    method: Method = "benjamini-hochberg" if len(found) > EXPLORATORY_ROWS else "holm"
    label = "simple effects" + (" (exploratory)" if len(found) > EXPLORATORY_ROWS else "")
    family = [
        Difference(
            f"{high} - {low}",
            _pair_weights(evidence, condition, high, low),
            evidence.margin_of(_dataset(evidence, condition)),
        )
        for condition, high, low in found
    ]
    judged = judge_family(evidence, family, by_sign(label, method))
    return tuple(
        PairRow(*row, entry.estimates, entry.p, asked.margin, entry.verdict, entry.reason)
        for row, asked, entry in zip(found, family, judged, strict=True)
    )


def separations(evidence: Evidence) -> tuple[Separation, ...]:
    """Best minus second best in each condition with two levels, Holm over the conditions.

    The data pick the two, but more levels do not make p too small: two that tie far ahead of the
    others are the least favourable case (Gutmann & Maymin 1987). Where runs of a condition
    diverged, its best must be separated with these runs at chance accuracy too.
    """
    rows = _separations(evidence)
    if not evidence.diverged:
        return rows
    focus = evidence.observed.focus
    touched = set(conditions(evidence.observed.factors, evidence.diverged, focus=focus))
    other = evidence.with_diverged()
    others = {row.condition: row for row in _separations(other)} if other else {}
    return tuple(
        replace(row, is_separated=False, reason="diverged")
        if row.condition in touched and not _agree(row, others.get(row.condition))
        else row
        for row in rows
    )


def _separations(evidence: Evidence) -> tuple[Separation, ...]:
    found = []
    for condition, levels in levels_by_condition(evidence).items():
        if len(levels) > 1:
            best, second, *_ = _by_rank(evidence, condition, levels)
            found.append((condition, best, second))
    by_row = [
        evidence.estimates(_pair_weights(evidence, *row), f"{row[1]} - {row[2]}") for row in found
    ]
    columns = [
        adjust([e[i].p_value() for e in by_row], family="separation", method="holm")
        for i in range(len(evidence.models))
    ]
    rows = []
    for number, row in enumerate(found):
        p = tuple(column[number] for column in columns)
        said = [entry.adjusted <= evidence.alpha for entry in p]
        reason = "ok" if all(said) else "imprecise"
        if len(set(said)) > 1 or not by_row[number][-1].is_testable:
            reason = "single-run"
        if evidence.rests_on_no_noise(_pair_weights(evidence, *row)):
            said, reason = [False], "no noise"
        rows.append(Separation(*row, by_row[number], p, all(said), reason))
    return tuple(rows)


def _by_rank(evidence: Evidence, condition: Condition, levels: list[str]) -> list[str]:
    model, sign = evidence.model, 1 if evidence.observed.higher_is_better else -1
    means = {
        level: sign * model.means_C[model.index[_cell(evidence, condition, level)]]
        for level in levels
    }
    return sorted(levels, key=lambda level: -means[level])


def _agree(row: Separation, other: Separation | None) -> bool:
    if other is None or row.is_separated != other.is_separated:
        return False
    return row.best == other.best or not row.is_separated


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
