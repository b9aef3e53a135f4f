"""Descriptions: canonical levels, aliases, costs, users' code; each network looked at once."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.datasets import DatasetInfo
from actwise.errors import SpecError
from actwise.models import MODELS, describe, make_describe
from actwise.models.entry import NetworkEntry
from actwise.models.mlp import mlp
from actwise.spec import Description, RunSpec, TrainSpec, cell_hash

SOURCE = """
import torch
from torch import nn
from made import flows


def build(layers, input_shape, num_classes, width, hidden=8):
    channels, height, breadth = input_shape
    return nn.Sequential(
        layers.conv(channels, hidden),
        layers.norm(hidden),
        layers.act((hidden, height, breadth)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        layers.linear(hidden, num_classes),
    )


def bare(layers, input_shape, num_classes, width):
    channels, height, breadth = input_shape
    act = layers.act(input_shape)
    return nn.Sequential(act, nn.Flatten(), nn.Linear(channels * height * breadth, num_classes))


def wrong_head(layers, input_shape, num_classes, width):
    return nn.Sequential(layers.conv(input_shape[0], num_classes))


def deaf(layers, input_shape, num_classes, width):
    channels, height, breadth = input_shape
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * breadth, num_classes))


def scripted(layers, input_shape, num_classes, width):
    return nn.Sequential(flows.scripted(deaf(layers, input_shape, num_classes, width)))


def no_module(layers, input_shape, num_classes, width):
    return 3


def broken(layers, input_shape, num_classes, width):
    raise ValueError("no idea")


number = 3


def bump(x):
    return x * torch.exp(-x * x)
