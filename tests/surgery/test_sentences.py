"""What an audit and a swap say of a model, in full: one site, several, and what stays."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.errors import ModelWarning, SpecError
from made.flows import rectified

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))


class OfInput(nn.Module):
    """So many activations of what the model is given, and one of a layer."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.before = nn.ModuleList(nn.Tanh() for _ in range(number))
        self.fc, self.act = nn.Linear(4, 4), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        for part in self.before:
            x = part(x)
        return self.act(self.fc(x))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1 site acts on the model's input, before any parameter, and stays (before.0); "),
        (
            3,
            "3 sites act on the model's input, before any parameter, and stay (before.0, before.1, "
            "before.2); ",
        ),
        (
            5,
            "5 sites act on the model's input, before any parameter, and stay (before.0, before.1, "
            "before.2 and 2 more); ",
        ),
    ],
)
def test_sites_of_the_input_that_stay_are_named_up_to_three(number: int, said: str) -> None:
    with pytest.warns(ModelWarning):
        report = aw.swap(OfInput(number), "elu", example=X)
    assert report.warnings == (f"{said}aw.swap(include=...) takes what it names",)
    assert [site.name for site in report.replaced] == ["act"]
    assert [site.name for site in report.kept] == [f"before.{k}" for k in range(number)]


def test_sites_of_the_input_that_were_named_are_not_said_to_stay() -> None:
    assert aw.swap(OfInput(2), "elu", example=X, exclude="before.*").warnings == ()
    assert aw.swap(OfInput(2), "elu", example=X, include="act").warnings == ()
    both = aw.swap(OfInput(2), "elu", example=X, include=["act", "before.1"])
    assert [site.name for site in both.replaced] == ["before.1", "act"]
    with pytest.warns(ModelWarning, match=r"1 site acts .* stays \(before\.1\)"):
        aw.swap(OfInput(2), "elu", example=X, exclude=["before.0", "act"])


@pytest.mark.parametrize("name", ["include", "exclude"])
def test_a_choice_that_is_none_is_refused(name: str) -> None:
    choice: dict[str, Any] = {name: 3}
    with pytest.raises(SpecError) as refusal:
        aw.swap(OfInput(1), "elu", example=X, **choice)
    said = "3 picks no sites; expected patterns of their names or a function"
    assert str(refusal.value) == said
    with pytest.raises(SpecError, match=r"no site is named 'c\*'; known are before\.0, act"):
        aw.swap(OfInput(1), "elu", example=X, **{name: ["act", "c*"]})


class Counted(nn.Module):
    """One call on two widths, a module twice, a gate, and what nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.ModuleList([nn.Linear(4, 8), nn.Linear(8, 4)])
        self.act = nn.ELU()
        self.cell = nn.LSTM(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.maps:
            x = F.relu(part(x))
        x = self.act(self.maps[0](x))
        x = self.act(self.maps[1](x))
        return self.cell(x * torch.sigmoid(self.maps[1](self.maps[0](x))))[0]


def test_a_site_tells_its_channels_and_how_often_it_is_called() -> None:
    audit = aw.audit(Counted(), X)
    said = [str(site).partition(": ")[2] for site in audit]
    assert said == [
        "relu, activation, 4/8 channels, 2 calls",
        "elu, activation, 8 channels",
        "elu, activation, 4 channels",
        "sigmoid, gate, 4 channels",
    ]
    assert str(audit) == (
        "Counted: 3 activations (relu, elu), 2 at 1 module, 1 functional, 1 gate, 1 unseen"
    )
    assert [str(unseen) for unseen in audit.unseen] == ["cell: lstm"]
    (whole,) = aw.audit(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), X)
    assert str(whole) == "1: relu, activation, 4 channels"


def test_an_audit_as_data_holds_its_sentence_its_sites_and_what_is_unseen() -> None:
    audit = aw.audit(Counted(), X)
    told = audit.to_dict()
    assert told.keys() == {"model", "summary", "sites", "unseen", "warnings"}
    assert (told["model"], told["summary"]) == ("Counted", str(audit))
    assert told["sites"] == audit.to_rows() and told["sites"][0]["channels"] == (4, 8)
    assert told["unseen"] == [{"name": "cell", "what": "lstm"}] and told["warnings"] == []


def test_a_swap_as_data_holds_what_became_of_every_site() -> None:
    class Helped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.act = nn.Linear(4, 4), nn.Tanh()

        def forward(self, x: Tensor) -> Tensor:
            x = self.act(self.fc(x))
            return torch.sigmoid(self.fc(rectified(self.fc(x))))

    report = aw.swap(Helped(), "elu", example=X)
    (miss,) = report.missed
    outcomes = [row["outcome"] for row in report.to_rows()]
    assert outcomes == ["replaced", f"stays, since {miss.reason}", "kept as it is"]
    assert [row["name"] for row in report.to_rows()] == [site.name for site in report.audit]
    told = report.to_dict()
    assert (told["model"], told["level"]) == ("Helped", report.level)
    assert told["summary"] == str(report)
    assert [site["name"] for site in told["replaced"]] == ["act"]
    assert [(m["site"]["name"], m["reason"]) for m in told["missed"]] == [
        (miss.site.name, miss.reason)
    ]
    assert str(miss) == f"{miss.site.name}: relu stays, since {miss.reason}"
    assert told["warnings"] == []


@pytest.mark.parametrize(
    ("example", "shape"),
    [
        ((3, 8, 8), "1, 3, 8, 8"),
        ((5, 3, 8, 8), "5, 3, 8, 8"),
        ([2, 4], "2, 4"),
    ],
)
def test_an_example_of_numbers_is_shown_as_the_tensor_that_it_may_mean(
    example: Any, shape: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        aw.audit(OfInput(1), example)
    assert str(refusal.value) == (
        f"the example is {example!r}, numbers; expected a tensor, such as torch.zeros({shape})"
    )
