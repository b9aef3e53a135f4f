"""Networks that bring their own layers: what they are given, how they begin, what is refused."""

from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from torch import nn

from actwise.activations import is_activation
from actwise.datasets import DatasetInfo
from actwise.engine.optimizers import decayed_parameters
from actwise.errors import ModelWarning, SpecError
from actwise.models import build_network, describe, initial_network, make_describe, resolve
from actwise.spec import Description, RunSpec, StudySpec, TrainSpec, parse_study
from actwise.sweep import make_plan

COLOUR = DatasetInfo(
    level="cifar10",
    digest="d" * 64,
    input_shape=(3, 8, 8),
    num_classes=10,
    num_train=500,
    num_test=100,
    class_names=tuple("abcdefghij"),
)
GREY = replace(COLOUR, input_shape=(1, 8, 8))


def spec_of(
    name: str = "Net", *, init: Literal["he", "gain", "own"] = "own", **fields: Any
) -> RunSpec:
    levels = {"dataset": "cifar10", "model": f"made.own_networks:{name}", "regularization": "own"}
    given = {**levels, "activation": "relu", "seed": 0, "train": TrainSpec(init=init), **fields}
    return RunSpec(**given)


def described(name: str = "Net", *, info: DatasetInfo = COLOUR, **fields: Any) -> Description:
    return describe(spec_of(name, **fields), info)


def built(name: str = "Net", *, info: DatasetInfo = COLOUR, **fields: Any) -> nn.Module:
    spec = spec_of(name, **fields)
    return initial_network(spec, input_shape=info.input_shape, num_classes=info.num_classes)


@pytest.mark.parametrize(
    ("name", "is_own"),
    [
        ("Net", True),
        ("TenClasses", True),
        ("for_colour", True),
        ("build", False),
        ("build_of_width_1", False),
        ("build_by_other_names", False),
        ("build_by_annotation", False),
        ("of_depths(layers=3)", True),
        ("of_layers(3)", True),
    ],
)
def test_the_parameters_tell_a_builder_from_a_network(name: str, is_own: bool) -> None:
    assert resolve(f"made.own_networks:{name}").is_own is is_own


def test_every_call_is_a_place_for_the_activation() -> None:
    assert described().activation_sites == 2
    assert described("OneCall").activation_sites == 1
    assert described(activation="prelu").parameters == described().parameters + 2 * 8


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_networks_that_need_numbers_are_described_too(device: str) -> None:
    name = "Net" if device == "meta" else "ReadsNumbers"
    assert described(name).activation_sites == 2


def test_what_a_network_takes_is_given_and_arguments_of_its_level_too() -> None:
    assert built("Wide", width=2.0).net.conv.weight.shape == (16, 3, 3, 3)
    assert built("Net(hidden=4)", info=GREY).conv.weight.shape == (4, 1, 3, 3)
    found = described("Net(8)")
    assert (found.model, found.is_own) == ("made.own_networks:Net", True)
    assert [level for level, _ in found.code_digests] == ["made.own_networks:Net"]


@pytest.mark.parametrize(("name", "channels"), [("for_colour", 3), ("for_grey", 1), ("Net", 1)])
def test_grey_images_come_in_the_channels_that_a_network_takes(name: str, channels: int) -> None:
    network = built(name, info=GREY, activation="elu")
    assert network.conv.in_channels == channels
    assert network(torch.rand(2, 1, 8, 8)).shape == (2, 10)
    assert set(network.state_dict()) == set(built(name, info=GREY).state_dict())


def test_what_runs_in_no_number_of_channels_says_why_on_the_images_as_they_are() -> None:
    with pytest.raises(SpecError, match="mat1 and mat2"):
        built("broken", info=GREY)


def test_layers_that_learn_their_shapes_from_the_first_images_have_them() -> None:
    network = built("without_shapes", activation="prelu")
    assert network.conv.weight.shape == (8, 3, 3, 3)
    torch.testing.assert_close(network.conv.weight, built("without_shapes").conv.weight)


def test_at_one_seed_all_activations_start_from_the_same_weights() -> None:
    relu = built().state_dict()
    for activation in ("prelu", "elu", "rrelu", "swish"):
        other = built(activation=activation).state_dict()
        assert relu.keys() <= other.keys()
        assert all(torch.equal(other[name], value) for name, value in relu.items())
    assert not torch.equal(built(seed=1).conv.weight, relu["conv.weight"])


@pytest.mark.parametrize(("seed", "first"), [(0, 0.046953), (1, 0.193076)])
def test_what_layers_draw_at_their_build_is_the_same_for_good(seed: int, first: float) -> None:
    head = built(seed=seed).get_submodule("head")
    assert isinstance(head, nn.Linear)
    assert head.bias[0].item() == pytest.approx(first, abs=1e-6)


def test_building_a_network_draws_nothing_from_the_callers_generator() -> None:
    before = torch.random.get_rng_state()
    built(activation="prelu")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_initial_weights_are_the_networks_own_unless_he_is_asked_for() -> None:
    own, he = built(), built(init="he")
    assert own.conv.weight.abs().max() <= 1 / 27**0.5
    assert he.conv.weight.abs().max() > 1 / 27**0.5
    assert torch.equal(he.conv.bias, torch.zeros(8))


