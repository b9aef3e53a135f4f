"""How long runs will take, by those that were seen to train."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from ..spec import PlannedRun
from .estimate import images_in_all
from .plan import Plan


@dataclass(frozen=True)
class _Size:
    """What decides the duration of a run."""

    images: float
    macs: int
    network: tuple[str, str, float]
    activation: str

    def seconds(self, slowness: float) -> float:
        return self.images * self.macs * slowness


class Durations:
    """Predicts by a run's images, the MACs of its network, and the time that one MAC takes.

    That time is of the last run seen of the same network and activation; else the mean of those
    seen with the activation, since that of a network is told well by its MACs; else of all.
    """

    def __init__(self, plan: Plan, runs: Iterable[PlannedRun]) -> None:
        """Nothing was seen yet of ``runs``, which are in ``plan``."""
        self._sizes = {run.run_id: _size(plan, run) for run in runs}
        # Seconds of a MAC, by activation and network.
        self._slowness: dict[str, dict[tuple[str, str, float], float]] = {}

    def observe(self, run_id: str, *, images_per_second: float) -> None:
        """A run trains at this speed."""
        size = self._sizes[run_id]
        seen = self._slowness.setdefault(size.activation, {})
        seen[size.network] = 1 / (images_per_second * size.macs)

    def seconds(self, run_id: str) -> float:
        """Of the whole run, evaluations included; in an arbitrary unit before any was seen."""
        size = self._sizes[run_id]
        alike = self._slowness.get(size.activation, {})
        if size.network in alike:
            return size.seconds(alike[size.network])
        if alike:
            return size.seconds(fmean(alike.values()))
        means = [fmean(seen.values()) for seen in self._slowness.values()]
        return size.seconds(fmean(means) if means else 1.0)


def _size(plan: Plan, run: PlannedRun) -> _Size:
    return _Size(
        images=images_in_all(plan, run),
        macs=plan.description(run).macs,
        network=(run.settings["model"], run.settings["regularization"], run.spec.width),
        activation=run.settings["activation"],
    )
