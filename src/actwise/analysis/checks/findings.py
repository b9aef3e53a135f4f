"""Findings: what a careful reader must know before trusting a result. One table of entries.

A new finding is one entry, with a code that was never used before, and the function that detects
it.
"""

from dataclasses import dataclass

from . import in_records, in_runs
from .facts import Detect, Facts, on_runs

ALIKE = "A023"
_LISTED = 6
"""Rows of evidence that are named."""


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding.

    Attributes:
        code: Stable, and never used for another.
        title: What it is.
        advice: What to do.
        detect: Its evidence in a study; nothing where there is none.
    """

    code: str
    title: str
    advice: str
    detect: Detect


@dataclass(frozen=True)
class Finding:
    """One finding in one study, in the words of its kind; numbers and names as evidence."""

    code: str
    title: str
    evidence: str
    advice: str


FINDINGS: tuple[FindingKind, ...] = (
    FindingKind(
        "A001",
        "factors change only together",
        "Read an effect of one as an effect of all of them; add cells that break the pattern.",
        lambda facts: [
            *(f"one network: {names}" for names in facts.results.aliases),
            *on_runs(in_runs.confounded_factors)(facts),
        ],
    ),
    FindingKind(
        "A002",
        "too few seeds",
        "Add seeds: 3 screen, 5 to 10 decide. Single runs never show equivalence.",
        on_runs(in_runs.few_seeds),
    ),
    FindingKind(
        "A003",
        "outlier seed",
        "Look at the run's log and curve; it stays in every number.",
        in_records.outlier_seeds,
    ),
    FindingKind(
        "A004",
        "selected on test",
        "Use the last epoch. The best of 200 epochs is too good by 0.48 points on CIFAR-10 and "
        "1.38 on CIFAR-100 (203 trainings, bank trottier).",
        on_runs(in_runs.selected_on_test),
    ),
    FindingKind(
        "A005",
        "seeds added after a look",
        "Take p values and intervals as nominal; plan the looks in the study next time.",
        in_records.seeds_after_look,
    ),
    FindingKind(
        "A006",
        "unequal epochs",
        "The schedule let the length depend on the cell; compare at a fixed length too.",
        in_records.unequal_epochs,
    ),
    FindingKind(
        "A007",
        "mixed numerics fingerprints of a network at a seed",
        "Repeat these runs on one kind of machine, or treat the seeds as unpaired.",
        in_records.mixed_fingerprints,
    ),
    FindingKind(
        "A008",
        "diverged runs",
        "Read accuracy given completion beside the rate; lower the learning rate.",
        lambda facts: in_runs.lost_runs(facts, "diverged"),
    ),
    FindingKind(
        "A009",
        "gaps depend on the scale",
        "Judge changes of gaps on both scales; in points gaps shrink mechanically near 100 %.",
        in_runs.near_ceiling,
    ),
    FindingKind(
        "A010",
        "published statistics contradict themselves",
        "Do not use the row; ask the authors or recompute it from their runs.",
        in_records.contradicting_rows,
    ),
    FindingKind(
        "A011",
        "missing cells",
        "Run them, or compare only what is estimable without them.",
        on_runs(in_runs.missing_cells),
    ),
    FindingKind(
        "A014",
        "no variance at all",
        "Check that seeds change anything: equal results of several seeds are suspicious.",
        on_runs(in_runs.no_variance),
    ),
    FindingKind(
        "A015",
        "runs that failed or are missing",
        "Finish them before deciding; what is missing may not be missing by chance.",
        in_records.incomplete_runs,
    ),
    FindingKind(
        "A017",
        "values that look like fractions",
        "Give percentages, 100 times as large. As they are there is no usual margin (--margin), no "
        "logit scale, no binomial error, no accuracy of guessing, and C1 to C8 are not judged.",
        on_runs(in_runs.fractions),
    ),
    FindingKind(
        "A018",
        "cells that hardly learned",
        "Train longer, on more images or with another learning rate before comparing: near chance "
        "differences shrink, and the order may change once the networks learn.",
        on_runs(in_runs.hardly_learned_cells),
    ),
    FindingKind(
        "A019",
        "runs stuck at chance",
        "Look at their logs and curves; they are set apart as diverged ones are, and verdicts on "
        "their cells must hold with them at chance too.",
        lambda facts: in_runs.lost_runs(facts, "stuck"),
    ),
    FindingKind(
        "A020",
        "own variance unavailable",
        "Add seeds: below 4 degrees of freedom no verdict is looked at a second time, and one that "
        "rests on unequal variances is not told from the others.",
        on_runs(in_runs.no_own_variance),
    ),
    FindingKind(
        "A022",
        "levels that trained the same network",
        "Do not compare them: their runs end at the same weights, so code ignores the level, or "
        "two levels are one function. `plan` counts the activations that run.",
        lambda facts: facts.results.twins,
    ),
    FindingKind(
        ALIKE,
        "levels that differ in case or hyphens only",
        "They are taken as two; write one of them as the other where they are the same.",
        on_runs(in_runs.alike_levels),
    ),
    FindingKind(
        "A024",
        "batch norm evaluates at other variances than it has learned",
        "Put dropout behind the last norm, or judge by re-estimated statistics too: store them by "
        "[observe] reestimated = true, then `analyze --response reestimated_accuracy`.",
        lambda facts: facts.results.shifts,
    ),
)
"""In the order of the codes. A012, A013, A016 and A021 were findings of earlier editions."""


def find_all(facts: Facts) -> tuple[Finding, ...]:
    """Every finding of a study, in the order of the codes."""
    return tuple(
        Finding(kind.code, kind.title, _listed(rows), kind.advice)
        for kind in FINDINGS
        if (rows := list(kind.detect(facts)))
    )


def _listed(rows: list[str]) -> str:
    more = f"; and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
    return "; ".join(rows[:_LISTED]) + more
