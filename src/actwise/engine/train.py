"""The training of one run, from its first batch to its result."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from torch import Tensor, nn

from ..datasets import Dataset
from ..regularization import Regularization
from ..spec import ObserveSpec, RunSpec
from ..store.records import EpochRecord
from .batches import TrainingBatches
from .captured import runs_users_code
from .checkpoint import Checkpoints
from .device import Device, set_backend
from .evaluate import Evaluation, evaluate
from .images import prepare_parts
from .observers import Observer, Sight, generators_kept, lacking, states_of
from .result import Progress, TrainResult
from .training import EpochSums, Training
from .weights import weights_sha256

_OBSERVE_NOTHING = ObserveSpec()
MOST_REESTIMATED = 5_000
"""Images of the training part from which the statistics of norms are estimated anew."""

Reestimate = Callable[[nn.Module, Tensor], nn.Module | None]
"""From a model and images to a copy whose norms have the statistics of these images, if it can."""


def never() -> bool:
    """For a run that nothing stops."""
    return False


def silent(progress: Progress) -> None:
    """For a run that nobody watches."""


def train(
    model: nn.Module,
    dataset: Dataset,
    spec: RunSpec,
    *,
    regularization: Regularization,
    device: Device,
    observe: ObserveSpec = _OBSERVE_NOTHING,
    observers: Sequence[Observer] = (),
    reestimate: Reestimate | None = None,
    checkpoints: Checkpoints | None = None,
    should_stop: Callable[[], bool] = never,
    on_progress: Callable[[Progress], None] = silent,
) -> TrainResult:
    """Train ``model`` in place, from its newest checkpoint if it has one.

    Between any two batches, of training or of evaluation, ``should_stop`` is asked and a
    checkpoint is written where one is due. On the CPU a run that was stopped or killed and goes
    on from its checkpoint ends at the same bits as one that ran through.

    The test split is read once, after the last epoch; only with ``observe.test_curve`` after
    every epoch. The validation split is read after every epoch, or after the last alone
    (``observe.validation_curve``). By the test split nothing is decided but whether the final
    model's loss is finite. A run whose weights or running statistics are not finite after an epoch
    has diverged too, though its losses be finite.

    Args:
        model: With its initial weights; is moved to the device.
        dataset: Images and labels; the part trained on follows ``spec.seed`` and ``spec.train``.
        spec: The run; the seed's streams give order, augmentation and masks.
        regularization: Of ``spec``: its parts augment the images.
        device: Where to compute; ``set_process_numerics`` has been called.
        observe: Whether the test curve is asked for, and which epochs are validated.
        observers: Look at the model before the first batch and after every epoch.
        reestimate: Makes the copy of the final model that is tested too; None = none is. Nothing
            is decided by it.
        checkpoints: Where the state is kept; None = nowhere, a stopped run is lost.
        should_stop: Asked between batches; true ends the run with status ``stopped``.
        on_progress: Called after every batch.

    Raises:
        SpecError: if the data are too few for the settings, or the precision needs CUDA.
        StoreError: if a checkpoint cannot be read or written (a full disk, say): an accident of
            the machine, to be tried again; the last checkpoint remains.
    """
    settings = spec.train
    set_backend(settings.precision, device)
    model.to(device.torch_device)
    model.to(memory_format=device.torch_memory_format)  # type: ignore[call-overload]
    parts = prepare_parts(dataset, spec, device)
    batches = TrainingBatches(
        parts.train,
        normalizer=parts.normalizer,
        regularization=regularization,
        batch_size=settings.batch_size,
        seed=spec.seed,
        device=device,
    )
    training = Training(model, batches, spec=spec, regularization=regularization, device=device)
    is_new = not _resume(
        training,
        checkpoints,
        observe,
        observers,
        has_validation=len(parts.validation) > 0,
        has_users_code=runs_users_code(spec, regularization),
    )

    def pause() -> bool:
        """Between two batches: keep what is done, and hear whether to stop."""
        is_stopping = should_stop()
        if checkpoints is not None and (is_stopping or checkpoints.is_due()):
            with training.clock_stopped():
                state = training.state()
                tensors = {**state.tensors, **states_of(observers)}
                checkpoints.save(replace(state, tensors=tensors))
        return is_stopping

    def show(record: EpochRecord | None) -> None:
        images = partial(parts.first, device=device)
        sight = Sight(model, record, training.is_over, len(parts.train), images)
        for observer in observers:
            with generators_kept(device):
                observer.look(sight)

    look_at = partial(
        evaluate,
        model=model,
        normalizer=parts.normalizer,
        device=device,
        precision=settings.precision,
        should_stop=pause,
    )
    validation: Evaluation | None = None
    test: Evaluation | None = None
    if is_new:
        show(None)
    while not training.is_over:
        training.begin()
        while training.batch < len(batches):
            if pause():
                return _result("stopped", training)
            training.train_batch()
            if training.has_diverged:
                return _result("diverged", training)
            on_progress(_progress(training, batches, spec, checkpoints))
        sums = training.sums()
        if training.has_diverged:
            return _result("diverged", training)
        training.begin_evaluation()
        is_judged = observe.validation_curve == "every" or training.ends_with(sums)
        if len(parts.validation) and is_judged:
            validation = look_at(parts.validation)
            if validation is None:
                return _result("stopped", training)
            if not math.isfinite(validation.loss):
                return _result("diverged", training)
        if observe.test_curve:
            test = look_at(parts.test)
            if test is None:
                return _result("stopped", training)
        record = _record(training, sums, validation, test)
        training.end_epoch(record)
        show(record)
    training.begin_evaluation()
    test = test or look_at(parts.test)
    if test is None:
        return _result("stopped", training)
    if not (math.isfinite(test.loss) and training.has_finite_weights()):
        return _result("diverged", training)
    again: Evaluation | None = None
    if reestimate is not None:
        copied = reestimate(model, parts.first(MOST_REESTIMATED, device=device)[0])
        again = None if copied is None else look_at(parts.test, model=copied)
        if copied is not None and again is None:
            return _result("stopped", training)
    return _result("finished", training, test=test, again=again, weights=weights_sha256(model))


def _resume(
    training: Training,
    checkpoints: Checkpoints | None,
    observe: ObserveSpec,
    observers: Sequence[Observer],
    *,
    has_validation: bool,
    has_users_code: bool,
) -> bool:
    """Go on from the newest checkpoint, unless it lacks what this run needs; whether it did."""
    state = None if checkpoints is None else checkpoints.load()
    if checkpoints is None or state is None:
        return False
    if observe.test_curve and any(record.test_accuracy is None for record in state.history):
        checkpoints.refuse("the newest checkpoint lacks the test curve of its epochs")
        return False
    asks_for_validation = has_validation and observe.validation_curve == "every"
    if asks_for_validation and any(r.validation_loss is None for r in state.history):
        checkpoints.refuse("the newest checkpoint lacks the validation curve of its epochs")
        return False
    if has_users_code and not state.generators:
        checkpoints.refuse(
            "the newest checkpoint is older than those with Python's and numpy's "
            "generators, from which users' code may draw"
        )
        return False
    if names := lacking(observers, state.tensors, num_epochs=len(state.history)):
        checkpoints.refuse(f"the newest checkpoint lacks the {names[0]} of its epochs")
        return False
    training.restore(state)
    return True


def _record(
    training: Training, sums: EpochSums, validation: Evaluation | None, test: Evaluation | None
) -> EpochRecord:
    return EpochRecord(
        epoch=training.epoch,
        train_loss=sums.loss,
        train_accuracy=sums.accuracy,
        learning_rate=training.learning_rate,
        seconds=sums.seconds,
        validation_loss=None if validation is None else validation.loss,
        validation_accuracy=None if validation is None else validation.accuracy,
        test_loss=None if test is None else test.loss,
        test_accuracy=None if test is None else test.accuracy,
    )


def _result(
    status: Literal["finished", "diverged", "stopped"],
    training: Training,
    *,
    test: Evaluation | None = None,
    again: Evaluation | None = None,
    weights: str | None = None,
) -> TrainResult:
    seconds = training.train_seconds
    last = training.history[-1] if test is not None else None
    curve = [r.test_accuracy for r in training.history if r.test_accuracy is not None]
    return TrainResult(
        status=status,
        epochs=training.history,
        train_seconds=seconds,
        images_per_second=training.num_images / seconds if seconds else None,
        test_accuracy=None if test is None else test.accuracy,
        test_loss=None if test is None else test.loss,
        best_test_accuracy=max(curve, default=None),
        reestimated_accuracy=None if again is None else again.accuracy,
        validation_accuracy=None if last is None else last.validation_accuracy,
        train_accuracy=None if last is None else last.train_accuracy,
        predictions_N=None if test is None else test.predictions_N,
        weights_sha256=weights,
    )


def _progress(
    training: Training, batches: TrainingBatches, spec: RunSpec, checkpoints: Checkpoints | None
) -> Progress:
    return Progress(
        run_id=None if checkpoints is None else checkpoints.run_id,
        epoch=training.epoch,
        epochs=spec.train.epochs,
        batch=training.batch,
        batches=len(batches),
        loss=training.running_loss,
        images_per_second=training.images_per_second,
    )
