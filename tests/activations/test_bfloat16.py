"""Every activation trains under the engine's bfloat16, with gradients near those of float32."""

import pytest
import torch
from torch import Tensor, nn

from actwise.activations import ACTIVATIONS, resolve
from actwise.engine.device import Precision, autocast
from actwise.rng import Stochastic
from small_runs import CPU, DATASET, make_model, make_spec, train_small

EVERY = pytest.mark.parametrize("name", ACTIVATIONS)
NUM, SHAPE = 8, (3, 6, 6)
# Some dozen roundings of 2^-9 each; the rational function has most.
TOLERANCE = 0.02


def normal(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(NUM, *SHAPE, generator=generator).bfloat16()


def values_and_gradients(module: nn.Module, precision: Precision) -> dict[str, Tensor]:
    """Of the same input, rounded to bfloat16, in both precisions."""
    x = normal(1).to(torch.bfloat16 if precision == "bfloat16" else torch.float32)
    x.requires_grad_()
    with autocast(precision, CPU):
        y = module(x)
    y.backward(normal(2).to(y.dtype))
    assert x.grad is not None
    gradients = {name: parameter.grad for name, parameter in module.named_parameters()}
    return {"value": y, "input": x.grad, **gradients}


@EVERY
def test_bfloat16_gives_the_gradients_of_float32_but_for_rounding(name: str) -> None:
    found = {}
    for precision in ("float32", "bfloat16"):
        module = resolve(name).build(SHAPE)
        if isinstance(module, Stochastic):
            module.fill_mask(lambda count: torch.arange(count, dtype=torch.int16) * 37, NUM)
        found[precision] = values_and_gradients(module, precision)
    for key, exact in found["float32"].items():
        error = (found["bfloat16"][key].float() - exact).norm() / exact.norm()
        assert error < TOLERANCE, key


@EVERY
def test_a_step_in_bfloat16_leaves_finite_float32_gradients(name: str) -> None:
    spec = make_spec(
        activation=name, precision="bfloat16", epochs=1, batch_size=DATASET.info.num_train
    )
    model = make_model(spec)
    assert train_small(spec, model=model).status == "finished"
    for parameter in model.parameters():
        assert parameter.grad is not None
        assert parameter.grad.dtype is torch.float32
        assert parameter.grad.isfinite().all()


@pytest.mark.parametrize("model", ["convnet", "mlp", "resnet18"])
@pytest.mark.parametrize(
    "level", ["none", "bn+dropout(0.2)+aug", "gn(4)+dropconnect(0.1)+cutout(2)+mixup(0.5)+smooth"]
)
def test_prelu_trains_in_bfloat16_under_every_regularization(model: str, level: str) -> None:
    spec = make_spec(
        model=model,
        regularization=level,
        activation="prelu",
        precision="bfloat16",
        width=1 / 16,
        learning_rate=0.01,
        epochs=1,
    )
    assert train_small(spec).status == "finished"
