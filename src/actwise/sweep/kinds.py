"""What the time of a training step depends on: runs of one kind take steps of one length."""

from dataclasses import dataclass

from ..spec import PlannedRun


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
