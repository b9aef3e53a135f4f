"""From a RunSpec to its network."""

import torch
from torch import nn

from .. import activations, regularization
from ..rng import stream_seed
from ..spec import RunSpec
from .entry import resolve
from .layers import LayerFactory


def build_network(
    spec: RunSpec,
    *,
    input_shape: tuple[int, int, int],
    num_classes: int,
    device: torch.device | str = "cpu",
) -> nn.Module:
    """A new network of a cell. Its weights are not the run's until :func:`initialise`.

    It is built on the CPU, then moved. What a user's own layers draw from torch's global generator
    comes from the run's stream "torch", and the generator is left as it was.

    Raises:
        SpecError: if a level is not known, or a user's code makes no network.
    """
    layers = LayerFactory(
        activations.resolve(spec.activation), regularization.resolve(spec.regularization)
    )
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(stream_seed(spec.seed, "torch", "build") % 2**63)
        network = resolve(spec.model).build(
            layers, input_shape=input_shape, num_classes=num_classes, width=spec.width
        )
    return network.to(device)
