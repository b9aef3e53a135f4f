"""What is raced: one network on one data set, or a training of the user's own."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from ..errors import SpecError, shortened
from ..spec import Describe, PlannedRun, StudySpec
from ..sweep.plan import make_plan, training_images
from .lengths import our_study, task_study
from .race import Race, Trial, shipped_knowledge
from .request import RaceRequest
from .subject import EPOCHS, refuse_what_has_no_effect, subject_study


@dataclass(frozen=True)
class Case:
    """What is raced.

    Attributes:
        study: Every candidate at both lengths.
        candidates: In the order in which they were named.
        epochs: Of a full training.
        incumbent: The activation in use.
        notes: What a user should know beforehand: sentences.
        is_of_the_bank: Whether what is known comes from such cases.
    """

    study: StudySpec
    candidates: tuple[str, ...]
    epochs: int
    incumbent: str | None
    notes: tuple[str, ...] = ()
    is_of_the_bank: bool = False

    @property
    def is_task(self) -> bool:
        """Whether the training is the user's own."""
        return self.study.task is not None

    def race(
        self,
        *,
        full_runs: float | None,
        margin: float | None,
        num_classes: int | None = None,
        has_prior: bool = False,
    ) -> Race:
        """A race that has not begun.

        Raises:
            SpecError: as :class:`.Race`.
        """
        return Race(
            self.candidates,
            epochs=self.epochs,
            incumbent=self.incumbent,
            margin=margin,
            full_runs=full_runs,
            num_classes=num_classes,
            widened=not self.is_of_the_bank,
            prior=has_prior,
        )

    def run_of(self, trial: Trial, describe: Describe) -> PlannedRun:
        """The run that a trial asks for."""
        name = "epochs" if self.is_task else "train.epochs"
        levels: dict[str, Any] = {"activation": trial.activation, name: trial.epochs}
        if "fold" in self.study.factors:
            levels["fold"] = trial.fold
        factors = self.study.factors | {name: (level,) for name, level in levels.items()}
        narrowed = {"factors": factors, "seeds": (trial.seed,)}
        return make_plan(self.study.model_copy(update=narrowed), describe).runs[0]


def make_case(request: RaceRequest, describe: Describe) -> Case:
    """The case that a user means; ``describe`` describes a cell.

    Raises:
        SpecError: if no race can be about that.
    """
    study, incumbent = subject_study(request), request.incumbent
    refuse_what_has_no_effect(study)
    chosen = tuple(map(str, study.factors["activation"]))
    length = _epochs(study)
    # Any margin will do: the race says which lengths it asks for, or why it cannot be run.
    first = Race(chosen, epochs=length, incumbent=incumbent).ask()
    assert first is not None
    lengths = (first.epochs, length)
    notes = ["the study's seeds are not used: a race takes its own"] * (study.seeds != (0,))
    if study.task is not None:
        study, more = task_study(study, lengths, describe)
        notes, is_known = notes + more, False
    else:
        study = our_study(study, lengths, describe)
        unlike = _unlike_bank(study, length, describe)
        is_known = not unlike
        notes += [f"no condition of the bank has this {', '.join(unlike)}"] * (not is_known)
    study = study.model_copy(update={"description": "", "seeds": (0,)})
    study = study.model_copy(update={"name": _name(study)})
    return Case(study, chosen, length, incumbent, tuple(notes), is_of_the_bank=is_known)


def _unlike_bank(study: StudySpec, epochs: int, describe: Describe) -> tuple[str, ...]:
    """What of a study is in no condition of the bank."""
    cell = next(study.cells())
    found = describe(cell)
    levels = {
        "dataset": cell.dataset,
        "model": found.model,
        "regularization": found.regularization,
        "width": cell.width,
        "optimizer": cell.train.optimizer,
        "schedule": cell.train.schedule,
    }
    images = training_images(cell, found) // cell.train.epochs
    return shipped_knowledge().unlike(levels, images=images, epochs=epochs)


def _epochs(study: StudySpec) -> int:
    if study.task is None:
        return next(study.cells()).train.epochs
    asked = study.factors.get("epochs", (study.task.settings.get("epochs", EPOCHS),))[0]
    if isinstance(asked, bool) or not isinstance(asked, int):
        raise SpecError(f"epochs={shortened(asked)} of the training is no whole number")
    return asked


def _name(study: StudySpec) -> str:
    """By which the same case is found again in a store, and no other one is."""
    asked = study.model_dump(mode="json", exclude_defaults=True, exclude={"name", "seeds"})
    text = json.dumps(asked, sort_keys=True)
    levels = (
        [study.task.train] if study.task else [study.factors[n][0] for n in ("model", "dataset")]
    )
    said = "-".join(re.sub(r"[^A-Za-z0-9]+", "-", str(level)).strip("-")[-30:] for level in levels)
    return f"recommend-{said}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