"""
INFO = DatasetInfo(
    level="cifar10",
    digest="d" * 64,
    input_shape=(3, 32, 32),
    num_classes=10,
    num_train=50_000,
    num_test=10_000,
    class_names=tuple("abcdefghij"),
)


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "users_models"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


def spec_of(
    model: str, *, regularization: str = "bn", activation: str = "relu", **fields: Any
) -> RunSpec:
    fields = {"dataset": "cifar10", "seed": 0, **fields}
    return RunSpec(model=model, regularization=regularization, activation=activation, **fields)


def described(model: str, **fields: Any) -> Description:
    return describe(spec_of(model, **fields), INFO)


def hashed(model: str, **fields: Any) -> str:
    spec = spec_of(model, **fields)
    return cell_hash(spec, describe(spec, INFO))


@pytest.mark.parametrize(
    ("model", "asked", "meant"),
    [
        ("resnet18", "bn+dropout", "bn"),
        ("resnet18", "bn+dropout(0.1)+aug", "flip+crop(4)+bn"),
        ("resnet20", "dropout", "none"),
        ("vgg16", "bn+dropout", "dropout(0.4,0.5)+bn"),
        ("convnet", "bn+dropout(0.1)", "bn+dropout"),
    ],
)
def test_levels_that_make_one_network_are_aliased(model: str, asked: str, meant: str) -> None:
    assert hashed(model, regularization=asked) == hashed(model, regularization=meant)


def test_levels_that_make_two_networks_are_not_aliased() -> None:
    assert hashed("vgg16", regularization="bn+dropout") != hashed("vgg16")
    assert hashed("resnet18") != hashed("resnet18(post_add=off)")
    assert hashed("convnet", regularization="dropout(head=0.1)") != hashed("convnet")


def test_a_description_holds_the_network_and_the_data() -> None:
    found = described("resnet(depth=20)", regularization="aug+bn+dropout", activation="elu(1.0)")
    assert (found.model, found.regularization, found.activation) == (
        "resnet20",
        "bn+crop+flip",
        "elu",
    )
    assert (found.data_digest, found.num_classes, found.num_train) == ("d" * 64, 10, 50_000)
    assert found.input_shape == (3, 32, 32)
    assert found.parameters == 269_722
    assert found.macs == 40_551_040
    assert found.code_digests == ()


def test_learned_slopes_are_counted_as_parameters() -> None:
    slopes = described("resnet20", activation="prelu").parameters - 269_722
    assert slopes == 16 + 3 * 2 * (16 + 32 + 64)


def test_the_head_follows_the_number_of_classes() -> None:
    hundred = replace(INFO, num_classes=100)
    found = describe(spec_of("vgg16"), hundred)
    assert found.parameters == 14_724_042 + 90 * 513


@pytest.mark.parametrize("activation", ["relu", "prelu-element", "rrelu", "rational", "swish"])
def test_every_kind_of_activation_is_described(activation: str) -> None:
    assert described("convnet", activation=activation, width=0.5).macs > 0


def test_memory_grows_with_batch_width_and_optimizer() -> None:
    def memory(width: float = 1.0, **train: Any) -> int:
        return described("resnet18", width=width, train=TrainSpec(**train)).memory_bytes

    assert memory(0.25) < memory() < memory(batch_size=512)
    assert memory() + 4 * 11_000_000 < memory(optimizer="adamw")


def test_a_users_model_is_a_level(user_module: str) -> None:
    found = described(f"{user_module}:build", regularization="dropout+bn")
    assert found.model == f"{user_module}:build"
    assert found.regularization == "bn"
    assert found.parameters == 8 * 27 + 16 + 9 * 10
    assert found.macs == 32 * 32 * 8 * 27 + 80
    ((level, digest),) = found.code_digests
    assert level == f"{user_module}:build"
    assert len(digest) == 64


def test_a_users_model_takes_its_levels_arguments(user_module: str) -> None:
    found = described(f"{user_module}:build(16)")
    assert found.model == f"{user_module}:build(hidden=16)"
    assert found.parameters == 16 * 27 + 32 + 17 * 10
    assert hashed(f"{user_module}:build(hidden=8)") == hashed(f"{user_module}:build")


def test_what_a_users_model_does_not_ask_the_factory_for_has_no_site(user_module: str) -> None:
    found = described(f"{user_module}:bare", regularization="bn+dropout+dropconnect+flip")
    assert found.regularization == "flip"


def test_a_users_activation_enters_the_description(user_module: str) -> None:
    found = described("convnet", activation=f"{user_module}:bump")
    assert [level for level, _ in found.code_digests] == [f"{user_module}:bump"]


def test_a_users_data_set_enters_by_its_content_however_it_is_written(user_module: str) -> None:
    plain = described("convnet", dataset="cifar10")
    for level in ("images", "images(0)", "images(n=0)"):
        assert described("convnet", dataset=f"{user_module}:{level}") == plain


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("wrong_head", "must return one row of 10 values for each image"),
        ("no_module", "made a int; expected an nn.Module"),
        ("broken", "failed on zeros: ValueError: no idea"),
        ("number", "is a int; expected a function"),
        ("build(depth=3)", "depth is not an argument"),
        ("biuld", "did you mean build"),
    ],
)
def test_a_users_model_that_is_none_is_refused(user_module: str, name: str, complaint: str) -> None:
    with pytest.raises(SpecError) as refusal:
        described(f"{user_module}:{name}")
    assert complaint in str(refusal.value)


def test_an_added_line_in_the_table_is_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = dict(MODELS.items())
    monkeypatch.setattr(MODELS, "_entries", entries)
    MODELS.add(NetworkEntry("perceptron", "three hidden layers", "a test", mlp, fixed={}))
    assert described("perceptron").parameters == described("mlp").parameters


def test_each_distinct_network_is_described_once() -> None:
    describe_cell = make_describe(None)
    first = describe_cell(spec_of("convnet"))
    assert describe_cell(spec_of("convnet", seed=7)) is first
    assert describe_cell(spec_of("convnet", train=TrainSpec(epochs=3))) is first
    assert describe_cell(spec_of("convnet", width=0.5)) is not first
    assert describe_cell(spec_of("convnet", train=TrainSpec(batch_size=64))) is not first


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "deaf",
            "runs no activation that it is given, so that every level of activation would train "
            "the same network; call layers.act(shape) in its constructor and what that returns in "
            "its forward",
        ),
        (
            "scripted",
            "is compiled by TorchScript, in which no activation can be seen to run; return the "
            "module itself (train.compile = true compiles a whole step)",
        ),
    ],
)
def test_a_users_model_in_which_no_activation_is_seen_is_refused(
    user_module: str, name: str, why: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        described(f"{user_module}:{name}")
    assert str(refusal.value) == f"model {user_module}:{name} {why}"
