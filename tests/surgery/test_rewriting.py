"""A rewritten class is a class like any other: copied, pickled, compiled, exported, read."""

import copy
import importlib
import inspect
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import actwise as aw
from actwise.errors import SpecError
from made import flows, networks

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))

SOURCE = """
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return F.relu(self.fc(x))
"""


@pytest.fixture
def module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], ModuleType]]:
    """Writes a file and imports it anew, as a new process would."""
    monkeypatch.syspath_prepend(tmp_path)
    name = f"net_{tmp_path.name}".replace("-", "_")

    def write(text: str) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(text)
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield write
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "make",
    [networks.Private, networks.Child, lambda: networks.local_class(2.0), networks.Checkpointed],
    ids=["private names", "super()", "a class in a function", "checkpoint"],
)
def test_a_copy_computes_the_same_with_slopes_of_its_own(make: Callable[[], nn.Module]) -> None:
    model = make()
    aw.swap(model, "prelu", example=X)
    twin = copy.deepcopy(model)
    assert torch.equal(twin(X), model(X))
    assert type(twin) is type(model)
    slopes = [name for name, _ in twin.named_parameters() if "act_relu" in name]
    assert slopes
    with torch.no_grad():
        twin.get_parameter(slopes[0]).fill_(0.9)
    assert not torch.equal(twin(X), model(X))


def test_a_rewritten_model_is_an_instance_of_its_class() -> None:
    model = networks.Child()
    aw.swap(model, "elu", example=X)
    assert isinstance(model, networks.Child) and type(model).__name__ == "Child"
    assert type(model).__module__ == networks.Child.__module__
    assert type(model).__doc__ == networks.Child.__doc__
    torch.testing.assert_close(model(X), F.elu(F.elu(model.fc(X)) - 0.1))


def test_two_models_of_a_class_share_the_rewritten_one() -> None:
    one, other = networks.Parent(), networks.Parent()
    for model in (one, other):
        aw.swap(model, "elu", example=X)
    assert type(one) is type(other) is not networks.Parent


def test_a_model_swapped_twice_is_copied_and_pickled() -> None:
    model = networks.Written()
    x = torch.randn(2, 6)
    names = [site.name for site in aw.audit(model, x)]
    aw.swap(model, "elu", example=x, include=names[0])
    aw.swap(model, "sine", example=x, exclude=lambda site: site.activation == "elu")
    twin = pickle.loads(pickle.dumps(model))
    assert torch.equal(twin(x), model(x))
    assert torch.equal(copy.deepcopy(model)(x), model(x))
    assert [s.activation for s in aw.audit(twin, x)].count("sine") == 6


def test_a_pickle_holds_no_code_and_is_rebuilt_from_the_file(
    module: Callable[[str], ModuleType],
) -> None:
    model = module(SOURCE).Net()
    aw.swap(model, "prelu", example=X)
    data = pickle.dumps(model)
    assert b"Net" in data and b"self.fc" not in data
    module(SOURCE)
    again = pickle.loads(data)
    assert type(again) is not type(model)
    assert torch.equal(again(X), model(X))


@pytest.mark.parametrize(
    "edited",
    [SOURCE.replace("F.relu(self", "F.gelu(self"), f"{SOURCE}# a remark\n"],
    ids=["another call", "a remark"],
)
def test_a_pickle_refuses_another_file(module: Callable[[str], ModuleType], edited: str) -> None:
    model = module(SOURCE).Net()
    aw.swap(model, "elu", example=X)
    data = pickle.dumps(model)
    module(edited)
    with pytest.raises(SpecError, match="is not the file for which Net was rewritten"):
        pickle.loads(data)


@pytest.mark.parametrize("edited", ["F.gelu(self.fc(", "F.relu( self.fc("])
def test_a_file_edited_since_its_import_is_a_miss(
    module: Callable[[str], ModuleType], edited: str
) -> None:
    net = module(SOURCE)
    model = net.Net()
    Path(str(net.__file__)).write_text(SOURCE.replace("F.relu(self.fc(", edited))
    report = aw.swap(model, "elu", example=X)
    assert "is not the text that runs" in report.missed[0].reason
    assert type(model) is net.Net


STEPS = """

    def forward(self, x):
        return self.step(x)

    def step(self, x):
        return F.relu(self.fc(x))
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def step(", "def stride(", "Net has no method step of {name}:Net any more"),
        (
            "    def step(",
            "    @staticmethod\n    def step(",
            "Net.step is no plain method any more",
        ),
    ],
    ids=["gone", "static"],
)
def test_a_pickle_refuses_a_class_without_the_method(
    module: Callable[[str], ModuleType], old: str, new: str, said: str
) -> None:
    source = SOURCE.partition("\n\n    def forward")[0] + STEPS
    net = module(source)
    model = net.Net()
    aw.swap(model, "elu", example=X)
    data = pickle.dumps(model)
    module(source.replace(old, new))
    with pytest.raises(SpecError) as refusal:
        pickle.loads(data)
    name = net.__name__
    assert str(refusal.value) == f"{name}:{said.format(name=name)}"


def test_a_pickle_refuses_a_class_that_takes_no_subclass_now(
    module: Callable[[str], ModuleType],
) -> None:
    closing = """
    def __init_subclass__(cls):
        if IS_CLOSED:
            raise TypeError("closed")
