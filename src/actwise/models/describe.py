"""What plan and store must know of a cell's network and data, without training either."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch
from torch import nn

from .. import activations, datasets, regularization
from ..errors import ActwiseError, SpecError
from ..spec import Describe, Description, RunSpec, description_key
from ..usercode import describe_fault, known_code
from .entry import resolve
from .footprint import Footprint, footprint, peak_memory_bytes
from .layers import LayerFactory


@dataclass(frozen=True)
class _Network:
    """All that decides a network's shapes; ``regularization`` without parts for images."""

    model: str
    regularization: str
    activation: str
    width: float
    input_shape: tuple[int, int, int]
    num_classes: int
    batch_size: int

    def __str__(self) -> str:
        return f"model {self.model} with {self.activation} and {self.regularization}"

    @property
    def is_ours(self) -> bool:
        """Whether no level is users' code."""
        levels = (self.model, self.regularization, self.activation)
        return not any(":" in level for level in levels)


_Examine = Callable[[_Network], tuple[Footprint, frozenset[str]]]


class KnownData:
    """The facts of data sets, and the folds that copies of an image change; each found once."""

    def __init__(
        self,
        data_dir: Path | None,
        *,
        info: Callable[[str, Path | None], datasets.DatasetInfo] = datasets.info,
    ) -> None:
        """``data_dir``: the data folder, for sets whose digest is not pinned."""
        self._data_dir = data_dir
        self._find = info
        self._infos: dict[str, datasets.DatasetInfo] = {}
        self._folds: dict[tuple[str, float], datasets.Folds | None] = {}

    def info(self, level: str) -> datasets.DatasetInfo:
        """Of one data set."""
        if level not in self._infos:
            self._infos[level] = self._find(level, self._data_dir)
        return self._infos[level]

    def folds(self, level: str, fraction: float) -> datasets.Folds | None:
        """The validation folds, if they are not those of images without copies."""
        digest = self.info(level).digest
        if not fraction or datasets.is_pinned(digest):
            return None
        if (level, fraction) not in self._folds:
            dataset = datasets.load_planned(level, self._data_dir, digest=digest)
            dealt = datasets.deal_folds(
                dataset.train_labels_N.numpy(),
                round(1 / fraction),
                pictures_N=datasets.pictures_of(dataset),
            )
            self._folds[level, fraction] = None if dealt.version == 1 else dealt
        return self._folds[level, fraction]


def make_describe(data: Path | KnownData | None) -> Describe:
    """A Describe that looks at each distinct network, and at each data set, once.

    Args:
        data: The data folder, or what is known of the data in it.
    """
    facts = data if isinstance(data, KnownData) else KnownData(data)
    examine = cache(_examine)
    known: dict[tuple[object, ...], Description] = {}

    def describe_once(spec: RunSpec) -> Description:
        key = description_key(spec)
        if key not in known:
            described = _describe(spec, facts.info(spec.dataset), examine)
            dealt = facts.folds(spec.dataset, spec.train.validation_fraction)
            if dealt:
                described = replace(described, split=dealt.version, largest_fold=dealt.largest)
            known[key] = described
        return known[key]

    return describe_once


def describe(spec: RunSpec, info: datasets.DatasetInfo) -> Description:
    """Describe a cell on the data set of ``info``; its network is built on the meta device.

    MACs count modules of torch's convolution and linear classes.

    Raises:
        SpecError: if a level is not known or not valid, or a user's code fails or does not fit.
    """
    return _describe(spec, info, _examine)


