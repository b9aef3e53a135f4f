"""A swap puts another activation at every site, says what it could not do, and can be undone."""

import copy
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.errors import ModelWarning, SpecError
from made import flows, networks

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
IMAGES = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))


def outputs(model: nn.Module, x: Tensor) -> list[Tensor]:
    """What it gives in eval mode and then in train mode, with its buffers after that."""
    made = []
    for is_training in (False, True):
        model.train(is_training)
        torch.manual_seed(1)
        made.append(model(x))
    return [*made, *(buffer.clone() for buffer in model.buffers())]


def are_same(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def test_calls_of_every_form_are_replaced() -> None:
    model, x = networks.Written(), torch.randn(2, 6)
    report = aw.swap(model, "sine", example=x)
    assert len(report.replaced) == 8 and not report.missed
    y = x
    for _ in range(7):
        y = torch.sin(model.fc(y) - (0.1 if _ == 1 else 0.0))
    expected = torch.cat([torch.sin(y), torch.sin(model.fc(y))], 1)
    torch.testing.assert_close(model(x), expected)
    assert [site.activation for site in aw.audit(model, x)] == ["sine"] * 8


def test_one_line_says_what_was_done() -> None:
    report = aw.swap(networks.SharedAct(), "prelu", example=X)
    assert str(report) == (
        "SharedAct: 2 activations (relu), 2 at 1 module, 0 gates, 0 unseen; "
        "swap -> prelu: 2 replaced, 0 missed"
    )


MODELS: dict[str, tuple[Callable[[], nn.Module], Tensor]] = {
    "calls and modules": (networks.Small, IMAGES),
    "private names": (networks.Private, X),
    "super()": (networks.Child, X),
    "a class in a function": (lambda: networks.local_class(3.0), X),
    "computed weights": (flows.Normed, X),
    "train mode alone": (flows.InTraining, X),
    "a loop": (networks.Looped, X),
    "several slots": (networks.TwoSlots, X),
    "statement in place": (lambda: flows.Aliased("statement"), X),
    "module in place": (lambda: flows.Aliased("module"), X),
    "method in place": (lambda: flows.Aliased("method"), X),
    "a view of what is written in place": (lambda: flows.Aliased("view"), X),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_same_activation_gives_the_same_bits_and_undo_the_same_model(name: str) -> None:
    make, x = MODELS[name]
    model = make()
    for buffer in model.buffers():
        assert buffer.numel()
    reference, before = copy.deepcopy(model), copy.deepcopy(model)
    classes = [type(module) for module in model.modules()]
    report = aw.swap(model, "relu", example=x)
    assert not report.missed and not report.warnings
    expected = outputs(reference, x)
    assert are_same(outputs(copy.deepcopy(model), x), expected)
    report.undo()
    report.undo()
    assert [type(module) for module in model.modules()] == classes
    assert dict(model.named_modules()).keys() == dict(before.named_modules()).keys()
    assert all(map(torch.equal, model.state_dict().values(), before.state_dict().values()))
    assert are_same(outputs(model, x), expected)


@pytest.mark.parametrize("way", ["statement", "module", "method", "view"])
def test_an_effect_in_place_that_others_see_is_kept(way: str) -> None:
    model = flows.Aliased(way)
    aw.swap(model, "elu", example=X)
    y = model.fc(X)
    z = F.elu(y)
    expected = {
        "statement": lambda: z + 1.0,
        "module": lambda: z + 2.0 * z,
        "method": lambda: z,
        "view": lambda: z.sum(1) + z[:, :2].sum(1),
    }[way]()
    torch.testing.assert_close(model(X), expected)
    assert torch.autograd.gradcheck(model.double(), X.double().requires_grad_())


def test_each_place_of_a_shared_module_has_slopes_of_its_own() -> None:
    model = networks.SharedAct()
    aw.swap(model, "prelu", example=X)
    slopes = {n: p.shape[0] for n, p in model.named_parameters() if n.startswith("act_")}
    assert slopes == {"act_relu_0.weight": 6, "act_relu_1.weight": 3}


def test_each_slot_of_a_shared_module_has_slopes_of_its_own() -> None:
    model = networks.TwoSlots()
    report = aw.swap(model, "prelu", example=X)
    assert not report.missed
    slopes = {n: len(p) for n, p in model.named_parameters() if n.split(".")[-2] not in "02"}
    assert slopes == {"body.1.weight": 6, "body.3.weight": 3, "last.weight": 3}
    assert str(report.audit).startswith("TwoSlots: 2 activations (relu), 2 at 1 module")
    report.undo()
    assert model.body[1] is model.body[3] is model.last


def test_one_line_with_several_channel_counts_has_slopes_for_each() -> None:
    model = networks.Looped()
    aw.swap(model, "prelu", example=X)
    slopes = [p.shape[0] for n, p in model.named_parameters() if n.startswith("act.")]
    assert sorted(slopes) == [5, 6]


def test_slopes_lie_along_the_channels() -> None:
    model = flows.Tokens()
    x = torch.randn(2, 3, 8, 8)
    aw.swap(model, "prelu", example=x)
    slope = model.get_parameter("mlp.1.act.weight")
    assert slope.shape == (12,)
    values = torch.randn(2, 16, 12)
    with torch.no_grad():
        slope.copy_(torch.linspace(0.0, 1.0, 12))
    expected = torch.where(values > 0, values, values * slope.detach())
    torch.testing.assert_close(model.mlp[1](values), expected)


def test_gates_outputs_and_softmax_stay() -> None:
    model = flows.Gates()
    report = aw.swap(model, "elu", example=X)
    assert [site.activation for site in report.replaced] == ["relu", "silu"]
    (miss,) = report.missed
    assert "a part of a formula of its own input" in str(miss)
    assert isinstance(model.gate, nn.Sigmoid)


def test_what_acts_on_the_input_stays_and_is_said() -> None:
    model = flows.Prepared()
    with pytest.warns(ModelWarning, match="4 sites act on the model's input") as caught:
        report = aw.swap(model, "elu", example=X)
    assert len(caught) == len(report.warnings) == 1
    assert [site.role for site in report.replaced] == ["activation", "activation"]
    assert not report.missed
    assert [site.role for site in report.kept] == ["input"] * 4
    assert all(site.name in report.warnings[0] for site in report.kept[:3])


def test_what_acts_on_the_input_is_replaced_where_it_is_named() -> None:
    model = flows.Prepared()
    report = aw.swap(model, "elu", example=X, include="positive")
    assert [site.name for site in report.replaced] == ["positive"] and not report.warnings
    assert isinstance(model.positive, nn.Module) and not isinstance(model.positive, nn.ReLU)
    report.undo()
    report = aw.swap(model, "elu", example=X, include=lambda site: site.role == "input")
    assert len(report.replaced) + len(report.missed) == 4


def test_formulas_that_are_written_out_are_misses() -> None:
    model = flows.Formulas()
    report = aw.swap(model, "elu", example=X)
    assert [m.site.activation for m in report.missed] == ["softplus", "tanh", "sigmoid", "sigmoid"]
    assert {m.reason for m in report.missed} == {"it is a part of a formula of its own input"}
    assert [site.activation for site in report.replaced] == ["relu"]


def test_what_cannot_be_replaced_is_a_miss_with_its_reason() -> None:
    model = networks.Helped()
    expected = model(X)
    report = aw.swap(model, "elu", example=X)
    assert not report.replaced
    reasons = [miss.reason for miss in report.missed]
    assert "rectified, which is no method" in reasons[0]
    assert "Helped.still, which is no method" in reasons[1]
    assert "Helped.__init__.<locals>.<lambda>, which is no method" in reasons[2]
    assert torch.equal(model(X), expected)
    assert type(model) is networks.Helped


def test_a_call_that_is_more_than_an_activation_is_a_miss() -> None:
    report = aw.swap(networks.Detours(), "elu", example=X)
    reasons = [miss.reason for miss in report.missed]
    assert len(reasons) == 3 and not report.replaced
    assert "what function(...) calls is in a variable" in reasons[0]
    assert "no call where it runs" in reasons[1]
    assert "Detours.decorated is no plain method" in reasons[2]


def test_traced_code_is_a_miss() -> None:
    model = torch.fx.symbolic_trace(networks.Small())
    (miss,) = aw.swap(model, "elu", example=IMAGES).missed
    assert "made by torch.fx" in miss.reason
    assert isinstance(model.body.get_submodule("1"), nn.ELU)


def test_a_compiled_model_computes_the_new_activation() -> None:
    model = networks.Small().eval()
    compiled = torch.compile(model, backend="eager")
    before = compiled(IMAGES)
    assert len(aw.swap(compiled, "elu", example=IMAGES).replaced) == 2
    assert torch.equal(compiled(IMAGES), model(IMAGES))
    assert not torch.allclose(compiled(IMAGES), before)


def test_a_call_that_no_subclass_reaches_is_a_miss() -> None:
    model = networks.Explicit()
    report = aw.swap(model, "elu", example=X)
    assert "goes on with the call that it made before" in report.missed[0].reason
    assert type(model) is networks.Explicit and not report.replaced


def test_a_swap_after_which_the_model_does_not_run_is_undone() -> None:
    class Picky(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            y = F.relu(self.act(x))
            if self.training and (y < 0).any():
                raise ValueError("a value below zero")
            return y

    model = Picky()
    with pytest.raises(
        SpecError, match=r"swap to elu \(it is undone\): Picky in train mode raised"
    ):
        aw.swap(model, "elu", example=X)
    assert type(model) is Picky and type(model.act) is nn.ReLU


def test_weights_that_look_trained_are_a_warning() -> None:
    model = networks.Small()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aw.swap(model, "elu", example=IMAGES).undo()
    model(IMAGES)
    with pytest.warns(ModelWarning, match="look trained .norm has running statistics"):
        report = aw.swap(model, "elu", example=IMAGES)
    assert "train on or start from new weights" in report.warnings[0]


def test_hooks_of_the_user_stay_and_still_act() -> None:
    model = networks.Small()
    model.head.register_forward_hook(lambda _, __, out: out * 2.0)
    expected = model.eval()(IMAGES)
    aw.swap(model, "relu", example=IMAGES)
    assert torch.equal(model(IMAGES), expected)
    assert len(model.head._forward_hooks) == 1


class Looped(nn.Module):
    """One line runs the activation and a layer, another the activation again."""

    def __init__(self) -> None:
        super().__init__()
        self.act, self.layer = nn.ReLU(), nn.Linear(X.shape[-1], X.shape[-1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in (self.layer, self.act):
            x = step(x)
        return self.act(x)


def test_a_call_that_runs_other_modules_too_shares_the_parameters_and_says_so() -> None:
    model = Looped()
    with pytest.warns(ModelWarning):
        report = aw.swap(model, "prelu", example=X)
    assert not report.missed
    (said,) = report.warnings
    assert "act is called at several places with the same parameters" in said
    assert "the same call runs other modules too" in said
    assert torch.equal(model.act(-torch.ones(1, 4)), torch.full((1, 4), -0.25))
