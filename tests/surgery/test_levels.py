"""What is put in: a level or code, at the sites that are asked for, as its model needs it."""

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import actwise as aw
from actwise.activations import is_activation, resolve
from actwise.errors import SpecError
from made import flows, networks

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
IMAGES = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        ("body.*", None, ["body.1"]),
        (["@*", "body.1"], "body.*", ["@"]),
        (None, lambda site: site.kind == "functional", ["body.1"]),
        (lambda site: site.channels == (4,), None, ["@"]),
    ],
)
def test_sites_are_picked_by_name_or_by_a_function(
    include: Any, exclude: Any, names: list[str]
) -> None:
    report = aw.swap(networks.Small(), "elu", example=IMAGES, include=include, exclude=exclude)
    assert [site.name.partition("forward")[0] for site in report.replaced] == names


def test_a_function_may_pick_a_gate() -> None:
    model = flows.Gates()
    aw.swap(model, "hardsigmoid", example=X, include=lambda site: site.name == "gate")
    assert isinstance(model.gate, nn.Hardsigmoid)


def test_some_places_of_a_shared_module_are_rewritten() -> None:
    model = networks.SharedAct()
    first = aw.audit(model, X)[0].name
    report = aw.swap(model, "elu", example=X, include=first)
    assert len(report.replaced) == 1
    assert [site.activation for site in aw.audit(model, X)] == ["elu", "relu"]


def test_a_pattern_that_fits_no_site_is_refused() -> None:
    with pytest.raises(SpecError, match=r"no site is named 'bdoy.1'; did you mean body.1"):
        aw.swap(networks.Small(), "elu", example=IMAGES, include="bdoy.1")


class Slopes(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.full((channels,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.slope.view(-1, *[1] * (x.dim() - 2)) * x)


def cubed(x: Tensor) -> Tensor:
    return x**3


@pytest.mark.parametrize(
    ("level", "name"),
    [
        ("elu(0.5)", "elu(alpha=0.5)"),
        (Slopes, "Slopes"),
        (cubed, "cubed"),
        (nn.ELU, "ELU"),
        (nn.LeakyReLU(0.3), "LeakyReLU"),
        (resolve("swish"), "swish"),
        (lambda channels: nn.PReLU(channels, 0.1), "<lambda>"),
    ],
    ids=["text", "class", "function", "torch's class", "module", "bound", "factory"],
)
def test_a_level_is_a_text_or_code(level: Any, name: str) -> None:
    model = networks.Small()
    report = aw.swap(model, level, example=IMAGES)
    assert report.level.endswith(name)
    assert len(report.replaced) == 2
    assert sum(is_activation(module) for module in model.modules()) == 2


@pytest.mark.parametrize(
    ("level", "sentence"),
    [
        ("elo", "no activation is named 'elo'; did you mean"),
        (3, "3 is no level, module, module class or function"),
        (lambda x: x.sum(), "returns shape"),
        (lambda x: x.relu_(), "changes its input in place"),
    ],
)
def test_what_is_no_activation_is_refused(level: Any, sentence: str) -> None:
    model = networks.Small()
    with pytest.raises(SpecError, match=sentence):
        aw.swap(model, level, example=IMAGES)
    assert type(model) is networks.Small and isinstance(model.body[1], nn.ReLU)


def test_new_modules_have_the_models_device_type_and_mode() -> None:
    model = networks.Small().to("meta", torch.bfloat16).eval()
    aw.swap(model, "prelu", example=IMAGES.to("meta", torch.bfloat16))
    slopes = [p for n, p in model.named_parameters() if n.startswith("act") or "body.1" in n]
    assert len(slopes) == 2
    assert all(p.is_meta and p.dtype == torch.bfloat16 for p in slopes)
    assert not any(module.training for module in model.modules())


def test_slopes_under_autocast_have_the_type_of_the_weights() -> None:
    class Cast(networks.Small):
        def forward(self, x: Tensor) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return super().forward(x)

    model = Cast()
    aw.swap(model, "prelu", example=IMAGES)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    model(IMAGES).sum().backward()


def test_rrelu_draws_in_every_training_pass_from_torchs_generator() -> None:
    model = networks.Small()
    assert len(aw.swap(model, "rrelu", example=IMAGES).replaced) == 2

    def drawn(network: nn.Module, seed: int = 0) -> Tensor:
        torch.manual_seed(seed)
        out: Tensor = network(IMAGES)
        return out

    assert torch.equal(drawn(model), drawn(model))
    assert not torch.equal(drawn(model), model(IMAGES))
    assert torch.equal(drawn(copy.deepcopy(model)), drawn(model))
    assert torch.equal(drawn(pickle.loads(pickle.dumps(model))), drawn(model))
    assert model(torch.randn(5, 3, 9, 9)).shape == (5, 5)  # another batch, other images
    assert torch.equal(drawn(model.eval(), 0), drawn(model, 1))


def test_rrelu_keeps_what_a_backward_pass_needs_whoever_runs_the_step() -> None:
    model = networks.Small()
    aw.swap(model, "rrelu", example=IMAGES)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    gradients = []
    for network in (model, compiled):
        torch.manual_seed(0)
        model.zero_grad()
        first = network(IMAGES)
        (first + network(IMAGES)).sum().backward()
        gradients.append(model.conv.weight.grad)
    torch.testing.assert_close(gradients[0], gradients[1])


def test_rrelu_draws_again_what_a_checkpoint_computes_again() -> None:
    model = networks.Checkpointed()
    aw.swap(model, "rrelu", example=X)
    gradients = []
    for model.is_checkpointed in (True, False):
        torch.manual_seed(0)
        model.zero_grad()
        model(X).sum().backward()
        gradients.append(model.fc.weight.grad)
    assert torch.equal(*gradients)


def test_a_second_swap_replaces_the_first() -> None:
    model = networks.Small()
    expected = model.eval()(IMAGES)
    first = aw.swap(model, "prelu", example=IMAGES)
    second = aw.swap(model, "elu", example=IMAGES)
    assert [site.activation for site in second.replaced] == ["prelu", "prelu"]
    second.undo()
    first.undo()
    assert torch.equal(model(IMAGES), expected)
