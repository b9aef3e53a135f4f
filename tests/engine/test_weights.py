"""The hash and the file of a model's weights."""

from pathlib import Path

import pytest
import torch
from torch import nn

from actwise.engine import load_weights, save_weights, weights_sha256
from actwise.errors import StoreError
from small_runs import make_model, make_spec


def test_the_hash_changes_with_any_value() -> None:
    model = make_model(make_spec(regularization="bn"))
    before = weights_sha256(model)
    assert weights_sha256(make_model(make_spec(regularization="bn"))) == before
    for tensor in model.state_dict().values():
        kept = tensor.clone()
        tensor.view(-1)[0] += 1
        assert weights_sha256(model) != before
        tensor.copy_(kept)
    assert weights_sha256(model) == before


def test_the_hash_does_not_depend_on_the_layout() -> None:
    model = make_model(make_spec())
    before = weights_sha256(model)
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
    assert weights_sha256(model) == before


def test_masks_are_no_part_of_the_hash() -> None:
    plain, dropping = (make_model(make_spec(regularization=r)) for r in ("bn", "bn+dropout"))
    assert weights_sha256(plain) == weights_sha256(dropping)


def test_weights_come_back_from_their_file(tmp_path: Path) -> None:
    model = make_model(make_spec())
    save_weights(model, tmp_path / "w.safetensors")
    other = make_model(make_spec(seed=1))
    assert weights_sha256(other) != weights_sha256(model)
    load_weights(other, tmp_path / "w.safetensors")
    assert weights_sha256(other) == weights_sha256(model)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_weights_that_cannot_be_written_are_no_fault_of_the_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be read or written: No such file"):
        save_weights(nn.Linear(3, 2), tmp_path / "gone" / "w.safetensors")


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    save_weights(nn.Linear(3, 2), tmp_path / "w.safetensors")
    with pytest.raises(StoreError, match="do not fit this model"):
        load_weights(nn.Linear(3, 4), tmp_path / "w.safetensors")


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 100])
def test_files_that_are_no_weights_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be read"):
        load_weights(nn.Linear(3, 2), path)
