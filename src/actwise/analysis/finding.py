"""What a finding is: a stable code with a title, the evidence in one study, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

TITLES: Mapping[str, tuple[str, str]] = {
    "A001": (
        "factors change only together",
        "Read an effect of one as an effect of all of them; add cells that break the pattern.",
    ),
    "A002": (
        "too few seeds",
        "Add seeds: 3 screen, 5 to 10 decide. Single runs never show equivalence.",
    ),
    "A003": ("outlier seed", "Look at the run's log and curve; it stays in every number."),
    "A004": (
        "selected on test",
        "Use the last epoch. The best of 200 epochs is too good by 0.48 points on CIFAR-10 and "
        "1.38 on CIFAR-100 (203 trainings, bank trottier).",
    ),
    "A005": (
        "seeds added after a look",
        "Take p values and intervals as nominal; plan the looks in the study next time.",
    ),
    "A006": (
        "unequal epochs",
        "The schedule let the length depend on the cell; compare at a fixed length too.",
    ),
    "A007": (
        "mixed numerics fingerprints within a seed",
        "Repeat these runs on one kind of machine, or treat the seeds as unpaired.",
    ),
    "A008": (
        "diverged runs",
        "Read accuracy given completion beside the divergence rate; lower the learning rate.",
    ),
    "A009": (
        "gaps near the ceiling",
        "Judge changes of gaps on both scales; in points gaps shrink mechanically near 100 %.",
    ),
    "A010": (
        "published statistics contradict themselves",
        "Do not use the row; ask the authors or recompute it from their runs.",
    ),
    "A011": ("missing cells", "Run them, or compare only what is estimable without them."),
    "A012": (
        "unequal variances",
        "See with --variance cell (each cell's own variance, Satterthwaite) what stands.",
    ),
    "A013": (
        "pairing by seed does not pay",
        "Nothing to repair: blocks were fixed beforehand; plan more seeds rather than pairs.",
    ),
    "A014": (
        "no variance at all",
        "Check that seeds change anything: equal results of several seeds are suspicious.",
    ),
    "A015": (
        "runs that failed or are missing",
        "Finish them before deciding; what is missing may not be missing by chance.",
    ),
    "A016": (
        "run deviations differ greatly",
        "Pooled intervals are too short for the noisy and too wide for the quiet; see with "
        "--variance cell what stands.",
    ),
    "A017": (
        "values that look like fractions",
        "Give percentages, 100 times as large. As they are there is no usual margin (--margin), no "
        "logit scale, no binomial error, no accuracy of guessing, and C1 to C8 are not judged.",
    ),
    "A018": (
        "cells hardly above chance",
        "Train longer, on more images or with another learning rate before comparing: near chance "
        "differences shrink, and the order may change once the networks learn.",
    ),
}
"""Code -> (title, what to do). Codes are never reused."""


@dataclass(frozen=True)
class Finding:
    """One finding in one study."""

    code: str
    evidence: str

    @property
    def title(self) -> str:
        """What it is."""
        return TITLES[self.code][0]

    @property
    def advice(self) -> str:
        """What to do."""
        return TITLES[self.code][1]
