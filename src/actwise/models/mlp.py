"""A multilayer perceptron on the pixels: no convolution, no pooling."""

import math
from collections import OrderedDict

from torch import nn

from .layers import LayerFactory, scaled

FEATURES = (512, 512, 512)


def mlp(
    layers: LayerFactory, input_shape: tuple[int, int, int], num_classes: int, width: float
) -> nn.Module:
    """Hidden layers of 512 features; dropout sites between them and before the head."""
    in_features = math.prod(input_shape)
    network: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    for i, features in enumerate(FEATURES, 1):
        shape = (scaled(features, width),)
        site = "between" if i < len(FEATURES) else "head"
        network[f"fc{i}"] = layers.linear(in_features, shape[0], norm_follows=True)
        network[f"norm{i}"] = layers.norm(shape[0], is_flat=True)
        network[f"act{i}"] = layers.act(shape)
        network[f"drop{i}"] = layers.drop(site, shape)
        in_features = shape[0]
    network["fc"] = layers.linear(in_features, num_classes)
    return nn.Sequential(network)
