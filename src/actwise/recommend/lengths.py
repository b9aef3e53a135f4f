"""A study of every candidate at two lengths, judged by folds after the last epoch."""

from typing import Any

from ..errors import SpecError
from ..spec import Describe, StudySpec, load_study
from .race import NUM_FOLDS

VALIDATION_FRACTION = 1 / NUM_FOLDS
ANNEALED = ("onecycle", "cosine")
_OWN = "own"


def our_study(study: StudySpec, lengths: tuple[int, int], describe: Describe) -> StudySpec:
    """The study with both lengths, folds and a regularization.

    Raises:
        SpecError: if its schedule does not end at a rate of zero, or other folds are asked for.
    """
    cell = next(study.cells())
    if cell.train.schedule not in ANNEALED:
        raise SpecError(
            f"train.schedule={cell.train.schedule}: a race compares trainings of two lengths, "
            f"each of which ends at a learning rate of zero; write train.schedule=onecycle or "
            "cosine"
        )
    fraction = "validation_fraction"
    is_asked = fraction in study.train.model_fields_set or f"train.{fraction}" in study.factors
    if is_asked and cell.train.validation_fraction != VALIDATION_FRACTION:
        raise SpecError(
            f"train.validation_fraction={cell.train.validation_fraction:g}: a race judges by folds "
            f"of a fifth of the training images; leave it out, or write {VALIDATION_FRACTION:g}"
        )
    factors: dict[str, Any] = {**study.factors, "train.epochs": lengths}
    factors.pop("train.validation_fraction", None)
    factors["regularization"] = (cell.regularization or _usual(study, describe),)
    observe = {
        **study.observe.model_dump(exclude_unset=True),
        "validation_curve": "last",
    }
    train = study.train.model_dump(include=study.train.model_fields_set - {"epochs"})
    raw = study.model_dump(exclude_unset=True) | {
        "factors": factors,
        "observe": observe,
        "train": {**train, "validation_fraction": VALIDATION_FRACTION},
    }
    return load_study(raw)


def _usual(study: StudySpec, describe: Describe) -> str:
    """``bn``, or ``own`` for a network that brings its own layers; both take ``none``."""
    if ":" not in str(study.factors["model"][0]):
        return "bn"
    factors = {
        **study.factors,
        "regularization": ("none",),
        "activation": (study.factors["activation"][0],),
    }
    looked_at = study.model_copy(update={"factors": factors})
    return _OWN if describe(next(looked_at.cells())).is_own else "bn"


def task_study(
    study: StudySpec, lengths: tuple[int, int], describe: Describe
) -> tuple[StudySpec, list[str]]:
    """The study with both lengths as a factor, and with folds where its function takes them.

    Raises:
        SpecError: if its response is no percentage, or the function takes no ``epochs``.
    """
    task = study.task
    assert task is not None
    if task.unit != "percent":
        raise SpecError(
            f'task.unit="{task.unit}": what is known of trainings is in points of accuracy; give '
            f'{task.response} back in percent and write unit = "percent"'
        )
    if "fold" in {*study.factors, *task.settings}:
        raise SpecError("the setting 'fold' is what a race gives; leave it out")
    settings = {name: value for name, value in task.settings.items() if name != "epochs"}
    raw = study.model_dump(exclude_unset=True)
    raw["task"] = {**raw["task"], "settings": settings}
    plain = load_study(raw | {"factors": {**study.factors, "epochs": lengths}})
    folds = tuple(range(NUM_FOLDS))
    with_folds = load_study(raw | {"factors": {**plain.factors, "fold": folds}})
    promise = (
        "that every training ends at a learning rate of zero, whatever its epochs, is the promise "
        f"of {task.train}: the limit rests on it"
    )
    try:
        describe(next(with_folds.cells()))
    except SpecError:
        describe(next(plain.cells()))
        unpaired = f"{task.train} takes no fold: runs of a block are paired by their seed alone"
        return plain, [promise, unpaired]
    return with_folds, [promise]
