"""What may be swapped in (a level, a module, its class, a function), and where."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import actwise as aw
from actwise.activations import is_activation, resolve
from actwise.errors import SpecError
from made import networks

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
IMAGES = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))


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
    ids=lambda value: value if isinstance(value, str) else "code",
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
    ids=["misspelt", "a number", "another shape", "in place"],
)
def test_what_is_no_activation_is_refused(level: Any, sentence: str) -> None:
    model = networks.Small()
    with pytest.raises(SpecError, match=sentence):
        aw.swap(model, level, example=IMAGES)
    assert type(model) is networks.Small and isinstance(model.body[1], nn.ReLU)


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
    model = networks.Gates()
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
