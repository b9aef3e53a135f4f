"""Regularizers, and levels made of them: ``bn+dropout(0.1)+aug``.

A new regularizer is a class beside those of layer_parts or image_parts and one ``register`` here.
"""

from ..registry import Parameter
from .entry import OWN as OWN
from .entry import PARTS as PARTS
from .entry import SHORTHANDS as SHORTHANDS
from .entry import PartEntry as PartEntry
from .entry import register
from .grid import Grid as Grid
from .image_parts import CropPart, CutoutPart, FlipPart, MixupPart, SmoothPart
from .layer_parts import BatchNormPart, DropConnectPart, DropoutPart, GroupNormPart
from .level import Regularization as Regularization
from .level import resolve as resolve
from .masks import DropConnectConv2d as DropConnectConv2d
from .masks import DropConnectLinear as DropConnectLinear
from .masks import Dropout as Dropout
from .part import BETWEEN as BETWEEN
from .part import HEAD as HEAD
from .part import NORM as NORM
from .part import WEIGHTS as WEIGHTS
from .part import Part as Part

register("bn", "batch normalization", "Ioffe & Szegedy 2015", BatchNormPart)
register(
    "gn",
    "group normalization",
    "Wu & He 2018",
    GroupNormPart,
    Parameter("groups", 32, low=1, high=1024),
)
register(
    "dropout",
    "values zeroed between convolutions and before the head",
    "Srivastava et al. 2014",
    DropoutPart,
    Parameter("between", 0.4, low=0, below=1),
    Parameter("head", 0.5, low=0, below=1),
)
register(
    "dropconnect",
    "weights zeroed in training, their mean at test",
    "Wan et al. 2013",
    lambda rate: DropConnectPart(weight_drop=rate),
    Parameter("rate", 0.5, low=0, below=1),
)
register("flip", "images mirrored at random, left to right", "Ryu & Yoon 2017", FlipPart)
register(
    "crop",
    "random window of the zero-padded image",
    "Ryu & Yoon 2017",
    CropPart,
    Parameter("padding", 4, low=1, high=64),
)
register(
    "cutout",
    "a random square of the image set to zero",
    "DeVries & Taylor 2017",
    CutoutPart,
    Parameter("size", 16, low=1, high=64),
)
register(
    "mixup",
    "images and labels averaged in pairs, weight ~ Beta(alpha, alpha)",
    "Zhang et al. 2018",
    lambda alpha: MixupPart(mixup_alpha=alpha),
    Parameter("alpha", 1.0, above=0, high=100),
)
register(
    "smooth",
    "label smoothing: a mass given to all classes alike",
    "Szegedy et al. 2016",
    lambda mass: SmoothPart(smoothing=mass),
    Parameter("mass", 0.1, above=0, below=1),
)
