"""What was measured of a model's signal flow, as data. Torch-free; words are made in ``report``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

from ..errors import UnknownNameError
from ..shown import Shown
from ..store.records import is_shifted
from .signal import NormSignal, SiteSignal, SumSignal

DEFAULT_IMAGES = 1_000
"""Fewer are a screen: dead units become fewer with every image more."""
LEAST_VALUES = 16
"""Of a channel. The variance of fewer is no measure: of 3 the geometric mean is .38 of the true."""

GradientOf = Literal["cross-entropy", "loss", "random directions of the output"]
Code = Literal[
    "nonfinite-output",
    "nonfinite-loss",
    "nonfinite",
    "nonfinite-gradient",
    "no-gradient",
    "unfitted",
    "shift",
    "dead",
    "nearly-dead",
    "blocked",
    "constant",
    "saturated",
    "low-rank",
    "vanishing-gradient",
    "exploding-gradient",
    "vanishing-signal",
    "exploding-signal",
    "silent-branch",
    "not-reached",
]


@dataclass(frozen=True)
class SignalFinding:
    """Something odd, as data.

    Attributes:
        code: What kind.
        name: The site, norm or addition; "" for the whole model.
        value: How much: a share of units or values, a ratio, or a rank.
        count: Units or values, where the code counts them.
    """

    code: Code
    name: str
    value: float
    count: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class SignalReport(Shown):
    """The signal flow of one model on one set of images, in evaluation mode.

    Attributes:
        model: Its class, or its level.
        images: N. Numbers of dead units fall with N, so only equal N are compared.
        image_source: Noise or a data set, with the shape; None where images were given.
        gradient_of: What the gradient is of; None where none reached a site.
        loss: Mean of the loss over the images; None without labels.
        accuracy: Percent of the images, as the model is; a row with NaN is wrong.
        reestimated_accuracy: The same with the statistics of batch norm estimated anew on these
            images with dropout off; None unless asked.
        outputs, nonfinite_outputs: Numbers that the model returned, and how many of them were NaN
            or infinite.
        sites, norms, sums: In the order of first calls.
        findings: What is odd, the worst kinds first.
        not_run: Sites of ``aw.audit`` that evaluation mode does not run.
        unseen: Parts that nobody can look into.
        warnings: What could not be measured, sentences.
    """

    model: str
    images: int
    image_source: str | None = None
    gradient_of: GradientOf | None
    loss: float | None
    accuracy: float | None
    reestimated_accuracy: float | None = None
    outputs: int = 0
    nonfinite_outputs: int = 0
    sites: tuple[SiteSignal, ...]
    norms: tuple[NormSignal, ...] = ()
    sums: tuple[SumSignal, ...] = ()
    findings: tuple[SignalFinding, ...] = ()
    not_run: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_screen(self) -> bool:
        """Whether N is below :data:`DEFAULT_IMAGES`."""
        return self.images < DEFAULT_IMAGES

    @property
    def activations(self) -> tuple[SiteSignal, ...]:
        """The sites that a swap would replace."""
        return tuple(site for site in self.sites if site.is_activation)

    @property
    def rare(self) -> float:
        """3/N: a unit that never fired fires on less than that share of images, with 95 %.

        For one unit that was chosen beforehand; of many the worst may fire more often.
        """
        return min(1.0, 3 / self.images)

    @property
    def told_norms(self) -> tuple[NormSignal, ...]:
        """The norms that were trained, and saw :data:`LEAST_VALUES` here."""
        return tuple(n for n in self.norms if n.is_fitted and n.values >= LEAST_VALUES)

    @property
    def shift(self) -> tuple[float, float] | None:
        """Median and least variance ratio of the norms; None where none tells."""
        ratios = [norm.variance_ratio for norm in self.told_norms]
        return (median(ratios), min(ratios)) if ratios else None

    @property
    def is_shifted(self) -> bool:
        """Whether batch norm meets other variances in evaluation than it has learned."""
        return is_shifted([norm.variance_ratio for norm in self.told_norms])

    @property
    def is_shift_confirmed(self) -> bool | None:
        """Whether re-estimated statistics make the model clearly more accurate; None if untested.

        By more than two standard errors of the difference of two independent shares.
        """
        if self.accuracy is None or self.reestimated_accuracy is None:
            return None
        shares = self.accuracy / 100, self.reestimated_accuracy / 100
        error = math.sqrt(sum(share * (1 - share) for share in shares) / self.images)
        return shares[1] - shares[0] > 2 * error

    def __getitem__(self, name: str) -> SiteSignal:
        """The site of a name.

        Raises:
            UnknownNameError: if there is none.
        """
        for site in self.sites:
            if site.name == name:
                return site
        raise UnknownNameError("site", name, [site.name for site in self.sites])

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values; docs/json.md names the keys."""
        sums = [{**asdict(part), "branch_share": part.branch_share} for part in self.sums]
        shift = self.shift and {
            "median": self.shift[0],
            "least": self.shift[1],
            "is_shifted": self.is_shifted,
            "is_confirmed": self.is_shift_confirmed,
        }
        return {**asdict(self), "sums": sums, "is_screen": self.is_screen, "shift": shift}

    def to_rows(self) -> Sequence[Mapping[str, Any]]:
        """The sites."""
        return [asdict(site) for site in self.sites]