def test_a_gain_scales_the_networks_own_weights() -> None:
    own, scaled = built("without_norm"), built("without_norm", activation="elu", init="gain")
    ratio = scaled.conv.weight / own.conv.weight
    torch.testing.assert_close(ratio, torch.full_like(ratio, 1.2452 / 2**0.5), atol=1e-4, rtol=0)
    assert torch.equal(scaled.head.weight, own.head.weight)


def test_slopes_have_no_weight_decay_and_the_networks_own_layers_have() -> None:
    network = built(activation="prelu")
    slopes = {
        f"{path}.{name}"
        for path, module in network.named_modules()
        if is_activation(module)
        for name, _ in module.named_parameters()
    }
    assert len(slopes) == 2
    decayed = decayed_parameters(network)
    assert decayed == dict(network.named_parameters()).keys() - slopes


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [("own", "own"), ("aug", "own+crop+flip"), ("smooth+own", "own+smooth"), ("none", "own")],
)
def test_a_network_keeps_its_own_norms_and_dropout(asked: str, canonical: str) -> None:
    assert described(regularization=asked).regularization == canonical


def test_none_is_own_and_says_so_where_there_is_something_to_keep() -> None:
    (note,) = described(regularization="none").notes
    assert note == (
        "model made.own_networks:Net keeps its own BatchNorm2d: regularization none means own here"
    )
    assert described(regularization="aug").notes == ()
    assert described("without_norm", regularization="none").notes == ()


def test_an_activation_that_stays_is_named() -> None:
    found = described("ThroughHelper", activation="elu")
    assert found.activation_sites == 1
    (note,) = found.notes
    assert note.startswith("model made.own_networks:ThroughHelper: ")
    assert "relu stays" in note
    with pytest.warns(ModelWarning, match="relu stays"):
        built("ThroughHelper", activation="elu")


@pytest.mark.parametrize(
    ("name", "fields", "complaint"),
    [
        ("NoCall", {}, "has no activation that relu could replace"),
        ("Net", {"width": 0.5}, "width=0.5: model made.own_networks:Net takes no width"),
        ("Net", {"regularization": "bn+aug"}, "brings its own layers, which bn would change"),
        ("Net", {"regularization": "own+dropout"}, "which dropout would change; write own"),
        ("build", {"regularization": "own+aug"}, "own means the norms and dropout of a network"),
        ("shared", {}, "is one network, and every run needs a new one"),
        ("always_the_same", {}, "any two builds of it share the parameter"),
        ("TenClasses", {"info": replace(COLOUR, num_classes=7)}, "not of 10; the number of"),
        ("TwoOutputs", {}, "one row of 10 values for each image, in training too"),
        ("text", {}, "made a str; expected an nn.Module"),
        ("needs_depth", {}, "nothing fills depth: a network is given num_classes, in_channels"),
        ("helper", {}, "helper: nothing fills x: a network is given num_classes, in_channels"),
        ("helper", {}, "LayerFactory; a function of a tensor is a level of activation"),
        ("unclear", {}, "unclear: nothing fills factory, shape, classes: a network is given num_"),
        ("build_of_two", {}, "a builder is given (layers, input_shape, num_classes, width) by"),
        ("of_layers", {}, "of_layers: nothing fills layers: a network"),
        ("Net(num_classes=3)", {}, "num_classes is not an argument"),
        ("Net(hidden=0)", {}, "made.own_networks:Net(hidden=0)"),
        ("Net", {"activation": "made.own_networks:helpr"}, "did you mean helper"),
    ],
)
def test_what_is_no_study_is_refused(name: str, fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SpecError) as refusal:
        described(name, **fields)
    assert complaint in str(refusal.value)


def study_of(**changes: Any) -> StudySpec:
    factors = {
        "dataset": ["digits"],
        "model": ["made.own_networks:Net"],
        "regularization": ["own"],
        "activation": ["relu"],
        **changes.pop("factors", {}),
    }
    return parse_study({"name": "own", "factors": factors, **changes}, source="a test")


def planned(**changes: Any) -> list[tuple[str, str]]:
    """(initial weights, id) of each run."""
    plan = make_plan(study_of(**changes), make_describe(None))
    return [(run.spec.train.init, run.run_id) for run in plan.runs]


def test_initial_weights_stand_in_a_plan_as_they_will_be() -> None:
    ((default, default_id),) = planned()
    ((asked, asked_id),) = planned(train={"init": "own"})
    ((he, he_id),) = planned(train={"init": "he"})
    assert (default, asked, he) == ("own", "own", "he")
    assert default_id == asked_id != he_id
    both = planned(factors={"train.init": ["he", "own"]})
    assert sorted(both) == sorted([("he", he_id), ("own", default_id)])


def test_networks_of_ours_begin_as_they_did() -> None:
    ours = {"model": ["convnet"], "regularization": ["none"]}
    ((init, run_id),) = planned(factors=ours)
    assert (init, run_id) == planned(factors=ours, train={"init": "he"})[0]
    with pytest.raises(SpecError, match="init='own' is for networks that bring their own layers"):
        planned(factors=ours, train={"init": "own"})


def test_a_network_moves_to_its_device_with_its_slopes() -> None:
    spec = spec_of(activation="prelu")
    network = build_network(spec, input_shape=(3, 8, 8), num_classes=10, device="meta")
    assert {parameter.device.type for parameter in network.parameters()} == {"meta"}
