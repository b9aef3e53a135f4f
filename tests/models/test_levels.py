"""Levels of the model factor: their one canonical text, and what is refused."""

import pytest

from actwise.errors import SpecError, UnknownNameError
from actwise.models import MODELS, resolve
from actwise.registry import Parameter


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("resnet20", "resnet20"),
        ("resnet", "resnet20"),
        ("resnet(20)", "resnet20"),
        ("resnet(depth=110)", "resnet110"),
        ("resnet(depth=44)", "resnet(depth=44)"),
        ("resnet(depth=56,post_add=off)", "resnet56(post_add=off)"),
        ("plain(32)", "plain32"),
        ("plain(1202)", "plain(depth=1202)"),
        ("resnet18(post_add=on)", "resnet18"),
        ("resnet18(off)", "resnet18(post_add=off)"),
        ("vgg16", "vgg16"),
    ],
)
def test_a_model_has_one_canonical_text(written: str, canonical: str) -> None:
    assert resolve(written).canonical == canonical
    assert resolve(canonical).canonical == canonical


@pytest.mark.parametrize("name", list(MODELS))
def test_every_model_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    assert MODELS[name].description
    assert MODELS[name].source
    assert len({entry.description for entry in MODELS.values()}) == len(MODELS)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("vgg15", "did you mean vgg16"),
        ("resnet18(post_add=3)", "post_add=3 must be on or off"),
        ("resnet18(depth=20)", "no argument of resnet18 is named 'depth'"),
        ("plain18(post_add=off)", "no argument of plain18 is named 'post_add'"),
        ("resnet(depth=7)", "depth=7 must be at least 8"),
        ("plain(10001)", r"depth=10001 must be at least 8 and at most 10000$"),
        ("resnet(depth=2.5)", "must be a whole number"),
        ("vgg16(3)", "vgg16 takes no arguments"),
        ("resnet18[post_add]", "is not a level"),
    ],
)
def test_wrong_models_are_refused_with_a_sentence(written: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        resolve(written)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no model is named 'lenet'"):
        resolve("lenet")


def test_networks_of_any_depth_take_it_first_and_residual_ones_what_is_after_the_sum() -> None:
    depth, post_add = Parameter("depth", 20, low=8, high=10_000), Parameter("post_add", True)
    taken = {name: MODELS[name].parameters for name in MODELS if MODELS[name].parameters}
    residual = ("resnet18-table2", "resnet18", "resnet20", "resnet32", "resnet56", "resnet110")
    assert taken == {
        "resnet": (depth, post_add),
        "plain": (depth,),
        **dict.fromkeys(residual, (post_add,)),
    }
