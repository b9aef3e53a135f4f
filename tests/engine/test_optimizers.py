"""The fused updates: torch's own numbers, and what is decayed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from actwise.engine.optimizers import (
    decayed_parameters,
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
)
from actwise.engine.schedule import rate_tensor
from actwise.spec import TrainSpec
from small_runs import make_model, make_spec

SETTINGS: list[dict[str, Any]] = [
    {},
    {"momentum": 0.0},
    {"nesterov": True},
    {"optimizer": "adamw", "learning_rate": 0.01},
]


def gradients_of(model: nn.Module, step: int) -> None:
    """Numbers of every size, the same for every model."""
    generator = torch.Generator().manual_seed(step)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def of_torch(model: nn.Module, settings: TrainSpec, rate: torch.Tensor) -> torch.optim.Optimizer:
    decayed = decayed_parameters(model)
    groups = [
        {
            "params": [p for n, p in model.named_parameters() if (n in decayed) == is_decayed],
            "weight_decay": settings.weight_decay if is_decayed else 0.0,
        }
        for is_decayed in (True, False)
    ]
    if settings.optimizer == "adamw":
        betas = (settings.momentum, 0.999)
        return torch.optim.AdamW(groups, lr=rate, betas=betas, fused=True)
    momentum, nesterov = settings.momentum, settings.nesterov
    return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=nesterov, fused=True)


@pytest.mark.parametrize("changes", SETTINGS)
def test_steps_are_those_of_torchs_classes_to_the_last_bit(changes: dict[str, Any]) -> None:
    settings = TrainSpec.model_validate(changes)
    rate = rate_tensor(torch.device("cpu"))
    ours, theirs = (make_model(make_spec(activation="prelu")) for _ in range(2))
    optimizer = make_optimizer(ours, settings, learning_rate=rate)
    other = of_torch(theirs, settings, rate)
    for step in range(5):
        rate.fill_(settings.learning_rate / (step + 1))
        for model in (ours, theirs):
            gradients_of(model, step)
        optimizer.step()
        other.step()
    for own, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(own, expected)


@pytest.mark.parametrize("changes", SETTINGS)
def test_steps_go_on_from_saved_memory(changes: dict[str, Any]) -> None:
    settings = TrainSpec.model_validate(changes)
    model, later = (make_model(make_spec()) for _ in range(2))
    optimizer = make_optimizer(model, settings)
    for step in range(2):
        gradients_of(model, step)
        optimizer.step()
    resumed = make_optimizer(later, settings)
    later.load_state_dict(model.state_dict())
    saved = {name: tensor.clone() for name, tensor in optimizer_tensors(model, optimizer).items()}
    restore_optimizer(later, resumed, saved)
    for one, its_optimizer in ((model, optimizer), (later, resumed)):
        gradients_of(one, 2)
        its_optimizer.step()
    for own, expected in zip(later.parameters(), model.parameters(), strict=True):
        assert torch.equal(own, expected)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_parameter_may_get_its_first_gradient_late(optimizer: str) -> None:
    settings = TrainSpec.model_validate({"optimizer": optimizer, "weight_decay": 0.0})
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    made = make_optimizer(model, settings)
    before = [p.clone() for p in model.parameters()]
    gradients_of(model, 0)
    model[1].weight.grad = None
    made.step()
    moved = [not torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True)]
    assert moved == [True, True, False, True]
    gradients_of(model, 1)
    made.step()
    assert not torch.equal(model[1].weight, before[2])


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_every_parameter_is_trained_once(optimizer: str) -> None:
    model = make_model(make_spec(activation="prelu"))
    made = make_optimizer(model, TrainSpec.model_validate({"optimizer": optimizer}))
    trained = [id(p) for group in made.groups for p in group.parameters]
    assert sorted(trained) == sorted(id(p) for p in model.parameters())
    assert [group.weight_decay for group in made.groups] == [5e-4, 0.0]


def test_training_does_not_import_torchs_compiler() -> None:
    code = (
        "import sys; from small_runs import make_spec, train_small\n"
        "assert train_small(make_spec()).status == 'finished'\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    # No fork: what those begin with has the compiler.
    folder = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=folder, check=False).returncode == 0


def test_weight_decay_spares_exactly_the_activations() -> None:
    for level in ("prelu", "acon-c", "rational", "relu"):
        model = make_model(make_spec(activation=level, regularization="bn"))
        layers = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.BatchNorm1d)
        of_layers = {
            f"{name}.{parameter}"
            for name, module in model.named_modules()
            if isinstance(module, layers)
            for parameter, _ in module.named_parameters(recurse=False)
        }
        assert decayed_parameters(model) == of_layers
        everything = {name for name, _ in model.named_parameters()}
        assert (everything == of_layers) == (level == "relu")


def test_weight_decay_spares_a_users_bare_parameters() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Parameter(torch.zeros(3))
            self.layer = nn.Linear(3, 2)

    assert decayed_parameters(Model()) == {"layer.weight", "layer.bias"}
