"""The factor's entries: an activation in the table, and one with its arguments.

Only what cannot be computed is written down. Gains, mean shift, range and learnability follow
from the function at its initialisation, so they cannot disagree with it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal, TypeVar

import numpy as np
import torch
from torch import nn

from ..errors import SpecError
from ..registry import Level, Parameter, Registry, bind, canonical
from .moments import (
    Growth,
    Moments,
    normal_growth,
    normal_moments,
    value_range,
    values_and_slopes,
)

Shape = tuple[int, ...]

_Integrals = TypeVar("_Integrals", Moments, Growth)
FixedPoint = Literal["stable", "neutral", "unstable", "none"]

_NEUTRAL = 1e-3
"""So near to 1, V' moves a second moment by less in 100 layers than their chance does."""
_MARK = "_is_actwise_activation"
_POINT: Shape = (1, 1, 1)


@dataclass(frozen=True, kw_only=True)
class BoundActivation:
    """One level of the factor: an activation with its arguments.

    Attributes:
        name: its name in the table, or ``package.module:Name``.
        canonical: the one text of this level, equal for all ways to write it.
        formula: for people; subscript c stands for one value a channel.
        source: the paper.
        make: builds the bare module for a per-sample shape.
        code_digest: The digest of the code of a user's activation, else None.
    """

    name: str
    canonical: str
    formula: str
    source: str
    make: Callable[[Shape], nn.Module]
    code_digest: str | None = None

    def build(self, shape: Shape) -> nn.Module:
        """A new module for inputs (N, *shape); ``shape`` is (C, H, W) or (C,).

        Never the same module twice: one shared by two layers would share its parameters.
        """
        module = self.make(shape)
        mark(module, self.canonical)
        return module

    @cached_property
    def learnable(self) -> bool:
        """Whether it has parameters to train."""
        return any(parameter.requires_grad for parameter in self._probe().parameters())

    @cached_property
    def has_channels(self) -> bool:
        """Whether two numbers of channels give parameters of two shapes."""
        # A user's module may draw its first parameters: not from the caller's stream.
        with torch.random.fork_rng(devices=[]):
            made = [self.make((n,)).state_dict() for n in (1, 2)]
        one, two = ({name: value.shape for name, value in state.items()} for state in made)
        return one != two

    @property
    def gain(self) -> float:
        r"""Weight-init gain :math:`1/\sqrt{E[f(z)^2]}` for z ~ N(0, 1), at initialisation.

        With weights of variance ``gain**2 / fan_in`` the second moment of a layer's output
        equals that of its input (He et al. 2015, eq. 10, for any f). 0 where E f^2 is infinite.
        """
        return _inverse_root(self._moments.second)

    @property
    def backward_gain(self) -> float:
        r"""The gain that keeps a gradient's second moment, :math:`1/\sqrt{E[f'(z)^2]}`.

        Infinite where f' is 0 almost everywhere, 0 where E f'^2 is infinite.
        """
        return _inverse_root(self._moments.slope_second)

    @property
    def variance_slope(self) -> float:
        r"""V' = dV/dq at q = 1: of a second moment's small error, what is left a layer later.

        :math:`V(q) = gain^2 E[f(\sqrt q z)^2]` in plain layers without biases: V(1) = 1. NaN
        without a gain that weights can have, as the next two.
        """
        return self._growth.second_slope / self._moments.second if self.has_gain else math.nan

    @property
    def fixed_point(self) -> FixedPoint:
        """By V', whether second moments come back to 1, stay where they are, or leave it.

        ``unstable`` has a gain and no stable one; ``none`` has no gain that weights can have.
        """
        if not self.has_gain:
            return "none"
        excess = abs(self.variance_slope) - 1.0
        return "neutral" if abs(excess) <= _NEUTRAL else "stable" if excess < 0.0 else "unstable"

    @property
    def chi(self) -> float:
        """gain^2 E f'(z)^2: of a gradient's second moment, what is left a layer earlier."""
        return self.gain**2 * self._moments.slope_second if self.has_gain else math.nan

    @property
    def kappa(self) -> float:
        """E f^4 / (E f^2)^2 - 1: a layer of n units adds kappa / n to the variance of log q."""
        if not self.has_gain:
            return math.nan
        return self._growth.fourth / self._moments.second**2 - 1.0

    @property
    def has_gain(self) -> bool:
        """Whether the gain is one that weights can have."""
        return 0.0 < self.gain < math.inf

    @property
    def weight_gain(self) -> float:
        """The gain, for weights.

        Raises:
            SpecError: if it is none that weights can have.
        """
        if not self.has_gain:
            raise SpecError(f"init is 'gain', and {self.canonical} has none that weights can have")
        return self.gain

    @property
    def mean_shift(self) -> float:
        """E f(z) for z ~ N(0, 1): the mean that the activation adds to a centred input."""
        return self._moments.mean

    @cached_property
    def output_range(self) -> tuple[float, float]:
        """Least and greatest value, to 6 decimals; infinite where values go on growing."""
        with torch.device("cpu"):
            return value_range(self._probe())

    @property
    def negative_output(self) -> bool:
        """Whether some input gives a negative output."""
        return self.output_range[0] < 0.0

    def curve(self, low: float, high: float, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``n`` points x from ``low`` to ``high`` with f(x) and f'(x), float64, for plots."""
        with torch.device("cpu"):
            x = torch.linspace(low, high, n, dtype=torch.float64)
            value, slope = values_and_slopes(self._probe(), x)
        return x.numpy(), value.numpy(), slope.numpy()

    @cached_property
    def _moments(self) -> Moments:
        return self._integrated(normal_moments)

    @cached_property
    def _growth(self) -> Growth:
        return self._integrated(normal_growth)

    def _integrated(self, integrate: Callable[[nn.Module], _Integrals]) -> _Integrals:
        try:
            with torch.device("cpu"):
                return integrate(self._probe())
        except SpecError as error:
            raise SpecError(f"activation {self.canonical}: {error}") from None

    def _probe(self) -> nn.Module:
        """The function at its initialisation, in evaluation mode and float64, on the CPU."""
        # A user's module may draw initial values, which must not move the caller's stream.
        with torch.device("cpu"), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return self.make(_POINT).double().eval()


@dataclass(frozen=True, kw_only=True)
class Activation:
    """An entry of the table; ``build(shape, **arguments)`` makes a new module."""

    name: str
    formula: str
    source: str
    build: Callable[..., nn.Module]
    parameters: tuple[Parameter, ...] = ()
    same_as: str = ""

    def bind(self, level: Level) -> BoundActivation:
        """This activation with the arguments of ``level``.

        Raises:
            SpecError: if they do not fit.
        """
        arguments = bind(level, self.parameters, kind="activation")
        self.build(_POINT, **arguments)  # what holds between arguments is checked by the module
        return BoundActivation(
            name=self.name,
            canonical=canonical(self.same_as or self.name, arguments, self.parameters),
            formula=self.formula,
            source=self.source,
            make=partial(self.build, **arguments),
        )


ACTIVATIONS = Registry[Activation]("activation")


def register(
    name: str,
    formula: str,
    source: str,
    build: Callable[..., nn.Module],
    *parameters: Parameter,
    same_as: str = "",
) -> None:
    """Add an activation to the table.

    Args:
        name: the level's name.
        formula: for people.
        source: the paper.
        build: ``build(shape, **arguments)``, a new module for inputs (N, *shape).
        *parameters: what the level takes as arguments, passed to ``build`` by name.
        same_as: the entry that is the same function under its first name; both are one level,
            trained once.

    Raises:
        SpecError: if the name is taken.
    """
    ACTIVATIONS.add(
        Activation(
            name=name,
            formula=formula,
            source=source,
            build=build,
            parameters=parameters,
            same_as=same_as,
        )
    )


def mark(module: nn.Module, canonical: str) -> None:
    """Note in a module that it is an activation, and of which level."""
    vars(module)[_MARK] = canonical


def is_activation(module: nn.Module) -> bool:
    """Whether a :class:`BoundActivation` built this module (weight decay must not touch it)."""
    return _MARK in vars(module)


def level_of(module: nn.Module) -> str | None:
    """The canonical level of a module that a :class:`BoundActivation` built; None of any other."""
    level: str | None = vars(module).get(_MARK)
    return level


def _inverse_root(moment: float) -> float:
    return math.inf if moment == 0.0 else 1.0 / math.sqrt(moment)
