"""How long runs will take, by those that were seen to train."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from ...spec import PlannedRun
from .cost import images_in_all
from .plan import Plan


@dataclass(frozen=True)
class StepKind:
    """``network`` is all but the activation: model, data, regularization, width, protocol."""

    network: tuple[object, ...]
    activation: str


def step_kind(run: PlannedRun) -> StepKind:
    """The kind of a run; learning rate, schedule and seed cost no time."""
    train = run.spec.train
    levels = tuple(run.settings[name] for name in ("data", "model", "regularization"))
    protocol = (train.batch_size, train.optimizer, train.precision, train.compile)
    return StepKind(
        network=(*levels, run.spec.width, *protocol, bool(train.gradient_clip)),
        activation=run.settings["activation"],
    )


@dataclass(frozen=True)
class _Size:
    """What decides the duration of a run; ``macs`` of one image, at least 1."""

    images: float
    macs: int
    kind: StepKind


class Durations:
    """Predicts by a run's images, the MACs of its network, and the time that one MAC takes.

    That time is of the last run seen of the same kind of step; else the mean of those seen of the
    same network, else of the same activation, else of all.
    """

    def __init__(self, plan: Plan, runs: Iterable[PlannedRun]) -> None:
        """Nothing was seen yet of ``runs``, which are in ``plan``."""
        sizes: dict[str, _Size] = {}
        self._sizes: dict[str, _Size] = {}
        for run in runs:
            if run.cell_hash not in sizes:
                sizes[run.cell_hash] = _size(plan, run)
            self._sizes[run.run_id] = sizes[run.cell_hash]
        self._seen: dict[StepKind, float] = {}
        # What follows from it, until more is seen.
        self._expected: dict[StepKind, float] = {}

    def observe(self, run_id: str, *, images_per_second: float) -> None:
        """A run trains at this speed."""
        size = self._sizes[run_id]
        self._seen[size.kind] = 1 / (images_per_second * size.macs)
        self._expected.clear()

    def seconds(self, run_id: str) -> float:
        """Of the whole run, evaluations included; in an arbitrary unit before any was seen."""
        size = self._sizes[run_id]
        if size.kind not in self._expected:
            self._expected[size.kind] = _expect(size.kind, self._seen)
        return size.images * size.macs * self._expected[size.kind]


def _expect(kind: StepKind, seen: Mapping[StepKind, float]) -> float:
    if kind in seen:
        return seen[kind]
    same_network = [time for other, time in seen.items() if other.network == kind.network]
    same_activation = [time for other, time in seen.items() if other.activation == kind.activation]
    alike = same_network or same_activation or list(seen.values())
    return fmean(alike) if alike else 1.0


def _size(plan: Plan, run: PlannedRun) -> _Size:
    # A user's network may have no convolution or linear module that would be counted.
    macs = max(1, plan.description(run).macs)
    return _Size(images=images_in_all(plan, run), macs=macs, kind=step_kind(run))
