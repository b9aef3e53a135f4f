"""Factor: activation functions. To add one, write one ``register(...)`` in this table.

Gains, mean shift, range and learnability are computed from the function, never written here.
In formulas x+ = max(x, 0); a subscript c means one learned value a channel, a subscript i one an
element, and other learned values are shared by a layer. No module works in place. Where torch
has a module, its kernel is used (but for PReLU and Mish on the CPU, where it is slow). An entry's
arguments default to what its paper recommends.
"""

import torch
from torch import nn

from ..registry import Parameter
from . import functions as f
from . import learned
from .activation import (
    ACTIVATIONS,
    Activation,
    BoundActivation,
    Shape,
    is_activation,
    level_of,
    mark,
    register,
)
from .mish import Mish
from .pointwise import Function, Learned, Pointwise
from .prelu import PReLU
from .resolve import activation, gain, resolve
from .rrelu import RReLU
from .users import from_code

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "BoundActivation",
    "Shape",
    "activation",
    "from_code",
    "gain",
    "is_activation",
    "level_of",
    "mark",
    "register",
    "resolve",
]

_INIT = Parameter("init", 0.25)
_ALPHA = Parameter("alpha", 1.0, above=0.0)

# fmt: off

# Control
register("identity", "x", "control: a network without activations", lambda _: nn.Identity())

# Bounded
register("sigmoid", "1 / (1 + exp(-x))", "Rumelhart et al. 1986", lambda _: nn.Sigmoid())
register("hardsigmoid", "clip(x/6 + 1/2, 0, 1)", "Howard et al. 2019, arXiv:1905.02244",
         lambda _: nn.Hardsigmoid())
register("tanh", "tanh(x)", "LeCun et al. 1998", lambda _: nn.Tanh())
register("lecun-tanh", "1.7159 tanh(2x/3)", "LeCun et al. 1998", lambda _: Pointwise(f.lecun_tanh))
register("penalized-tanh", "tanh(x) if x > 0 else a tanh(x)", "Xu et al. 2016, arXiv:1602.05980",
         lambda _, a: Pointwise(f.penalized_tanh, a=a), Parameter("a", 0.25, above=0.0, below=1.0))
register("hardtanh", "clip(x, -1, 1)", "Collobert 2004", lambda _: nn.Hardtanh())
register("softsign", "x / (1 + |x|)", "Bergstra et al. 2009", lambda _: nn.Softsign())
register("arctan", "arctan(x)", "Duch & Jankowski 1999", lambda _: Function(torch.atan))
register("isru", "x / sqrt(1 + alpha x^2)", "Carlile et al. 2017, arXiv:1710.09967",
         lambda _, alpha: Pointwise(f.isru, alpha=alpha), _ALPHA)
register("sqnl", "x - x|x|/4 if |x| < 2 else sign(x)", "Wuraola & Patel 2018",
         lambda _: Pointwise(f.sqnl))
register("gaussian", "exp(-x^2)", "Broomhead & Lowe 1988", lambda _: Pointwise(f.gaussian))
register("sine", "sin(x)", "Sitzmann et al. 2020, arXiv:2006.09661", lambda _: Function(torch.sin))

# Piecewise linear
register("relu", "x+", "Nair & Hinton 2010", lambda _: nn.ReLU())
register("relu6", "min(x+, 6)", "Krizhevsky 2010", lambda _: nn.ReLU6())
register("leaky_relu", "x if x > 0 else a x", "Maas et al. 2013",
         lambda _, a: nn.LeakyReLU(a), Parameter("a", 0.01))
register("rrelu", "x if x > 0 else a x, a uniform in [lower, upper], its mean at test and in gain",
         "Xu et al. 2015, arXiv:1505.00853",
         lambda shape, lower, upper: RReLU(shape, lower=lower, upper=upper),
         Parameter("lower", 1 / 8), Parameter("upper", 1 / 3))
register("prelu", "x if x > 0 else a_c x", "He et al. 2015, arXiv:1502.01852",
         lambda shape, init: PReLU(shape[0], init), _INIT)
register("prelu-shared", "x if x > 0 else a x, a learned", "He et al. 2015, arXiv:1502.01852",
         lambda _, init: PReLU(1, init), _INIT)
