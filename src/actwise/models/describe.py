"""What plan and store must know of a cell's network and data, without training either."""

import math
from functools import cache
from pathlib import Path

import torch

from .. import datasets
from ..errors import ActwiseError, SpecError
from ..registry import parse_level
from ..spec import Describe, Description, RunSpec
from ..usercode import code_digest
from .build import make_layers
from .entry import BoundModel, resolve
from .footprint import Footprint, footprint, peak_memory_bytes
from .layers import LayerFactory


def make_describe(data_dir: Path | None) -> Describe:
    """A Describe that looks at each distinct network, and at each data set, once.

    Args:
        data_dir: The data folder, for sets whose digest is not pinned.
    """
    known: dict[tuple[object, ...], Description] = {}
    info = cache(lambda level: datasets.info(level, data_dir))

    def describe_once(spec: RunSpec) -> Description:
        network = (spec.dataset, spec.model, spec.regularization, spec.activation, spec.width)
        key = (*network, spec.train.batch_size, spec.train.optimizer)
        if key not in known:
            known[key] = describe(spec, info(spec.dataset))
        return known[key]

    return describe_once


def describe(spec: RunSpec, info: datasets.DatasetInfo) -> Description:
    """Describe a cell on the data set of ``info``; its network is built on the meta device.

    MACs count modules of torch's convolution and linear classes.

    Raises:
        SpecError: if a level is not known or not valid, or a user's model or activation fails.
    """
    model, layers = resolve(spec.model), make_layers(spec)
    cost = _cost(model, layers, spec, info)
    regularization = layers.regularization.keeping(layers.sites)
    num_images = info.num_train + info.num_test
    own_code = [(x.canonical, x.code_digest) for x in (model, layers.activation) if x.code_digest]
    return Description(
        model=model.canonical,
        regularization=regularization.canonical,
        activation=layers.activation.canonical,
        data_digest=info.digest,
        code_digests=(*own_code, *regularization.code_digests, *_data_code(spec.dataset)),
        input_shape=info.input_shape,
        num_classes=info.num_classes,
        num_train=info.num_train,
        parameters=cost.num_parameters,
        macs=cost.macs,
        memory_bytes=peak_memory_bytes(
            cost,
            optimizer=spec.train.optimizer,
            image_bytes=num_images * math.prod(info.input_shape),
        ),
    )


def _cost(
    model: BoundModel, layers: LayerFactory, spec: RunSpec, info: datasets.DatasetInfo
) -> Footprint:
    try:
        with torch.device("meta"):
            network = model.build(
                layers,
                input_shape=info.input_shape,
                num_classes=info.num_classes,
                width=spec.width,
            )
        cost = footprint(network, input_shape=info.input_shape, batch_size=spec.train.batch_size)
    except ActwiseError:
        raise
    except Exception as error:
        is_ours = not (model.code_digest or layers.activation.code_digest)
        if is_ours and not layers.regularization.code_digests:
            raise
        raise SpecError(
            f"model {spec.model} with {spec.activation} and {spec.regularization} failed on the "
            f"meta device: {type(error).__name__}: {error}"
        ) from error
    if cost.num_outputs != info.num_classes:
        raise SpecError(
            f"model {spec.model} must return one row of {info.num_classes} values for each image"
        )
    return cost


def _data_code(dataset: str) -> tuple[tuple[str, str], ...]:
    """The digest of a user's data set; ``folder:PATH`` and ``parquet:PATH`` are no code."""
    prefix, colon, _ = dataset.partition(":")
    if not colon or prefix.strip() in datasets.DATASETS:
        return ()
    level = parse_level(dataset, kind="data set")
    return ((str(level), code_digest(level, kind="data set")),)
