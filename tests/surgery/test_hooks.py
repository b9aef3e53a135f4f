"""Hooks of the user on a module that a swap replaces go over to the new one."""

import copy

import pytest
import torch
from torch import nn

import actwise as aw


@pytest.mark.parametrize("level", ["prelu", "rrelu", "relu"])
def test_hooks_of_a_replaced_module_are_called_for_the_new_one(level: str) -> None:
    x = torch.randn(2, 4)
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    model[1].register_forward_hook(lambda module, args, out: 3 * out)
    model[1].register_forward_pre_hook(lambda module, args: (args[0] - 1,))
    model.eval()
    report = aw.swap(model, level, example=x)
    bare = copy.deepcopy(model[1])
    bare._forward_hooks.clear()
    bare._forward_pre_hooks.clear()
    assert torch.equal(model(x), 3 * bare(model[0](x) - 1))
    report.undo()
    assert torch.equal(model(x), 3 * torch.relu(model[0](x) - 1))


def test_what_fills_the_masks_of_one_activation_does_nothing_to_the_next() -> None:
    x = torch.randn(2, 4)
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    aw.swap(model, "rrelu", example=x)
    aw.swap(model, "elu", example=x)
    assert torch.equal(model.train()(x), torch.nn.functional.elu(model[0](x)))
