"""Which functions and modules of torch are activations, and what others do to a tensor."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ...activations import level_of


def words(text: str) -> frozenset[str]:
    """The words of a text, each once."""
    return frozenset(text.split())


ACTIVATIONS = words(
    "relu relu6 elu selu celu gelu silu mish hardswish leaky_relu prelu rrelu softplus softsign "
    "tanh sigmoid hardsigmoid hardtanh logsigmoid log_sigmoid tanhshrink softshrink hardshrink "
    "threshold"
)
SOFTMAX = frozenset(("softmax", "log_softmax", "softmin", "gumbel_softmax"))
LIMITS = words("clamp clamp_min clip")
"""A ReLU by these is written ``x.clamp(min=0)``."""
BOUNDED = frozenset(("sigmoid", "hardsigmoid", "tanh", "hardtanh", "softsign", "glu"))
"""Of these a product with another tensor makes a gate."""

FUSED = words(
    "lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell "
    "scaled_dot_product_attention multi_head_attention_forward flex_attention "
    "transformer_encoder_layer_fwd native_multi_head_attention"
)
"""One call that holds several functions, whose insides nobody sees."""

CHANNELS_FIRST = words(
    "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution "
    "batch_norm group_norm instance_norm max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d "
    "avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
    "adaptive_max_pool2d adaptive_max_pool3d pixel_shuffle pixel_unshuffle"
)
CHANNELS_LAST = words(
    "linear bilinear layer_norm rms_norm matmul mm bmm addmm einsum embedding __matmul__ "
    "__rmatmul__ lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell "
    "scaled_dot_product_attention multi_head_attention_forward"
)
WEIGHTED = words("conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d linear")

MOVED = frozenset(("permute", "transpose", "swapaxes", "movedim", "moveaxis", "swapdims", "t"))
SAME_VALUES = MOVED | words(
    "view reshape expand expand_as view_as reshape_as unsqueeze squeeze flatten unflatten "
    "contiguous chunk split unbind tensor_split narrow select index_select repeat roll "
    "repeat_interleave interpolate to float half bfloat16 double type_as type clone detach alias "
    "dropout dropout1d dropout2d dropout3d feature_dropout alpha_dropout __getitem__ pad "
    "max_pool1d max_pool2d max_pool3d adaptive_max_pool2d"
)
"""They hand on values, some of them left out, whatever the shape becomes."""

CASTS = words("to float half bfloat16 double type_as type clone contiguous detach alias dropout")
"""Of these those after which each element stands where it stood."""

SCALING = words(
    "add sub rsub mul div true_divide neg __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ "
    "__truediv__ __neg__ __iadd__ __isub__ __imul__ __itruediv__ multiply subtract"
)
PRODUCTS = words("mul __mul__ __rmul__ __imul__ multiply")
MIXTURES = words("matmul mm bmm einsum __matmul__ __rmatmul__")
"""Products that weigh what they add up."""
LAYERS = WEIGHTED | MIXTURES | words("bilinear addmm baddbmm mv embedding embedding_bag")
"""What makes new features of its input, with weights that need be no parameters."""

ROOTS = words("sqrt rsqrt log log2 log10 reciprocal __rdiv__ __rtruediv__")
"""Of what must not be negative."""
QUOTIENTS = words("div true_divide __truediv__ __itruediv__")
ELEMENTWISE = (
    ACTIVATIONS
    | SCALING
    | words(
        "abs clamp clamp_min clamp_max clip exp expm1 log log1p log2 sqrt rsqrt square pow "
        "__pow__ reciprocal erf sin cos atan sign gt ge lt le eq ne __gt__ __ge__ __lt__ __le__ "
        "where maximum minimum logical_and logical_not masked_fill sinc heaviside lerp"
    )
)

_MODULES: dict[type[nn.Module], str] = {
    nn.LeakyReLU: "leaky_relu",
    **{
        getattr(nn, name): name.lower()
        for name in words(
            "ReLU ReLU6 ELU SELU CELU SiLU Mish Hardswish PReLU RReLU Softplus Softsign Tanh "
            "Sigmoid Hardsigmoid Hardtanh LogSigmoid Tanhshrink Softshrink Hardshrink Threshold"
        )
    },
}


def is_activation_module(module: nn.Module) -> bool:
    """Whether torch, or our table, says that it is an activation.

    A subclass of one of torch's with a forward of its own may compute anything.
    """
    if level_of(module) is not None:
        return True
    kinds: tuple[type[nn.Module], ...] = (nn.GELU, *_MODULES)
    kind = next((kind for kind in kinds if isinstance(module, kind)), None)
    if kind is None or "forward" in vars(module):
        return False
    return type(module).forward is kind.forward


def module_activation(module: nn.Module) -> str:
    """What an activation module computes, in our words, or its class where we have none."""
    level = level_of(module)
    if level is not None:
        return level
    if isinstance(module, nn.GELU):
        return "gelu-tanh" if module.approximate == "tanh" else "gelu"
    exact = _MODULES.get(type(module))
    if exact is not None:
        return exact
    if isinstance(module, nn.ReLU6):  # a Hardtanh too
        return "relu6"
    return next(name for kind, name in _MODULES.items() if isinstance(module, kind))


def operation(function: Callable[..., Any]) -> str:
    """The plain name of a torch function: without what marks it as private or in place."""
    name: str = getattr(function, "__name__", "")
    return name if name.startswith("__") else name.strip("_")


def called_activation(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Which activation a call of a torch function computes; None if it computes none."""
    if name in LIMITS:
        return "relu" if _is_relu_by_clamp(args, kwargs) else None
    if name == "gelu":
        return "gelu-tanh" if kwargs.get("approximate") == "tanh" else "gelu"
    name = "logsigmoid" if name == "log_sigmoid" else name
    return name if name in ACTIVATIONS or name in SOFTMAX or name == "glu" else None


def input_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """The first tensor that a torch function was given."""
    first = args[0] if args else kwargs.get("input")
    return first if isinstance(first, torch.Tensor) else None


def _is_relu_by_clamp(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    x = input_of(args, kwargs)
    low = kwargs.get("min", args[1] if len(args) > 1 else None)
    high = kwargs.get("max", args[2] if len(args) > 2 else None)
    is_zero = isinstance(low, int | float) and low == 0 and high is None
    return is_zero and x is not None and x.is_floating_point() and x.dim() > 1