register("prelu-element", "x if x > 0 else a_i x", "He et al. 2015; Keras's default",
         lambda shape, init: Learned(learned.prelu_element, shape, weight=init), _INIT)
register("shifted-relu", "max(x, low)", "Clevert et al. 2016, arXiv:1511.07289",
         lambda _, low: nn.Threshold(low, low), Parameter("low", -1.0))
register("thresholded-relu", "x if x > theta else 0", "Konda et al. 2015, arXiv:1402.3337",
         lambda _, theta: nn.Threshold(theta, 0.0), Parameter("theta", 1.0, low=0.0))
register("softshrink", "x - t if x > t, x + t if x < -t, else 0", "Donoho 1995",
         lambda _, t: nn.Softshrink(t), Parameter("t", 0.5, low=0.0))
register("hardshrink", "x if |x| > t else 0", "Donoho & Johnstone 1994",
         lambda _, t: nn.Hardshrink(t), Parameter("t", 0.5, low=0.0))
register("abs", "|x|", "Jarrett et al. 2009", lambda _: Function(torch.abs))

# Curved on one side of zero
register("elu", "x if x > 0 else alpha (exp(x) - 1)", "Clevert et al. 2016, arXiv:1511.07289",
         lambda _, alpha: nn.ELU(alpha), _ALPHA)
register("selu", "1.0507 (x if x > 0 else 1.6733 (exp(x) - 1))",
         "Klambauer et al. 2017, arXiv:1706.02515", lambda _: nn.SELU())
register("celu", "x if x > 0 else alpha (exp(x/alpha) - 1)", "Barron 2017, arXiv:1704.07483",
         lambda _, alpha: nn.CELU(alpha), _ALPHA)
register("pelu", "a/b x if x > 0 else a (exp(x/b) - 1), a and b learned, at least 0.1",
         "Trottier et al. 2017, arXiv:1605.09332",
         lambda _: Learned(learned.pelu, (1,), a=1.0, b=1.0))
register("mpelu", "x if x > 0 else alpha_c (exp(beta_c x) - 1)",
         "Li et al. 2018, arXiv:1606.00305",
         lambda shape: Learned(learned.mpelu, shape[:1], alpha=1.0, beta=1.0))
register("isrlu", "x if x > 0 else x / sqrt(1 + alpha x^2)",
         "Carlile et al. 2017, arXiv:1710.09967",
         lambda _, alpha: Pointwise(f.isrlu, alpha=alpha), _ALPHA)
register("elish", "sigmoid(x) (x if x > 0 else exp(x) - 1)",
         "Basirat & Roth 2018, arXiv:1808.00783", lambda _: Pointwise(f.elish))
register("hard-elish", "clip((x + 1)/2, 0, 1) (x if x > 0 else exp(x) - 1)",
         "Basirat & Roth 2018, arXiv:1808.00783", lambda _: Pointwise(f.hard_elish))
register("squared-relu", "x+^2", "So et al. 2021, arXiv:2109.08668",
         lambda _: Pointwise(f.squared_relu))
register("star-relu", "s x+^2 + b, s and b learned from 0.8944 and -0.4472",
         "Yu et al. 2022, arXiv:2210.13452",
         lambda _: Learned(learned.star_relu, (1,), scale=0.8944, bias=-0.4472))

# Smooth, monotone
register("softplus", "ln(1 + exp(beta x)) / beta", "Dugas et al. 2001",
         lambda _, beta: nn.Softplus(beta), Parameter("beta", 1.0, above=0.0))
register("squareplus", "(x + sqrt(x^2 + b)) / 2", "Barron 2021, arXiv:2112.11687",
         lambda _, b: Pointwise(f.squareplus, b=b), Parameter("b", 4.0, above=0.0))
register("smelu", "(x + beta)^2 / (4 beta) if |x| < beta else x+",
         "Shamir et al. 2022, arXiv:2202.06499",
         lambda _, beta: Pointwise(f.smelu, beta=beta), Parameter("beta", 2.0, above=0.0))
register("logsigmoid", "-ln(1 + exp(-x))", "Collobert et al. 2011 (Torch7)",
         lambda _: nn.LogSigmoid())
