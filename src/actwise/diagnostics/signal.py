"""What was measured of one site, norm or addition, as data. Torch-free."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LearnedParameter:
    """A trained parameter of an activation, such as the slopes of a PReLU.

    Attributes:
        name: In the site's module, or of the model's parameter that a function was given.
        count: How many values it has.
    """

    name: str
    count: int
    mean: float
    least: float
    greatest: float


@dataclass(frozen=True, kw_only=True)
class SiteSignal:
    """One site over the whole probe set. z is its input, f its output, a unit one channel.

    Counts of units have the number of images beside them in :attr:`images`. What needs the slope
    f' is None where the function does not act on each element alone (softmax, glu).

    Attributes:
        name, kind, activation, role, place: As ``aw.audit`` gives them.
        depth: Its place in the order of first calls, from 0.
        images: How many reached it.
        units: Channels; of a place called with several counts or shapes of them all.
        calls: In one pass.
        values: Elements that were looked at.
        nonfinite: Of these, how many were NaN or infinite.
        dead: Units whose f' was 0 everywhere and whose f never moved.
        dead_units: Which, from 0; empty of a place called with several counts or shapes of them.
        nearly_dead: The same with abs(f') <= 1e-3; holds the dead ones.
        constant: Units whose f never moved, whatever f' was.
        blocked: Units with abs(f') < 1e-3 everywhere, whether f moved or not.
        zero_fraction: Share of values with f = 0.
        blocked_fraction: Share with abs(f') < 1e-3.
        low_slope_fraction: Share with abs(f') < 0.1.
        slope_second_moment: E f'^2.
        saturated_fraction: Share within 1 % of a limit of f and with abs(f') < 0.1; None for a
            function without a flat end.
        is_bounded: Whether f is flat at both ends.
        mean: E f.
        mean_shift: E f - E z: the mean that the activation adds.
        input_second_moment: E z^2.
        second_moment: E f^2.
        second_moment_ratio: To that of the activation before it in the order of calls.
        gradient_norm: Root mean square over images of the norm of the gradient of an image's loss
            with respect to z; None without a gradient.
        effective_rank: (sum l)^2 / sum l^2 of the eigenvalues l of the units' covariance over
            images and positions: 1 if all units say the same, their number if each says its own.
        rank_units: Of how many units, evenly chosen where there are more than 512.
        learned: What is trained of the activation itself.
    """

    name: str
    kind: str
    activation: str
    role: str
    place: str
    depth: int
    images: int
    units: int
    calls: int
    values: int
    nonfinite: int
    dead: int | None
    nearly_dead: int | None
    constant: int
    blocked: int | None
    zero_fraction: float
    blocked_fraction: float | None
    low_slope_fraction: float | None
    slope_second_moment: float | None
    saturated_fraction: float | None
    is_bounded: bool
    mean: float
    mean_shift: float | None
    input_second_moment: float
    second_moment: float
    second_moment_ratio: float | None
    gradient_norm: float | None
    effective_rank: float | None
    rank_units: int
    learned: tuple[LearnedParameter, ...] = ()
    dead_units: tuple[int, ...] = ()

    @property
    def is_activation(self) -> bool:
        """Whether a swap would replace it; findings are about these."""
        return self.role in ("activation", "glu")


@dataclass(frozen=True, kw_only=True)
class NormSignal:
    """The input of one batch norm in evaluation mode against its running statistics.

    Attributes:
        name: The module's path, or that of its running variance.
        variance_ratio: Geometric mean over channels of (variance + eps) / (running one + eps).
        mean_difference: Root mean square over channels of (mean - running mean), in running SDs.
        values: Of each channel that were looked at.
        is_fitted: Whether the statistics are others than those before any training.
    """

    name: str
    channels: int
    variance_ratio: float
    mean_difference: float
    values: int
    is_fitted: bool


@dataclass(frozen=True, kw_only=True)
class SumSignal:
    """An addition of two ways of one shape, both from the input, of which one is longer.

    Attributes:
        name: The path of the module that adds; its further additions end in ``+2``, ``+3``.
        shortcut_energy, branch_energy, sum_energy: Second moments of the shorter way, of the
            longer one and of their sum.
    """

    name: str
    shortcut_energy: float
    branch_energy: float
    sum_energy: float

    @property
    def branch_share(self) -> float:
        """The branch's part of the two energies."""
        total = self.shortcut_energy + self.branch_energy
        return self.branch_energy / total if total else float("nan")
