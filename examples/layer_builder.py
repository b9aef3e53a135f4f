"""A builder: a network that leaves activation and regularization open, to be studied together.

The contract is one function of four arguments without defaults, here with one setting of its own,
so that ``layer_builder:build(depth=3)`` is a level too:

``layers``
    Makes every part that a study varies; nothing else in the network may be an activation, a norm
    or dropout. Whatever it returns is an ``nn.Module`` of your network.

    - ``conv(in_channels, out_channels, kernel=3, stride=1)`` and ``linear(in_features,
      out_features, norm_follows=False)``: with a bias exactly where no norm follows.
    - ``norm(channels)``: what normalizes after a convolution; after a linear layer
      ``norm(features, is_flat=True)``.
    - ``act(shape)``: an activation for samples of (channels, height, width) or (features,). Each
      place needs its own, since it may learn.
    - ``drop("between", shape)`` and ``drop("head", shape)``: dropout between layers and before
      the head.

``input_shape``
    (channels, height, width) of the images.
``num_classes``
    Values that the network returns for each image.
``width``
    Multiplies every number of channels.

Where the level of regularization has no norm or no dropout, those modules do nothing.
"""

from torch import nn

from actwise.models import LayerFactory


def build(
    layers: LayerFactory,
    input_shape: tuple[int, int, int],
    num_classes: int,
    width: float,
    depth: int = 2,
) -> nn.Module:
    in_channels, height, width_pixels = input_shape
    channels = max(1, round(32 * width))
    shape = (channels, height, width_pixels)
    parts: list[nn.Module] = []
    for _ in range(depth):
        parts += [layers.conv(in_channels, channels), layers.norm(channels), layers.act(shape)]
        parts += [layers.drop("between", shape)]
        in_channels = channels
    head = layers.linear(channels, num_classes)
    return nn.Sequential(*parts, nn.AdaptiveMaxPool2d(1), nn.Flatten(), head)