register("tanhshrink", "x - tanh(x)", "Collobert et al. 2011 (Torch7)", lambda _: nn.Tanhshrink())
register("bent-identity", "(sqrt(x^2 + 1) - 1)/2 + x", "no paper known",
         lambda _: Pointwise(f.bent_identity))
register("snake", "x + sin(a x)^2 / a", "Ziyin et al. 2020, arXiv:2006.08195",
         lambda _, a: Pointwise(f.snake, a=a), Parameter("a", 1.0, above=0.0))

# x times a gate
register("gelu", "x Phi(x), Phi the normal distribution",
         "Hendrycks & Gimpel 2016, arXiv:1606.08415", lambda _: nn.GELU())
register("gelu-tanh", "x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))",
         "Hendrycks & Gimpel 2016, arXiv:1606.08415", lambda _: nn.GELU(approximate="tanh"))
register("silu", "x sigmoid(x)", "Elfwing et al. 2018, arXiv:1702.03118", lambda _: nn.SiLU())
register("swish", "x sigmoid(beta_c x)", "Ramachandran et al. 2017, arXiv:1710.05941",
         lambda shape, beta: Learned(learned.swish, shape[:1], beta=beta), Parameter("beta", 1.0))
register("eswish", "beta x sigmoid(x)", "Alcaide 2018, arXiv:1801.07145",
         lambda _, beta: Pointwise(f.eswish, beta=beta), Parameter("beta", 1.375, above=0.0))
register("hardswish", "x clip(x/6 + 1/2, 0, 1)", "Howard et al. 2019, arXiv:1905.02244",
         lambda _: nn.Hardswish())
register("mish", "x tanh(softplus(x))", "Misra 2020, arXiv:1908.08681", lambda _: Mish())
register("hard-mish", "x clip(x/2 + 1, 0, 1)", "Misra 2020, H-Mish",
         lambda _: Pointwise(f.hard_mish))
register("tanhexp", "x tanh(exp(x))", "Liu & Di 2021, arXiv:2003.09855",
         lambda _: Pointwise(f.tanhexp))
register("telu", "x tanh(exp(x)), the function of tanhexp",
         "Fernandez & Mali 2024, arXiv:2412.20269",
         lambda _: Pointwise(f.tanhexp), same_as="tanhexp")
register("serf", "x erf(softplus(x))", "Nag & Bhattacharyya 2021, arXiv:2108.09598",
         lambda _: Pointwise(f.serf))
register("logish", "x ln(1 + sigmoid(x))", "Zhu et al. 2021", lambda _: Pointwise(f.logish))
register("smish", "x tanh(ln(1 + sigmoid(x)))", "Wang et al. 2022", lambda _: Pointwise(f.smish))
register("phish", "x tanh(gelu(x))", "Naveen 2022", lambda _: Pointwise(f.phish))
register("lisht", "x tanh(x)", "Roy et al. 2019, arXiv:1901.05894", lambda _: Pointwise(f.lisht))
register("aria2", "x sigmoid(beta x)^alpha", "Patwardhan et al. 2018, arXiv:1805.08878",
         lambda _, alpha, beta: Pointwise(f.aria2, alpha=alpha, beta=beta),
         Parameter("alpha", 1.5, above=0.0), Parameter("beta", 2.0, above=0.0))
register("colu", "x / (1 - x exp(-x - exp(x)))", "Vagerwal 2021, arXiv:2112.12078",
         lambda _: Pointwise(f.colu))
register("acon-c", "(p_c - q_c) x sigmoid(beta_c (p_c - q_c) x) + q_c x, from p = beta = 1, q = 0",
         "Ma et al. 2021, arXiv:2009.04759",
         lambda shape: Learned(learned.acon_c, shape[:1], p=1.0, q=0.0, beta=1.0))
register("sinlu", "(x + a sin(b x)) sigmoid(x), a and b learned", "Paul et al. 2022",
         lambda _: Learned(learned.sinlu, (1,), a=1.0, b=1.0))

# Any shape
register("rational", "P(x) / (1 + sum |b_j x^j|), degrees 5 and 4, learned from leaky ReLU",
         "Molina et al. 2020, arXiv:1907.06732", lambda _: learned.Rational())
