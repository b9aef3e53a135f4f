"""Weights by their names: in which order they are hashed, which are infinite, what a file lacks."""

from pathlib import Path

import pytest
import torch
from torch import nn

from actwise.engine import load_weights, save_weights, weights_sha256
from actwise.engine.weights import infinite_names, write_whole
from actwise.errors import StoreError


class Pair(nn.Module):
    """Two parameters, made in the order of their names or in the other."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        for name in names:
            setattr(self, name, nn.Parameter(torch.full((2,), float(ord(name)))))


def test_the_order_in_which_a_model_was_made_is_no_part_of_the_hash() -> None:
    assert weights_sha256(Pair("a", "b")) == weights_sha256(Pair("b", "a"))


@pytest.mark.parametrize("change", [{"name": "c"}, {"shape": (1, 2)}, {"dtype": torch.int32}])
def test_names_shapes_and_types_are_parts_of_the_hash(change: dict[str, object]) -> None:
    def of(*, name: str = "b", shape: tuple[int, ...] = (2,), dtype: object = None) -> str:
        model = nn.Module()
        zeros = torch.zeros(shape, dtype=dtype or torch.float32)  # type: ignore[arg-type]
        model.register_buffer(name, zeros)
        return weights_sha256(model)

    assert of(**change) != of()  # type: ignore[arg-type]


def test_tensors_that_hold_an_infinity_or_no_number_are_named() -> None:
    tensors = {
        "whole": torch.tensor([1, 2]),
        "good": torch.ones(2),
        "bad": torch.tensor([1.0, float("inf")]),
        "worse": torch.tensor([float("nan")]),
        "small": torch.ones(2).to(torch.float8_e4m3fn),
        "byte": torch.ones(2, dtype=torch.uint8),
        "small and bad": torch.tensor([1.0, float("nan")]).to(torch.float8_e5m2),
    }
    assert infinite_names(tensors) == {"bad", "worse", "small and bad"}
    assert infinite_names({}) == set()


def test_weights_that_do_not_fit_are_refused_with_the_last_reason(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(Pair("a"), path)
    with pytest.raises(StoreError) as refusal:
        load_weights(Pair("b"), path)
    sentence = f'weights {str(path)!r} do not fit this model: Unexpected key(s) in state_dict: "a".'
    assert str(refusal.value) == sentence


def test_of_weights_that_are_not_there_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(StoreError) as refusal:
        load_weights(Pair("a"), path)
    assert str(refusal.value) == f"weights {str(path)!r} cannot be read: No such file or directory"
    with pytest.raises(StoreError) as refusal:
        save_weights(Pair("a"), tmp_path / "no" / "w.safetensors")
    path = tmp_path / "no" / "w.safetensors"
    sentence = f"weights {str(path)!r} cannot be read or written: No such file or directory"
    assert str(refusal.value) == sentence


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(OSError):
        write_whole(place, b"some", b" bytes")
    assert [*tmp_path.iterdir()] == [place]
    write_whole(tmp_path / "file", b"some", b" bytes")
    assert (tmp_path / "file").read_bytes() == b"some bytes"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "place"]
