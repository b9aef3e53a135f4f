"""What the moments of activations promise of plain layers at ``init = "gain"``, and what comes.

    python -m benchmarks.diagnostics.mean_field [--units 512] [--layers 100] [--seeds 3] [NAME ...]

Prints the table of docs/initialisation.md. Legend: A activations, B vectors, n units.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from actwise.activations import ACTIVATIONS, BoundActivation, resolve

from ..printing import describe, markdown, where


@dataclass(frozen=True)
class PlainLayers:
    """One activation after all layers.

    Attributes:
        log_q: Logarithm of the second moment of each vector, which was 1 before.
        chi: Of a gradient's second moment, what was left a layer earlier: the geometric mean.
    """

    log_q: tuple[float, ...]
    chi: float


def plain_layers(
    bounds: Sequence[BoundActivation],
    *,
    num_layers: int,
    num_units: int,
    num_vectors: int,
    seed: int,
) -> list[PlainLayers]:
    """Each activation in plain layers at its gain, in float64; all share vectors and weights."""
    draws = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draws, dtype=torch.float64)

    z_Bn = normal(num_vectors, num_units)
    z_ABn = (z_Bn / z_Bn.square().mean(1, keepdim=True).sqrt()).repeat(len(bounds), 1, 1)
    modules = [bound.build((num_units,)).double().eval() for bound in bounds]
    weights, slopes = [], []
    for _ in range(num_layers):
        z_ABn.requires_grad_()
        values = [m(z) * b.gain for b, m, z in zip(bounds, modules, z_ABn.unbind(), strict=True)]
        f_ABn = torch.stack(values)
        slopes.append(torch.autograd.grad(f_ABn.sum(), z_ABn)[0])
        weights.append(normal(num_units, num_units) / math.sqrt(num_units))
        z_ABn = f_ABn.detach() @ weights[-1]
    g_ABn = last = normal(*z_ABn.shape)
    for weight_nn, slope_ABn in zip(reversed(weights), reversed(slopes), strict=True):
        g_ABn = g_ABn @ weight_nn.T * slope_ABn
    ratio_A = g_ABn.square().sum((1, 2)) / last.square().sum((1, 2))
    chi_A = ratio_A.log().div(num_layers).exp()
    log_q_AB = z_ABn.square().mean(2).log()
    return [
        PlainLayers(tuple(q), chi) for q, chi in zip(log_q_AB.tolist(), chi_A.tolist(), strict=True)
    ]


def table(names: Sequence[str], *, layers: int, units: int, seeds: int) -> str:
    """One row an activation: what is promised, and what came."""
    bounds = [resolve(name) for name in names]
    found = [
        plain_layers(bounds, num_layers=layers, num_units=units, num_vectors=4, seed=seed)
        for seed in range(seeds)
    ]
    rows = []
    for bound, *drawn in zip(bounds, *found, strict=True):
        log_q = sorted(_size(value) for one in drawn for value in one.log_q)
        chi = math.exp(sum(math.log(one.chi) for one in drawn if one.chi > 0) / len(drawn))
        limit = 3 * math.sqrt(layers * bound.kappa / units)
        rows.append(
            (
                *(bound.name, bound.fixed_point, f"{bound.gain:.4f}"),
                *(f"{bound.variance_slope:.3f}", f"{bound.kappa:.2f}", f"{limit:.2f}"),
                *(f"{log_q[len(log_q) // 2]:.2f}", f"{log_q[-1]:.2f}"),
                *(f"{bound.chi:.3f}", f"{chi:.3f}"),
            )
        )
    header = ("activation", "fixed point", "gain", "V'", "kappa", "3 SD", "median", "most")
    return markdown((*header, "chi", "measured"), rows, num_names=2)


def _size(log_q: float) -> float:
    """Beyond what float64 holds in either direction it is infinite."""
    return abs(log_q) if math.isfinite(log_q) else math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="levels; all of the table")
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--layers", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    names = asked.names or list(ACTIVATIONS)
    print(table(names, layers=asked.layers, units=asked.units, seeds=asked.seeds))
    print(f"\n{describe(where(units=asked.units, layers=asked.layers, seeds=asked.seeds))}")


if __name__ == "__main__":
    main()
