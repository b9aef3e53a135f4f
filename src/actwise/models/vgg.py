"""VGG: stacked 3x3 convolutions, no identity mapping (Simonyan & Zisserman 2015)."""

from collections import OrderedDict

from torch import nn

from .layers import GlobalAverage, LayerFactory, halved, scaled

CHANNELS = (64, 128, 256, 512, 512)


def vgg(
    layers: LayerFactory,
    input_shape: tuple[int, int, int],
    num_classes: int,
    width: float,
    *,
    num_convolutions: tuple[int, ...],
) -> nn.Module:
    """One stage per entry of ``num_convolutions``, each followed by a 2x2 max pool.

    Dropout sites lie between two convolutions of a stage (none directly before a pool) and after
    the last pool. Pools round up and the last is followed by the mean over what is left, so that
    any size of input works; at 32x32 one pixel is left.
    """
    in_channels, height, width_pixels = input_shape
    network: OrderedDict[str, nn.Module] = OrderedDict()
    for stage, (channels, count) in enumerate(zip(CHANNELS, num_convolutions, strict=True), 1):
        shape = (scaled(channels, width), height, width_pixels)
        network[f"conv{stage}"] = _stage(layers, in_channels, shape, count)
        network[f"pool{stage}"] = nn.MaxPool2d(2, ceil_mode=True)
        in_channels, height, width_pixels = shape[0], halved(height), halved(width_pixels)
    network["average"] = GlobalAverage()
    network["drop"] = layers.drop("head", (in_channels,))
    network["fc"] = layers.linear(in_channels, num_classes)
    return nn.Sequential(network)


def _stage(
    layers: LayerFactory, in_channels: int, shape: tuple[int, int, int], count: int
) -> nn.Module:
    stage: OrderedDict[str, nn.Module] = OrderedDict()
    for i in range(1, count + 1):
        stage[f"conv{i}"] = layers.conv(in_channels, shape[0])
        stage[f"norm{i}"] = layers.norm(shape[0])
        stage[f"act{i}"] = layers.act(shape)
        if i < count:
            stage[f"drop{i}"] = layers.drop("between", shape)
        in_channels = shape[0]
    return nn.Sequential(stage)
