"""Real networks of torchvision and timm keep every bit when activations replace themselves."""

from collections.abc import Callable
from importlib.util import find_spec

import pytest
import torch
from torch import nn

import actwise as aw
from actwise.usercode import PACKAGES
from benchmarks.zoo.coverage import bits, compiles, coverage, exports, graphs
from benchmarks.zoo.networks import Entry, classifiers, families
from made import flows, networks

pytestmark = [
    pytest.mark.zoo,
    pytest.mark.skipif(
        not all(map(find_spec, PACKAGES)), reason="the extra `zoo` is not installed"
    ),
    pytest.mark.filterwarnings("ignore"),  # what these packages and torch.export say
]

# Calls alone with two heads of training, one module at three places, in place, gates, GLU, GELU.
NETWORKS = {
    "torchvision:googlenet": 61,
    "torchvision:resnet50": 49,
    "timm:test_resnet": 12,
    "timm:test_efficientnet": 11,
    "timm:test_mambaout": 8,
    "timm:test_vit": 6,
}


def entry_of(name: str) -> tuple[Entry, int]:
    """A network and the side of its images: those of transformers have one size."""
    entry = Entry(*name.split(":"))
    return entry, 160 if "vit" in name else 64


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_swapped_network_keeps_its_bits_and_is_copied(name: str) -> None:
    entry, size = entry_of(name)
    found = bits(entry, size=size)
    assert found.has_same_bits, "outputs and buffers, in eval and train mode"
    assert found.is_copied, "deepcopy and pickle"
    assert (found.replaced, found.num_slopes) == (NETWORKS[name], NETWORKS[name])
    assert found.num_moved > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NETWORKS if name.startswith("timm")])
def test_a_swapped_network_is_compiled_and_exported(name: str) -> None:
    entry, size = entry_of(name)
    found = graphs(entry, size=size)
    assert found.is_compiled, "torch.compile(fullgraph=True)"
    assert found.is_exported, "torch.export"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torchvision:resnet18", "timm:coat_tiny", "timm:hrnet_w18_small"])
def test_nothing_is_missed_on_the_meta_device(name: str) -> None:
    found = coverage(Entry(*name.split(":")))
    assert not found.misses and not found.warnings
    assert found.is_undone and found.replaced


def test_the_zoo_holds_every_classifier_and_one_network_of_each_family() -> None:
    assert len(classifiers()) >= 80
    names = [entry.name for entry in families()]
    assert len(names) == len(set(names)) >= 90


@pytest.mark.parametrize("make", [networks.Small, flows.InTraining, networks.SharedAct])
def test_a_rewritten_class_is_compiled_and_exported(make: Callable[[], nn.Module]) -> None:
    model = make().eval()
    x = torch.randn(2, 3, 6, 6) if make is networks.Small else torch.randn(2, 4)
    report = aw.swap(model, "prelu", example=x)
    assert report.replaced and type(model) is not make
    assert compiles(model, x) and exports(model, x)
