"""An audit finds every activation, says what it is for, and leaves the model as it was."""

import random
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.activations import resolve
from actwise.errors import SpecError
from made import flows, networks

X = torch.zeros(2, 4)


def test_every_way_to_write_an_activation_is_a_site() -> None:
    audit = aw.audit(networks.Written(), torch.randn(2, 6))
    written = ["relu", "relu", "relu", "relu", "gelu", "relu", "leaky_relu", "elu"]
    assert [site.activation for site in audit] == written
    assert {site.kind for site in audit} == {"functional"}
    assert [site.calls for site in audit] == [1] * 7 + [2]
    assert len({site.name for site in audit}) == 8


def test_a_site_knows_its_place_its_channels_and_its_module() -> None:
    call, module = aw.audit(networks.Small(), torch.randn(2, 3, 6, 6))
    assert call.name.startswith("@forward:") and module.name == "body.1"
    assert call.place == f"networks.py:{call.name.removeprefix('@forward:')}"
    assert (call.channels, call.axis, call.shape) == ((4,), 1, (4, 6, 6))
    assert (module.channels, module.kind, module.module) == ((8,), "module", "body.1")
    assert call.is_inplace and module.is_inplace
    assert call.modes == ("eval", "train")


class Narrowing(nn.Module):
    """One place, on eight channels and then on four and on two."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.ModuleList([nn.Linear(4, 8), nn.Linear(8, 4), nn.Linear(4, 2)])

    def forward(self, x: Tensor) -> Tensor:
        for apply in self.maps:
            x = F.relu(apply(x))
        return x


def test_a_place_with_several_channel_counts_knows_them_from_small_to_large() -> None:
    (site,) = aw.audit(Narrowing(), X)
    assert (site.channels, site.calls, site.modes) == ((2, 4, 8), 3, ("eval", "train"))
    assert (site.shape, site.axis) == ((8,), 1)


def test_one_line_says_what_was_found() -> None:
    audit = aw.audit(networks.SharedAct(), torch.randn(2, 4))
    line = "SharedAct: 2 activations (relu), 2 at 1 module, 0 gates, 0 unseen"
    assert str(audit) == line
    gates = aw.audit(flows.Gates(), torch.randn(2, 4))
    line = "Gates: 3 activations (relu, silu, sigmoid), 2 at 2 modules, 1 functional, 4 gates, "
    assert str(gates) == f"{line}0 unseen"


def test_roles_follow_from_what_becomes_of_the_values() -> None:
    audit = aw.audit(flows.Gates(), torch.randn(2, 4))
    roles = [(site.activation, site.role) for site in audit]
    assert roles == [
        ("relu", "activation"),
        ("sigmoid", "gate"),
        ("sigmoid", "gate"),  # 1 - sigmoid(parameter)
        ("softplus", "gate"),  # of parameters alone
        ("tanh", "gate"),  # bounded, of constants
        ("silu", "glu"),
        ("softmax", "softmax"),
        ("sigmoid", "activation"),  # y * sigmoid(1.7 y) is one
        ("sigmoid", "output"),
    ]


def test_what_comes_before_any_parameter_is_of_the_input() -> None:
    audit = aw.audit(flows.Prepared(), torch.randn(2, 4))
    assert [(site.activation, site.role) for site in audit] == [
        ("relu", "input"),
        ("relu", "input"),
        ("sigmoid", "input"),
        ("relu", "input"),
        ("relu", "activation"),
        ("relu", "activation"),  # the second place of a module that has one of each
    ]
    assert "3 activations" not in str(audit) and str(audit).endswith("4 of the input, 0 unseen")


@pytest.mark.parametrize("way", ["linear", "matmul", "int8", "conv1d"])
def test_a_layer_whose_weights_are_a_buffer_is_a_layer(way: str) -> None:
    audit = aw.audit(flows.FixedFeatures(way), torch.randn(2, 4))
    assert [site.role for site in audit] == ["input", "activation"]


def test_in_a_part_without_parameters_everything_is_an_activation() -> None:
    assert [site.role for site in aw.audit(nn.Sequential(nn.ReLU()), torch.randn(2, 4))] == [
        "activation"
    ]


def test_what_was_computed_out_of_sight_is_not_of_the_input() -> None:
    class Hidden(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.script = flows.scripted(nn.Linear(4, 4))

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.script(x))

    (site,) = aw.audit(Hidden(), torch.randn(2, 4))
    assert site.role == "activation"


def test_one_call_that_sees_the_input_and_more_is_an_activation() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(2):
                x = self.fc(F.relu(x))
            return x

    (site,) = aw.audit(Recurrent(), torch.randn(2, 4))
    assert site.role == "activation"


def test_channels_are_where_the_operation_before_puts_them() -> None:
    audit = aw.audit(flows.Tokens(), torch.randn(2, 3, 8, 8))
    assert {site.name: (site.channels, site.axis) for site in audit} == {
        "after_conv": ((8,), 1),
        "mlp.1": ((12,), -1),
        "back": ((8,), 1),
        "shuffled": ((8,), 1),
        "out": ((5,), 1),
    }


def test_a_module_of_the_users_is_an_activation_if_it_acts_as_one() -> None:
    for device in ("cpu", "meta"):
        model = flows.OwnModules().to(device)
        sites = aw.audit(model, torch.randn(2, 4, device=device))
        found = [(site.name, site.activation, site.kind) for site in sites]
        # One that only calls a function is known by it.
        assert found == [("swish", "Swish", "module"), ("gate", "sigmoid", "module")]
        assert sites[1].role == "output"


def test_activations_of_this_package_have_their_level() -> None:
    model = nn.Sequential(nn.Linear(4, 4), resolve("elu(0.5)").build((4,)), nn.Linear(4, 4))
    model.append(resolve("swish").build((4,)))
    sites = aw.audit(model, torch.randn(2, 4))
    assert [site.activation for site in sites] == ["elu(alpha=0.5)", "swish"]


def test_sites_of_train_mode_alone_are_found() -> None:
    sites = aw.audit(flows.InTraining(), torch.randn(2, 4))
    assert [site.modes for site in sites] == [("eval", "train"), ("train",)]


def test_a_batch_of_one_is_doubled_where_training_needs_two() -> None:
    audit = aw.audit(flows.InTraining(), torch.randn(1, 4))
    assert len(audit) == 2 and not audit.warnings


def test_a_fault_in_train_mode_is_a_warning() -> None:
    class Untrained(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                raise RuntimeError("not for training")
            return torch.relu(x)

    audit = aw.audit(Untrained(), torch.randn(2, 4))
    assert len(audit) == 1
    assert audit.warnings[0].startswith("in train mode the model raised RuntimeError: not for")


def test_what_cannot_be_seen_is_named() -> None:
    audit = aw.audit(flows.Unseeable(), torch.randn(2, 3, 4))
    assert [(unseen.name, unseen.what) for unseen in audit.unseen] == [
        ("script", "TorchScript"),
        ("cell", "lstm"),
        ("attention", "multi_head_attention_forward"),
        ("", "TorchScript function scripted_relu"),
    ]
    assert [site.activation for site in audit] == ["relu"]


@pytest.mark.parametrize(
    "example",
    [torch.ones(2, 4), (torch.ones(2, 4),), [torch.ones(2, 4)], {"x": torch.ones(2, 4)}],
    ids=["tensor", "tuple", "list", "dict"],
)
def test_an_example_is_written_as_the_model_is_called(example: object) -> None:
    assert len(aw.audit(networks.Parent(), example)) == 1  # type: ignore[arg-type]


def test_the_model_comes_back_as_it_was() -> None:
    model = flows.InTraining()
    model.drop.eval()
    calls: list[object] = []
    model.fc.register_forward_hook(lambda *_: calls.append(1))
    modes = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    buffers = [id(buffer) for buffer in model.buffers()]
    draws = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    aw.audit(model, torch.randn(2, 4, generator=torch.Generator()))
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert [id(buffer) for buffer in model.buffers()] == buffers
    assert torch.equal(torch.get_rng_state(), draws[0])
    assert random.getstate() == draws[1]
    assert np.random.get_state()[1].tolist() == draws[2]  # type: ignore[index]  # noqa: NPY002
    assert len(calls) == 2, "a user's hook is called once a pass"
    assert len(model.fc._forward_hooks) == 1
    assert all(parameter.grad is None for parameter in model.parameters())


def test_it_comes_back_where_the_model_raises() -> None:
    model = flows.InTraining().train()
    with pytest.raises(SpecError, match=r"InTraining in eval mode raised RuntimeError.*\(2, 3\)"):
        aw.audit(model, torch.randn(2, 3))
    assert model.training
    assert not nn.modules.module._global_forward_hooks


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (nn.LazyLinear(3), "has no shape yet"),
        (flows.scripted(nn.ReLU()), "TorchScript"),
        (torch.relu, "expected a torch.nn.Module"),
    ],
    ids=["lazy", "script", "function"],
)
def test_what_is_no_model_is_refused(model: nn.Module, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        aw.audit(model, torch.ones(2, 4))


def test_an_audit_is_data() -> None:
    audit = aw.audit(networks.Small(), torch.randn(2, 3, 6, 6))
    assert audit[0] is audit.sites[0] and len(audit[:1]) == 1
    assert str(audit[1]) == "body.1: relu, activation, 8 channels"
    assert audit.activations == audit.sites


@pytest.mark.parametrize(
    ("model", "example", "sentence"),
    [
        (networks.Small, X, "the model is the class Small; expected a network of it: Small(...)"),
        ("resnet18", X, "the model is a str; expected a torch.nn.Module; `actwise audit` takes"),
        (networks.Parent(), (3, 8, 8), "numbers; expected a tensor, such as torch.zeros(1, 3, 8,"),
        (networks.Parent(), 3, "the example is 3; expected a tensor, or a tuple or dict of them"),
    ],
)
def test_what_is_no_model_or_no_example_is_told_what_to_give(
    model: Any, example: Any, sentence: str
) -> None:
    for look in (aw.audit, partial(aw.swap, level="elu")):
        with pytest.raises(SpecError) as refusal:
            look(model, example=example)
        assert sentence in str(refusal.value)
