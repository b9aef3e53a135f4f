"""Slopes of a swapped model are trained, not decayed, and may be missing in a checkpoint."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.errors import ModelWarning, SpecError
from made import flows, networks

X = torch.randn(8, 3, 6, 6, generator=torch.Generator().manual_seed(0))


def slopes(model: nn.Module) -> dict[str, nn.Parameter]:
    return {n: p for n, p in model.named_parameters() if "act_relu" in n or n == "body.1.weight"}


def step(model: nn.Module, weight_decay: float) -> None:
    groups = aw.parameter_groups(model, weight_decay=weight_decay)
    optimizer = torch.optim.SGD(groups, lr=0.1)
    model.train()(X).square().mean().backward()
    optimizer.step()


def test_every_slope_that_has_a_gradient_moves() -> None:
    model = networks.Small()
    aw.swap(model, "prelu", example=X)
    before = {name: slope.detach().clone() for name, slope in slopes(model).items()}
    assert len(before) == 2
    step(model, weight_decay=0.0)
    for name, slope in slopes(model).items():
        assert slope.grad is not None and slope.grad.any()
        assert not torch.equal(slope, before[name])


def test_no_slope_is_decayed() -> None:
    model = networks.Small()
    aw.swap(model, "prelu", example=X)
    groups = aw.parameter_groups(model, weight_decay=0.5)
    assert [group["weight_decay"] for group in groups] == [0.5, 0.0]
    undecayed = {id(p) for p in groups[1]["params"]}
    assert undecayed == {id(slope) for slope in slopes(model).values()}
    every = [id(p) for group in groups for p in group["params"]]
    assert sorted(every) == sorted(id(p) for p in model.parameters())


def test_slopes_of_torchs_own_modules_are_not_decayed_either() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.PReLU(4))
    first, second = aw.parameter_groups(model)
    assert "weight_decay" not in first and second == {
        "params": [model[1].weight],
        "weight_decay": 0.0,
    }


def test_a_model_without_slopes_is_one_group() -> None:
    assert len(aw.parameter_groups(networks.Small(), weight_decay=0.1)) == 1


def test_a_checkpoint_from_before_is_filled_with_initial_slopes() -> None:
    old, model = networks.Small(), networks.Small()
    aw.swap(model, "prelu(0.1)", example=X)
    missing = aw.load_filling(model, old.state_dict())
    assert missing == list(slopes(model))
    assert all(torch.equal(s, torch.full_like(s, 0.1)) for s in slopes(model).values())
    assert torch.equal(model.conv.weight, old.conv.weight)
    assert aw.load_filling(model, model.state_dict()) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda state: state.pop("conv.weight"), "conv.weight is missing"),
        (lambda state: state.update(extra=torch.ones(1)), "extra is not in the model"),
        (
            lambda state: state.update({"conv.bias": torch.ones(1)}),
            r"conv.bias has shape \(1,\), expected \(4,\)",
        ),
    ],
    ids=["missing", "too much", "shape"],
)
def test_anything_else_of_a_checkpoint_has_to_fit(change: object, sentence: str) -> None:
    model = networks.Small()
    aw.swap(model, "prelu", example=X)
    state = networks.Small().state_dict()
    change(state)  # type: ignore[operator]
    before = model.conv.weight.clone()
    with pytest.raises(SpecError, match=sentence):
        aw.load_filling(model, state)
    assert torch.equal(model.conv.weight, before)


class Plain(nn.Module):
    """Four weights: two feed an activation, one a sum before it, one a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.direct = nn.Conv2d(3, 4, 1)
        self.dropped = nn.Conv2d(4, 4, 1)
        self.summed = nn.Conv2d(4, 4, 1)
        self.normed = nn.Conv2d(4, 4, 1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.direct(x))
        y = F.relu(self.drop(self.dropped(x)))
        y = F.relu(self.summed(y) + x)
        y = F.relu(self.norm(self.normed(y)))
        return self.head(y.mean((2, 3)))


def test_init_gain_rescales_the_weights_that_feed_sites_directly() -> None:
    model, old = Plain(), Plain()
    old.load_state_dict(model.state_dict())
    report = aw.swap(model, "tanh", example=X, init="gain")
    factor = aw.gain("tanh") / aw.gain("relu")
    for name, weight in model.named_parameters():
        is_scaled = name in ("direct.weight", "dropped.weight")
        torch.testing.assert_close(weight, old.get_parameter(name) * (factor if is_scaled else 1.0))
    report.undo()
    assert all(map(torch.equal, model.state_dict().values(), old.state_dict().values()))


def test_the_old_gain_is_that_of_what_was_called() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.LeakyReLU(0.7), nn.Linear(4, 4), flows.Swish())
    before = [model[0].weight.clone(), model[2].weight.clone()]
    aw.swap(model, "relu", example=torch.randn(2, 4), init="gain")
    factors = [(model[k].weight / w).mean().item() for k, w in zip((0, 2), before, strict=True)]
    new = aw.gain("relu")
    assert factors == pytest.approx([new / aw.gain("leaky_relu(0.7)"), new / aw.gain("silu")])


def test_weights_trained_since_a_swap_stay_when_it_is_undone() -> None:
    model = Plain()
    report = aw.swap(model, "tanh", example=X, init="gain")
    with torch.no_grad():
        model.direct.weight.add_(1.0)
    trained = model.direct.weight.clone()
    report.undo()
    assert torch.equal(model.direct.weight, trained)


def test_a_weight_that_feeds_a_gate_too_keeps_its_scale() -> None:
    class Split(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            y = self.fc(x)
            return F.relu(y) * torch.sigmoid(y)

    model = Split()
    before = model.fc.weight.clone()
    aw.swap(model, "tanh", example=torch.randn(2, 4), init="gain")
    assert torch.equal(model.fc.weight, before)


def test_an_unknown_init_is_refused() -> None:
    with pytest.raises(SpecError, match="init is 'he'; expected 'keep' or 'gain'"):
        aw.swap(Plain(), "elu", example=X, init="he")  # type: ignore[arg-type]


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.direct = nn.Linear(4, 4)
        self.gated = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.glu(self.gated(F.relu(self.direct(x)))).sum(1)


def test_what_had_no_gain_keeps_its_weights_and_is_named() -> None:
    model = Gated()
    before = {name: value.clone() for name, value in model.named_parameters()}
    with pytest.warns(ModelWarning) as caught:
        report = aw.swap(
            model, "tanh", example=torch.randn(2, 4), init="gain", include=lambda site: True
        )
    assert len(report.replaced) == 2
    assert report.warnings == ("weights before glu keep their scale: it has no gain",)
    assert [str(warning.message) for warning in caught] == [*report.warnings]
    factor = aw.gain("tanh") / aw.gain("relu")
    torch.testing.assert_close(model.direct.weight, before["direct.weight"] * factor)
    assert torch.equal(model.gated.weight, before["gated.weight"])


def test_slopes_without_values_have_the_gain_of_their_level() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.PReLU(4), nn.Linear(4, 4)).to("meta")
    before = model[0].weight._version
    report = aw.swap(model, "tanh", example=torch.zeros(2, 4, device="meta"), init="gain")
    assert (len(report.replaced), report.warnings) == (1, ())
    assert model[0].weight._version > before
