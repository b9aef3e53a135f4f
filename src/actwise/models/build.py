"""From a RunSpec to its network."""

import warnings

import torch
from torch import nn

from .. import activations, regularization
from ..errors import ModelWarning
from ..rng import stream_seed
from ..spec import RunSpec
from .entry import resolve
from .initialise import initialise
from .layers import LayerFactory


def initial_network(
    spec: RunSpec,
    *,
    input_shape: tuple[int, int, int],
    num_classes: int,
    keeps_activations: bool = False,
) -> nn.Module:
    """The network of a run with its initial weights, on the CPU.

    Raises:
        SpecError: as :func:`build_network`; or, for ``init = "gain"``, if the activation has none.
    """
    network = build_network(
        spec,
        input_shape=input_shape,
        num_classes=num_classes,
        keeps_activations=keeps_activations,
    )
    init = spec.train.init
    if init == "he" or not resolve(spec.model).is_own:
        # A gain integrates the activation, which users' code need not bear; `he` never looks at it.
        gain = activations.resolve(spec.activation).weight_gain if init == "gain" else 1.0
        initialise(network, seed=spec.seed, init=init, gain=gain)
    return network


def build_network(
    spec: RunSpec,
    *,
    input_shape: tuple[int, int, int],
    num_classes: int,
    device: torch.device | str = "cpu",
    keeps_activations: bool = False,
) -> nn.Module:
    """A new network of a cell. Its weights are not the run's until :func:`initialise`.

    Those of a network that brings its own layers are; with ``init = "gain"`` they are scaled.

    It is built on the CPU, then moved. What a user's own layers draw from torch's global generator
    comes from the run's stream "torch", before anything depends on the activation, and the
    generator is left as it was. With ``keeps_activations`` a network that brings its own layers
    keeps its own activations, whatever the cell's is.

    Raises:
        SpecError: if a level is not known, or a user's code makes no network.
    """
    with torch.random.fork_rng(devices=[]):
        # Before the seed: a module of users' code draws at its import in the first run only.
        model = resolve(spec.model)
        layers = LayerFactory(
            activations.resolve(spec.activation),
            model.regularized(regularization.resolve(spec.regularization)),
            scales_weights=spec.train.init == "gain",
        )
        torch.default_generator.manual_seed(stream_seed(spec.seed, "torch", "build") % 2**63)
        build = model.bare if keeps_activations else model.build
        network = build(layers, input_shape=input_shape, num_classes=num_classes, width=spec.width)
    for note in layers.notes:
        warnings.warn(note, ModelWarning, stacklevel=2)
    return network.to(device)
