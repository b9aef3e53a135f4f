"""Streams of mask bits: by site, repeatable from any position."""

import json
from collections.abc import Callable

import pytest
import torch

import actwise as aw
from actwise.engine.masks import CpuBits, CudaBits, Masks
from actwise.regularization import Dropout
from small_runs import make_dataset, make_model, make_spec

CPU = torch.device("cpu")
# Those of CUDA draw on any device of torch, though other numbers on each.
BITS: dict[str, Callable[[int, str], CpuBits | CudaBits]] = {
    "of numpy": CpuBits,
    "of torch": lambda seed, name: CudaBits(seed, name, device=CPU),
}


def masks_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    modules = model.named_modules()
    return {name: m.mask.clone() for name, m in modules if isinstance(m, Dropout)}


def test_masks_depend_on_seed_site_and_epoch_alone() -> None:
    def first_masks(activation: str, seed: int, epoch: int) -> dict[str, torch.Tensor]:
        spec = make_spec(model="vgg16-table1", regularization="bn+dropout", activation=activation)
        model = make_model(spec, make_dataset(side=32))
        masks = Masks(model, seed=seed, device=CPU)
        masks.start_epoch(epoch)
        masks.fill(4)
        return masks_of(model)

    reference = first_masks("relu", 0, 1)
    assert len(reference) > 1
    for name, mask in first_masks("rrelu", 0, 1).items():
        assert torch.equal(mask, reference[name])
    for changed in (first_masks("relu", 1, 1), first_masks("relu", 0, 2)):
        assert all(not torch.equal(mask, reference[name]) for name, mask in changed.items())


def test_every_step_and_every_site_has_a_mask_of_its_own() -> None:
    model = torch.nn.Sequential(Dropout(0.5, (100,)), Dropout(0.5, (100,)))
    masks = Masks(model, seed=0, device=CPU)
    masks.start_epoch(1)
    masks.fill(8)
    first = masks_of(model)
    masks.fill(8)
    second = masks_of(model)
    assert not torch.equal(first["0"], first["1"])
    assert not torch.equal(first["0"], second["0"])


def test_streams_go_on_from_their_positions() -> None:
    model = torch.nn.Sequential(Dropout(0.5, (5,)))
    masks = Masks(model, seed=0, device=CPU)
    masks.start_epoch(3)
    masks.fill(3)
    positions = json.loads(json.dumps(masks.positions()))
    masks.fill(3)
    expected = masks_of(model)
    resumed = Masks(model, seed=0, device=CPU)
    resumed.start_epoch(3)
    resumed.move_to(positions)
    resumed.fill(3)
    assert torch.equal(masks_of(model)["0"], expected["0"])


def test_the_bits_are_uniform() -> None:
    model = torch.nn.Sequential(Dropout(0.25, (1000,)))
    masks = Masks(model, seed=0, device=CPU)
    masks.start_epoch(1)
    masks.fill(1000)
    dropped = (masks_of(model)["0"] == 0).double().mean().item()
    # Within four standard deviations of a binomial of a million draws.
    assert abs(dropped - 0.25) < 4 * (0.25 * 0.75 / 1e6) ** 0.5


def test_what_would_draw_for_itself_has_its_mask_from_the_stream() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())
    x = torch.randn(2, 4)
    aw.swap(model, "rrelu", example=x)
    assert not torch.equal(model(x), model(x))
    masks = Masks(model, seed=0, device=CPU)
    masks.start_epoch(1)
    masks.fill(2)
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("kind", BITS)
def test_bits_are_those_of_their_seed_their_site_and_their_epoch(kind: str) -> None:
    bits = BITS[kind](0, "drop")
    first = bits(64)
    bits.start_epoch(1)
    assert torch.equal(bits(64), first)
    bits.start_epoch(2)
    assert not torch.equal(bits(64), first)
    assert torch.equal(BITS[kind](0, "drop")(64), first)
    for other in (BITS[kind](1, "drop"), BITS[kind](0, "last")):
        assert not torch.equal(other(64), first)


@pytest.mark.parametrize("kind", BITS)
def test_a_draw_takes_no_more_words_than_it_needs(kind: str) -> None:
    parts, whole = BITS[kind](3, "drop"), BITS[kind](3, "drop")(16)
    assert whole.dtype == torch.int16
    for start, count in ((0, 4), (4, 5), (12, 1)):
        part = parts(count)
        assert torch.equal(part, whole[start : start + count])


@pytest.mark.parametrize("kind", BITS)
def test_bits_go_on_from_their_position_in_json(kind: str) -> None:
    bits, other = BITS[kind](3, "drop"), BITS[kind](4, "last")
    bits(7)
    position = json.loads(json.dumps(bits.position()))
    expected = bits(20)
    other.move_to(position)
    assert torch.equal(other(20), expected)
    assert bits.position() == other.position() != position


@pytest.mark.parametrize("kind", BITS)
def test_bits_are_uniform_over_all_of_int16(kind: str) -> None:
    values = BITS[kind](0, "drop")(400_000)
    shares = [((values.int() >> place) & 1).double().mean().item() for place in range(16)]
    # Within five standard deviations of a binomial.
    assert shares == pytest.approx([0.5] * 16, abs=5 * (0.25 / 400_000) ** 0.5)
