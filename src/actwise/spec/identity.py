"""What a run is: the hash of what will be trained.

The hash covers canonical levels, never labels as asked; the content of the data, never a path;
the source of user-defined levels, never their name alone; and the version of the engine. Fields
at their default are left out, so a new field does not change an old id.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import SpecError
from ..usercode import digest_of_modules
from .run import RunSpec

ENGINE_VERSION = 2
"""Raised when the same RunSpec would train to other weights. The reason stands in CHANGELOG.md."""

# Made once: json.dumps would make one for each of the 200,000 hashes of a large plan.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True)
class Description:
    """What plan and store must know of a cell's network and data, without building either.

    Attributes:
        model, regularization, activation: Canonical levels: defaults left out, parts sorted, parts
            without a site in this model removed.
        data_digest: SHA-256 of the data set's content.
        code_digests: (level, :func:`~actwise.usercode.code_digest`) of each user-defined level but
            the data set, for which ``data_digest`` stands.
        input_shape: (channels, height, width).
        num_train: Images in the training part, before any split; ``num_test`` in the test part.
        parameters: Number of learned values, the activation's included.
        macs: Multiply-accumulate operations of convolutions and linear layers, per image.
        memory_bytes: Estimated peak memory of one training process on a CPU.
        activation_sites: Places of the network where the activation stands: modules that run, each
            once; in a network that brings its own layers the calls that were swapped.
        split: Version of the validation split: 2 where copies of an image, kept together, change
            it. Hashed unless it is 1.
        largest_fold: Images of the largest validation fold of version 2; None for version 1, whose
            folds are equal but for one image.
        notes: What a user should know of the data, and which modules of users' code import what
            cannot be followed: sentences.
        code_modules: What each code digest was made from: the digest of every module, by its name.
        is_own: Whether the network brings its own layers, in which activations are swapped.
    """

    model: str
    regularization: str
    activation: str
    data_digest: str
    code_digests: tuple[tuple[str, str], ...]
    input_shape: tuple[int, int, int]
    num_classes: int
    num_train: int
    num_test: int
    parameters: int
    macs: int
    memory_bytes: int
    activation_sites: int = 0
    split: int = 1
    largest_fold: int | None = None
    notes: tuple[str, ...] = ()
    code_modules: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    is_own: bool = False


Describe = Callable[[RunSpec], Description]
"""Describes a cell (its seed is not looked at).

Raises SpecError for an unknown level and DataError where the data are needed and missing.
"""


def description_key(spec: RunSpec) -> tuple[object, ...]:
    """What of a cell its description depends on: cells that share it are described once."""
    if spec.task is not None:
        # What its function may be called with, whatever the values are.
        return (spec.task.function, spec.activation, *sorted(spec.task.settings))
    train = spec.train
    levels = (spec.dataset, spec.model, spec.regularization, spec.activation, spec.width)
    return (*levels, train.batch_size, train.optimizer, train.validation_fraction)


def settled(spec: RunSpec, description: Description) -> RunSpec:
    """The cell with the initial weights that are meant where its study names none.

    A network that brings its own layers brings its own weights too; ``he`` must be asked for.

    Raises:
        SpecError: if a network that is built of our layers is to keep its own weights.
    """
    train = spec.train
    if not description.is_own and train.init == "own":
        raise SpecError(
            f"train.init='own' is for networks that bring their own layers, and model "
            f"{spec.model!r} is built of ours; write he or gain"
        )
    if not description.is_own or "init" in train.model_fields_set:
        return spec
    return spec.model_copy(update={"train": train.model_copy(update={"init": "own"})})


def canonical_settings(spec: RunSpec, description: Description) -> dict[str, Any]:
    """Everything that is hashed but the seed and the engine version, as plain JSON values.

    And ``code_modules``, which tells what has changed where a digest in ``code`` has: it follows
    from the digests and is not hashed.
    """
    settings: dict[str, Any] = {
        "data": description.data_digest,
        "model": description.model,
        "regularization": description.regularization,
        "activation": description.activation,
    }
    if spec.task is not None:
        # Levels in the user's own words have one way to be written.
        settings |= {"model": spec.model, "regularization": spec.regularization}
        settings["task"] = spec.task.model_dump(mode="json")
    if spec.width != 1.0:
        settings["width"] = spec.width
    train = spec.train.model_dump(mode="json", exclude_defaults=True)
    if spec.train.train_size == _num_remaining(spec, description):
        train.pop("train_size", None)
    if train:
        settings["train"] = train
    if description.split != 1:
        settings["split"] = description.split
    if description.code_digests:
        settings["code"] = [list(pair) for pair in description.code_digests]
    if description.code_modules:
        settings["code_modules"] = {d: dict(m) for d, m in description.code_modules.items()}
    return settings


def code_modules_in(settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """``code_modules`` of stored settings, which may come from anywhere; settings of old have none.

    Raises:
        SpecError: if a code digest does not follow from its modules.
    """
    modules = settings.get("code_modules", {})
    digests = [digest for _, digest in settings.get("code", ())]
    if not isinstance(modules, dict):
        raise SpecError(f"code_modules must be a table of code digests, not {modules!r:.60}")
    for digest, found in modules.items():
        is_table = isinstance(found, dict) and all(isinstance(v, str) for v in found.values())
        if digest not in digests or not is_table or digest_of_modules(found) != digest:
            raise SpecError(f"the code digest {digest!r:.80} does not follow from its modules")
    return modules


def _num_remaining(spec: RunSpec, description: Description) -> int | None:
    """Training images beside the validation fold; None where that depends on the seed."""
    fraction = spec.train.validation_fraction
    if not fraction:
        return description.num_train
    size, rest = divmod(description.num_train, round(1 / fraction))
    return None if rest or description.split != 1 else description.num_train - size


def cell_hash(spec: RunSpec, description: Description) -> str:
    """Hash of a cell: what its replicates share."""
    settings = canonical_settings(spec, description)
    settings.pop("code_modules", None)
    return _digest(settings)


def spec_hash(cell: str, seed: int) -> str:
    """Hash of a run's specification, whatever engine trains it."""
    return _digest([cell, seed])


def run_id(spec: str, engine_version: int = ENGINE_VERSION) -> str:
    """The id of a run: its ``spec_hash`` as trained by one version of the engine."""
    return _digest([spec, engine_version])[:20]


def _digest(value: Any) -> str:
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()[:32]
