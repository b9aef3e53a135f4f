"""A small convolutional network: three 3x3 convolutions, for tests and first looks."""

from collections import OrderedDict

from torch import nn

from .layers import GlobalAverage, LayerFactory, halved, scaled

CHANNELS = (32, 64, 128)


def convnet(
    layers: LayerFactory, input_shape: tuple[int, int, int], num_classes: int, width: float
) -> nn.Module:
    """A max pool after each convolution but the last, whose mean over all pixels goes to the head.

    Its one dropout site lies before the head.
    """
    in_channels, height, width_pixels = input_shape
    network: OrderedDict[str, nn.Module] = OrderedDict()
    for i, channels in enumerate(CHANNELS, 1):
        shape = (scaled(channels, width), height, width_pixels)
        network[f"conv{i}"] = layers.conv(in_channels, shape[0])
        network[f"norm{i}"] = layers.norm(shape[0])
        network[f"act{i}"] = layers.act(shape)
        if i < len(CHANNELS):
            network[f"pool{i}"] = nn.MaxPool2d(2, ceil_mode=True)
        in_channels, height, width_pixels = shape[0], halved(height), halved(width_pixels)
    network["average"] = GlobalAverage()
    network["drop"] = layers.drop("head", (in_channels,))
    network["fc"] = layers.linear(in_channels, num_classes)
    return nn.Sequential(network)
