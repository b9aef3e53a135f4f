"""Models: the table. A new one is its builder in a file here and one ``register`` below.

All take any image of 28 to 64 pixels with 1 or 3 channels, and a multiplier of their width.
"""

from ..registry import Parameter
from .audited import NUM_CLASSES as NUM_CLASSES
from .audited import LevelAudit as LevelAudit
from .audited import audit_level as audit_level
from .audited import image_shape as image_shape
from .audited import images_given as images_given
from .audited import swap_level as swap_level
from .build import build_network as build_network
from .build import initial_network as initial_network
from .convnet import convnet
from .describe import KnownData as KnownData
from .describe import describe as describe
from .describe import make_describe as make_describe
from .entry import MODELS as MODELS
from .entry import BoundModel as BoundModel
from .entry import NetworkEntry as NetworkEntry
from .entry import register
from .entry import resolve as resolve
from .initialise import initialise as initialise
from .layers import LayerFactory as LayerFactory
from .mlp import mlp
from .resnet import resnet18, resnet_of_depth
from .vgg import vgg
from .zoo import import_package_of as import_package_of

PAPER, HE = "Ryu & Yoon 2017", "He et al. 2016"
DEPTH = Parameter("depth", 20, low=8, high=10_000)
POST_ADD = Parameter("post_add", True)

register(
    "vgg16-table1",
    "12 convolutions in 5 stages, the paper's Table 1",
    f"{PAPER}, Table 1",
    vgg,
    num_convolutions=(2, 2, 3, 3, 2),
)
register(
    "vgg16",
    "13 convolutions in 5 stages",
    "Simonyan & Zisserman 2015",
    vgg,
    num_convolutions=(2, 2, 3, 3, 3),
)
register(
    "resnet18-table2",
    "residual, every stage halves the image",
    f"{PAPER}, Table 2",
    resnet18,
    POST_ADD,
    strides=(2, 2, 2, 2),
    has_identity=True,
)
register(
    "resnet18",
    "residual, the first stage keeps the image",
    HE,
    resnet18,
    POST_ADD,
    strides=(1, 2, 2, 2),
    has_identity=True,
)
register(
    "plain18-table2",
    "resnet18-table2 without identity mapping",
    f"{PAPER}, Table 2",
    resnet18,
    strides=(2, 2, 2, 2),
    has_identity=False,
)
register(
    "plain18",
    "resnet18 without identity mapping",
    HE,
    resnet18,
    strides=(1, 2, 2, 2),
    has_identity=False,
)
for family, has_identity, options in (("resnet", True, (POST_ADD,)), ("plain", False, ())):
    description = "residual" if has_identity else "without identity mapping"
    settings = {"has_identity": has_identity}
    register(
        family,
        f"{description}, 6n + 2 layers, 16 to 64 channels",
        HE,
        resnet_of_depth,
        DEPTH,
        *options,
        **settings,
    )
    for depth in (20, 32, 56, 110):
        register(
            f"{family}{depth}",
            f"{description}, {depth} layers, 16 to 64 channels",
            HE,
            resnet_of_depth,
            *options,
            **settings,
            depth=depth,
        )
register("convnet", "3 convolutions", "for tests and first looks", convnet)
register("mlp", "3 hidden layers of 512 features", "Rumelhart et al. 1986", mlp)
