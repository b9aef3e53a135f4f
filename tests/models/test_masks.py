"""Masks are paired: cells at one seed share the draws of every site and part that both have."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from actwise.engine.masks import Masks
from small_runs import make_dataset, make_model, make_spec

DATASET = make_dataset(side=32)
SOURCE = """
from actwise.regularization import Dropout, Part


class Early(Part):
    sites = frozenset({"between"})

    def drop(self, site, shape):
        return Dropout(0.2, shape) if site == "between" else None


class early(Early):
    pass
"""


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "users_masks.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "package.users_masks"
    for name in ("package", "package.users_masks"):
        sys.modules.pop(name, None)


def masks_of(
    model: str, *, regularization: str = "none", activation: str = "relu"
) -> dict[str, Tensor]:
    """The first masks of every site, by module name."""
    spec = make_spec(
        model=model, regularization=regularization, activation=activation, width=1 / 16
    )
    network = make_model(spec, DATASET)
    masks = Masks(network, seed=0, device=torch.device("cpu"))
    masks.start_epoch(1)
    masks.fill(2)
    return {
        name.rpartition(".")[0]: buffer.clone()
        for name, buffer in network.named_buffers()
        if name.endswith((".mask", ".bits"))
    }


def assert_first_is_part_of_second(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first
    for name, mask in first.items():
        assert torch.equal(mask, second[name])


@pytest.mark.parametrize("model", ["vgg16", "mlp", "convnet"])
def test_dropout_draws_the_same_beside_a_users_part(model: str, user_module: str) -> None:
    alone = masks_of(model, regularization="dropout")
    beside = masks_of(model, regularization=f"dropout+{user_module}:Early+bn")
    assert_first_is_part_of_second(alone, beside)
    assert len(beside) > len(alone) or model == "convnet"


def test_two_users_parts_at_a_site_draw_for_themselves(user_module: str) -> None:
    first, second = (
        masks_of("mlp", regularization=f"{user_module}:{n}") for n in ("Early", "early")
    )
    both = masks_of("mlp", regularization=f"{user_module}:Early+{user_module}:early")
    assert both.keys() == first.keys() | second.keys()
    assert not first.keys() & second.keys()
    assert_first_is_part_of_second(first | second, both)


def test_a_rate_of_zero_leaves_the_other_sites_masks() -> None:
    assert_first_is_part_of_second(
        masks_of("vgg16", regularization="dropout(0)"), masks_of("vgg16", regularization="dropout")
    )


@pytest.mark.parametrize(("residual", "plain"), [("resnet18", "plain18"), ("resnet20", "plain20")])
@pytest.mark.parametrize(
    "levels", [{"activation": "rrelu"}, {"regularization": "bn+dropconnect(0.1)"}]
)
def test_identity_mapping_changes_no_mask(
    residual: str, plain: str, levels: dict[str, str]
) -> None:
    assert_first_is_part_of_second(masks_of(plain, **levels), masks_of(residual, **levels))


def test_rrelu_draws_the_same_with_and_without_dropout() -> None:
    alone = masks_of("vgg16", activation="rrelu")
    beside = masks_of("vgg16", activation="rrelu", regularization="bn+dropout")
    assert_first_is_part_of_second(alone, beside)
    masks = masks_of("vgg16", regularization="bn+dropout")
    assert_first_is_part_of_second(masks, beside)
    assert all(name.endswith("dropout") for name in masks)
