"""What plan and store must know of a cell's network and data, without training either."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from .. import activations, datasets, regularization
from ..spec import Describe, Description, RunSpec, description_key
from ..usercode import known_code
from .entry import resolve
from .examine import Examined, NetworkSettings, examine
from .footprint import peak_memory_bytes

_Examine = Callable[[NetworkSettings], Examined]


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
    examine_once = cache(examine)
    known: dict[tuple[object, ...], Description] = {}

    def describe_once(spec: RunSpec) -> Description:
        key = description_key(spec)
        if key not in known:
            described = _describe(spec, facts.info(spec.dataset), examine_once)
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
    return _describe(spec, info, examine)


def _describe(spec: RunSpec, info: datasets.DatasetInfo, look_at: _Examine) -> Description:
    model, activation = resolve(spec.model), activations.resolve(spec.activation)
    asked = regularization.resolve(spec.regularization)
    level = model.regularized(asked)
    examined = look_at(
        NetworkSettings(
            model.canonical,
            # `none` too is `own` for a network that brings its own layers, but not without a note.
            (level if asked.parts else asked).in_layers.canonical,
            activation.canonical,
            spec.width,
            info.input_shape,
            info.num_classes,
            spec.train.batch_size,
        )
    )
    cost, kept = examined.cost, level.keeping(examined.sites)
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
        activation_sites=examined.num_activations,
        memory_bytes=peak_memory_bytes(
            cost,
            optimizer=spec.train.optimizer,
            batch_size=spec.train.batch_size,
            image_bytes=num_images * math.prod(info.input_shape),
        ),
        notes=(
            *(f"{spec.dataset}: {note}" for note in info.notes),
            *examined.notes,
            *dict.fromkeys(remark for code in codes.values() for remark in code.remarks),
        ),
        is_own=model.is_own,
    )