def _describe(spec: RunSpec, info: datasets.DatasetInfo, examine: _Examine) -> Description:
    model, activation = resolve(spec.model), activations.resolve(spec.activation)
    level = regularization.resolve(spec.regularization)
    cost, sites = examine(
        _Network(
            model.canonical,
            level.in_layers.canonical,
            activation.canonical,
            spec.width,
            info.input_shape,
            info.num_classes,
            spec.train.batch_size,
        )
    )
    kept = level.keeping(sites)
    own_code = [(x.canonical, x.code_digest) for x in (model, activation) if x.code_digest]
    digests = (*own_code, *kept.code_digests)
    codes = {digest: known_code(digest) for _, digest in digests}
    num_images = info.num_train + info.num_test
    return Description(
        model=model.canonical,
        regularization=kept.canonical,
        activation=activation.canonical,
        data_digest=info.digest,
        # Not that of a user's data set: what its code makes is in the id, as the data's digest.
        code_digests=digests,
        code_modules={digest: code.modules for digest, code in codes.items()},
        input_shape=info.input_shape,
        num_classes=info.num_classes,
        num_train=info.num_train,
        num_test=info.num_test,
        parameters=cost.num_parameters,
        macs=cost.macs,
        activation_sites=cost.num_activations,
        memory_bytes=peak_memory_bytes(
            cost,
            optimizer=spec.train.optimizer,
            batch_size=spec.train.batch_size,
            image_bytes=num_images * math.prod(info.input_shape),
        ),
        notes=(
            *(f"{spec.dataset}: {note}" for note in info.notes),
            *dict.fromkeys(remark for code in codes.values() for remark in code.remarks),
        ),
    )


def _examine(network: _Network) -> tuple[Footprint, frozenset[str]]:
    """The cost of a network and the sites that its model asks for."""
    if network.is_ours:
        return _pass(network, "meta")
    try:
        return _pass(network, "meta")
    except ActwiseError:
        raise
    except Exception:
        # Users' code may need numbers. On the CPU it gets zeros.
        try:
            return _pass(network, "cpu")
        except ActwiseError:
            raise
        except Exception as error:
            raise SpecError(f"{network} failed on zeros: {describe_fault(error)}") from error


def _pass(network: _Network, device: str) -> tuple[Footprint, frozenset[str]]:
    module, layers = _build(network, device)
    if not network.is_ours:
        _refuse_shared(network, module, _build(network, device)[0])
    cost = footprint(
        module,
        input_shape=network.input_shape,
        batch_size=network.batch_size,
        device=device,
        is_ours=network.is_ours,
        activations=layers.activations,
    )
    if cost.num_outputs != network.num_classes:
        raise SpecError(
            f"model {network.model} must return one row of {network.num_classes} values for each "
            "image"
        )
    if not cost.num_activations:
        raise SpecError(_deaf(network, module))
    return cost, frozenset(layers.sites)


def _deaf(network: _Network, module: nn.Module) -> str:
    """Why a network in which no activation was seen to run is refused."""
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        return (
            f"model {network.model} is compiled by TorchScript, in which no activation can be seen "
            "to run; return the module itself (train.compile = true compiles a whole step)"
        )
    return (
        f"model {network.model} runs no activation that it is given, so that every level of "
        "activation would train the same network; call layers.act(shape) in its constructor "
        "and what that returns in its forward"
    )


def _build(network: _Network, device: str) -> tuple[nn.Module, LayerFactory]:
    layers = LayerFactory(
        activations.resolve(network.activation), regularization.resolve(network.regularization)
    )
    with torch.device(device):
        module = resolve(network.model).build(
            layers,
            input_shape=network.input_shape,
            num_classes=network.num_classes,
            width=network.width,
        )
    return module, layers


def _refuse_shared(network: _Network, first: nn.Module, second: nn.Module) -> None:
    """What two builds share would carry what one run has learned to the next."""
    known = {_storage(parameter) for parameter in first.parameters() if parameter.numel()}
    for name, parameter in second.named_parameters():
        if _storage(parameter) in known:
            raise SpecError(
                f"{network}: any two builds of it share the parameter {name}, which would carry "
                "what one run has learned to the next; make it anew in every constructor"
            )


def _storage(tensor: torch.Tensor) -> int:
    """Names the place of a tensor's values, on the meta device too."""
    return int(tensor.untyped_storage()._cdata)