"""
    source = f"IS_CLOSED = False\n{SOURCE}{closing}"
    net = module(source)
    model = net.Net()
    aw.swap(model, "elu", example=X)
    data = pickle.dumps(model)
    module(source).IS_CLOSED = True  # type: ignore[attr-defined]
    with pytest.raises(SpecError) as refusal:
        pickle.loads(data)
    assert str(refusal.value) == (
        f"{net.__name__}:Net cannot be rewritten as it was: Net cannot have a subclass: closed"
    )


def test_a_file_edited_while_a_swap_runs_is_a_miss(module: Callable[[str], ModuleType]) -> None:
    text = SOURCE.replace(
        "return F.relu(self.fc(x))", "y = F.relu(self.fc(x))\n        edit()\n        return y"
    )
    net = module(text)
    moved = text.replace("F.relu(self.fc(x))", "F.relu(self.fc(x) )")
    net.edit = lambda: Path(str(net.__file__)).write_text(moved)  # type: ignore[attr-defined]
    model = net.Net()
    report = aw.swap(model, "elu", example=X)
    reason = "the source of Net.forward is not the text that runs"
    assert [miss.reason for miss in report.missed] == [reason]
    assert type(model) is net.Net


def test_code_without_a_file_is_a_miss() -> None:
    names: dict[str, type[nn.Module]] = {}
    exec(SOURCE, names)
    report = aw.swap(names["Net"](), "elu", example=X)
    assert "its source cannot be read" in report.missed[0].reason


def test_state_dicts_load_strictly_for_fixed_activations() -> None:
    model, reference = networks.Small(), networks.Small()
    x = torch.randn(2, 3, 6, 6)
    aw.swap(model, "elu", example=x)
    assert model.state_dict().keys() == reference.state_dict().keys()
    model.load_state_dict(reference.state_dict(), strict=True)


def test_source_and_traceback_show_the_new_call_at_the_old_line() -> None:
    model = networks.Private()
    aw.swap(model, "elu", example=X)
    block = type(model)._Private__block  # type: ignore[attr-defined]
    assert "return self.act_relu_0(self.__layer(x))" in inspect.getsource(block)
    old = networks.Private._Private__block  # type: ignore[attr-defined]
    assert block.__code__.co_firstlineno == old.__code__.co_firstlineno
    with pytest.raises(RuntimeError) as caught:
        model(torch.randn(2, 3))
    assert "self.act_relu_0(" in "".join(traceback.format_exception(caught.value))


def test_torchscript_compiles_the_new_call() -> None:
    model = networks.Parent()
    aw.swap(model, nn.ELU, example=X)
    scripted = flows.scripted(model)
    torch.testing.assert_close(scripted(X), F.elu(model.fc(X)))


def test_torch_fx_and_functional_call_see_the_new_call() -> None:
    model = networks.Child()
    aw.swap(model, "elu", example=X)
    traced = torch.fx.symbolic_trace(model)
    assert torch.equal(traced(X), model(X))
    weights = {name: value.detach() for name, value in model.named_parameters()}
    assert torch.equal(torch.func.functional_call(model, weights, (X,)), model(X))


def test_gradients_through_a_checkpoint_are_right() -> None:
    model = networks.Checkpointed()
    aw.swap(model, "prelu", example=X)
    gradients = []
    for is_checkpointed in (False, True):
        model.is_checkpointed = is_checkpointed
        model.zero_grad()
        model(X).square().sum().backward()
        gradients.append([p.grad for p in model.parameters()])
    assert all(g is not None for g in gradients[0])
    assert all(map(torch.equal, *gradients))


@pytest.mark.parametrize("activation", ["relu", F.relu, nn.ReLU()], ids=["text", "call", "module"])
@pytest.mark.parametrize("is_padded", [False, True])
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_encoder_layers_leave_the_fast_path(activation: object, is_padded: bool) -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=activation, batch_first=True)  # type: ignore[arg-type]
    model = nn.TransformerEncoder(layer, 2).eval()
    x = torch.randn(2, 5, 8)
    mask = torch.tensor([[False] * 5, [False] * 3 + [True] * 2]) if is_padded else None
    before = model(x, src_key_padding_mask=mask)
    with torch.no_grad():
        fast = model(x, src_key_padding_mask=mask)
    report = aw.swap(model, "elu", example=x)
    assert len(report.replaced) == 2
    with_gradients = model(x, src_key_padding_mask=mask)
    with torch.no_grad():
        without = model(x, src_key_padding_mask=mask)
    torch.testing.assert_close(with_gradients, without)
    assert not torch.allclose(with_gradients, before, atol=0.05)
    report.undo()
    with torch.no_grad():
        assert torch.equal(model(x, src_key_padding_mask=mask), fast)
