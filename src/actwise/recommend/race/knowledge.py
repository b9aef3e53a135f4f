"""What our banks know of effects of activations: a small data file with its provenance.

Written by ``python -m benchmarks.recommend.fit``. Everything is in points of validation accuracy
after the last epoch of a training whose learning rate ends at zero.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_SHIPPED = Path(__file__).with_name("knowledge.json")
_LEVELS = ("dataset", "model", "regularization", "width")
_NETWORK = ("dataset", "model")
_TRAINED_WITH = {"schedule": {"onecycle"}}
"""All conditions."""
_FAR = 3


@dataclass(frozen=True)
class KnownCondition:
    """One condition of the bank: what was trained on what.

    Attributes:
        dataset, model, regularization, width, optimizer: As in a run's settings.
        images: Training images.
        seeds: How many seeds every activation has at both lengths.
    """

    dataset: str
    model: str
    regularization: str
    width: float
    images: int
    seeds: int
    optimizer: str = "sgd"


@dataclass(frozen=True)
class Knowledge:
    """Variances of effects, runs and seeds at a third of the length and at the whole.

    Attributes:
        conditions: Where it comes from.
        num_runs: Trainings that it is estimated from.
        epochs: Of the two lengths in the bank, short and full.
        effects: Covariance of an activation's effect at the two lengths, 2 x 2, short first.
        run_variances: Of one run beside its activation and its seed: short, full.
        seed_variances: Of what a seed and its fold add to all activations: short, full.
        activation_means: For each activation of the bank its mean effect over conditions, short
            and full, shrunken; what a prior on activations would use.
    """

    conditions: tuple[KnownCondition, ...]
    num_runs: int
    epochs: tuple[int, int]
    effects: tuple[tuple[float, float], tuple[float, float]]
    run_variances: tuple[float, float]
    seed_variances: tuple[float, float]
    activation_means: Mapping[str, tuple[float, float]]

    @classmethod
    def load(cls, file: Path) -> "Knowledge":
        """Read such a file."""
        entries: Any = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            conditions=tuple(KnownCondition(**row) for row in entries["conditions"]),
            num_runs=entries["num_runs"],
            epochs=_two(entries["epochs"]),
            effects=_two(map(_two, entries["effects"])),
            run_variances=_two(entries["run_variances"]),
            seed_variances=_two(entries["seed_variances"]),
            activation_means={
                name: _two(means) for name, means in entries["activation_means"].items()
            },
        )

    def unlike(self, levels: Mapping[str, Any], *, images: int, epochs: int) -> tuple[str, ...]:
        """What of a case is in no condition, be the rest of it in several.

        Of optimizers other than SGD few networks tell, so one counts where it trained this one.

        Args:
            levels: Its data set, model, regularization and width; optimizer and schedule; all as
                descriptions of cells have them, ``bn+crop+flip``.
            images: That it is trained on; far is what no condition has within a factor of 3.
            epochs: Of a full training, likewise.
        """
        known = {name: {getattr(row, name) for row in self.conditions} for name in _LEVELS}
        known["regularization"] = {
            "+".join(sorted(row.regularization.replace("aug", "crop+flip").split("+")))
            for row in self.conditions
        }
        network = tuple(levels[name] for name in _NETWORK)
        known["optimizer"] = {"sgd"} | {
            row.optimizer
            for row in self.conditions
            if tuple(getattr(row, name) for name in _NETWORK) == network
        }
        known |= _TRAINED_WITH
        found = [name for name, level in levels.items() if level not in known[name]]
        lengths = {"images": (images, {row.images for row in self.conditions})}
        lengths["epochs"] = (epochs, {self.epochs[1]})
        for name, (own, others) in lengths.items():
            if all(max(own, other) > _FAR * min(own, other) for other in others):
                found.append(name)
        return tuple(found)


@cache
def shipped_knowledge() -> Knowledge:
    """The file that comes along, from all conditions under results/."""
    return Knowledge.load(_SHIPPED)


def _two(values: Iterable[T]) -> tuple[T, T]:
    short, full = values
    return short, full
