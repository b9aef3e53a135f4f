"""TrainSpec: how a network is trained. One class, one default for everything.

A default never changes and a new behaviour is a new value: fields at their default are left out
of a run's id, so that new fields do not orphan old results.
"""

import math
from typing import Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..errors import shortened

_MOST_EPOCHS = 1_000_000
PROBED_SHARE = 0.04
"""Of an epoch's images: a probed one costs about 2.5 that are trained on."""


class Frozen(BaseModel):
    """Frozen; an unknown key is an error; numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Typed(Frozen):
    """Frozen; a boolean is no number."""

    @field_validator("*", mode="before")
    @classmethod
    def _booleans_are_no_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        kind = cls.model_fields[info.field_name or ""].annotation
        return refuse_booleans(value) if {int, float} & {kind, *get_args(kind)} else value


def refuse_booleans(value: Any) -> Any:
    """The value, where a number is expected or a list of them: ``true`` is not the number 1.

    Raises:
        ValueError: if it is or holds a boolean.
    """
    for item in value if isinstance(value, list | tuple) else (value,):
        if isinstance(item, bool):
            raise ValueError(f"a number is expected, not {str(item).lower()}")
    return value


class TrainSettings(Typed):
    """The settings of a training, each valid by itself: a study's ``[train]`` before its factors.

    The defaults are the paper's (paper.md, sections 2 and 5).

    Attributes:
        epochs: Number of epochs; with the plateau schedule the most there can be. An epoch is
            floor(N / batch_size) full batches, the rest of the permutation is dropped.
        optimizer: ``sgd`` (with ``momentum``) or ``adamw`` (``momentum`` is its beta1; its
            beta2 is 0.999).
        learning_rate: The initial rate; for ``cosine`` and ``onecycle`` the peak.
        weight_decay: On convolution, linear and norm parameters, never on an activation's.
        schedule: ``plateau``: times ``decay_factor`` after ``plateau_patience`` epochs without
            progress (relative threshold 1e-4), three drops, the fourth ends the run. ``step``:
            times ``decay_factor`` at every milestone. ``cosine`` and ``onecycle`` step per batch.
        plateau_monitor: What the plateau schedule watches: the epoch's mean training loss, or the
            loss on the validation split. Never the test split.
        step_milestones: Fractions of ``epochs`` at which the step schedule drops.
        warmup_epochs: Linear warm-up from 0 over so many epochs, before any schedule but onecycle
            (which has its own).
        gradient_clip: Largest global L2 norm of the gradient; absent = no clipping.
        validation_fraction: Part of the training images held out, one of a whole number of folds
            (fold: seed mod round(1/f)); 0.333 means a third.
        train_size: Training images used, drawn class by class; absent = all that remain.
        init: He normal with ReLU's gain for every activation (``he``), or with each activation's
            own gain (``gain``); or the weights with which a network that brings its own layers is
            built (``own``: what such a network gets unless a study names another).
        precision: ``float32``, ``tf32`` (CUDA) or ``bfloat16`` with float32 master weights.
        compile: Whether the step goes through torch.compile.
    """

    epochs: int = Field(200, ge=1, le=_MOST_EPOCHS)
    batch_size: int = Field(128, ge=2)
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = Field(0.1, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: float = Field(5e-4, ge=0)
    schedule: Literal["plateau", "cosine", "onecycle", "step"] = "plateau"
    plateau_patience: int = Field(10, ge=0, le=_MOST_EPOCHS)
    plateau_monitor: Literal["train_loss", "validation_loss"] = "train_loss"
    decay_factor: float = Field(0.1, gt=0, lt=1)
    step_milestones: tuple[float, ...] = (0.5, 0.75)
    warmup_epochs: int = Field(0, ge=0)
    gradient_clip: float | None = Field(None, gt=0)
    validation_fraction: float = Field(0.0, ge=0, le=0.5)
    train_size: int | None = Field(None, ge=1)
    init: Literal["he", "gain", "own"] = "he"
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    compile: bool = False

    @field_validator("validation_fraction")
    @classmethod
    def _is_one_of_equal_folds(cls, value: float) -> float:
        if value == 0:
            return 0.0
        num_folds = min(1 / value, 1e9)  # more folds than images hold out none, as the engine says
        if abs(num_folds - round(num_folds)) > 0.01:
            near = " or ".join(f"{1 / n:.6g}" for n in (math.ceil(num_folds), int(num_folds)))
            raise ValueError(f"{value:g} is not one of a whole number of equal folds; write {near}")
        return 1 / round(num_folds)

    @field_validator("step_milestones")
    @classmethod
    def _milestones_rise(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < m < 1 for m in value) or list(value) != sorted(set(value)):
            raise ValueError("step_milestones must be rising fractions between 0 and 1")
        return value

    @field_validator("momentum", "weight_decay")
    @classmethod
    def _there_is_one_zero(cls, value: float) -> float:
        return value + 0.0  # -0.0 would be another id


class TrainSpec(TrainSettings):
    """The protocol of one training: settings that go together, each of which has an effect."""

    @model_validator(mode="after")
    def _every_setting_has_an_effect(self) -> Self:
        owners = {
            "nesterov": self.optimizer == "sgd" and self.momentum > 0,
            "plateau_patience": self.schedule == "plateau",
            "plateau_monitor": self.schedule == "plateau",
            "decay_factor": self.schedule in ("plateau", "step"),
            "step_milestones": self.schedule == "step",
            "warmup_epochs": self.schedule != "onecycle",
        }
        for name, has_effect in owners.items():
            if not has_effect and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(
                    f"{name} has no effect with optimizer={self.optimizer}, "
                    f"momentum={self.momentum:g}, schedule={self.schedule}; leave it out"
                )
        if self.plateau_monitor == "validation_loss" and not self.validation_fraction:
            raise ValueError("plateau_monitor=validation_loss needs validation_fraction above 0")
        if self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs={self.warmup_epochs} must be below epochs")
        return self


class ProbesSpec(Typed):
    """How often signal flow is measured in a training, and on how much.

    Attributes:
        every: After so many epochs; also before the first batch and after the last epoch.
        images: Training images, at most :data:`PROBED_SHARE` of those of an epoch.
        forced: Whether there may be more than that share.
    """

    every: int = Field(5, ge=1, le=_MOST_EPOCHS)
    images: int = Field(256, ge=2, le=100_000)
    forced: bool = False

    def num_images(self, num_trained: int) -> int:
        """Of a run that trains on so many."""
        most = num_trained if self.forced else int(PROBED_SHARE * num_trained)
        return min(self.images, max(2, most))

    def is_due(self, epoch: int, *, is_last: bool) -> bool:
        """After so many epochs."""
        return is_last or epoch % self.every == 0

    def holds(self, other: "ProbesSpec") -> bool:
        """Whether these are at least as dense as others."""
        is_allowed = self.forced or not other.forced
        return other.every % self.every == 0 and self.images >= other.images and is_allowed


class ObserveSpec(Frozen):
    """What is only looked at. None of it changes a run, so none of it enters a run's id.

    Attributes:
        test_curve: Test accuracy after every epoch, in columns labelled as such; nothing is ever
            selected on it.
        validation_curve: When the validation split is judged: after ``every`` epoch, or after the
            ``last`` alone, where no other epoch's validation loss can make a run diverge. A run
            that has the fuller curve has both.
        probes: Signal flow during training; true stands for the defaults, false for none.
        reestimated: The test accuracy with the statistics of norms estimated anew, beside the
            first; nothing is ever selected on it.
        keep_weights: Keep the final weights as safetensors for ``load_model``.
    """

    test_curve: bool = False
    validation_curve: Literal["every", "last"] = "every"
    probes: ProbesSpec | None = None
    reestimated: bool = False
    keep_weights: bool = False

    @field_validator("probes", mode="before")
    @classmethod
    def _probes_are_a_table(cls, value: Any) -> Any:
        if isinstance(value, bool):
            return {} if value else None
        if value is None or isinstance(value, dict | ProbesSpec):
            return value
        example = "{every = 5, images = 256} (in a command observe.probes.every=5)"
        raise ValueError(f"true, false or a table such as {example}, not {shortened(value)}")
