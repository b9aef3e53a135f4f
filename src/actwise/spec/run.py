"""RunSpec: one training, completely described."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from .task import TaskRun
from .train import Frozen, TrainSpec, refuse_booleans

Width = Annotated[float, BeforeValidator(refuse_booleans), Field(gt=0, le=16)]
NUM_SEEDS = 2**63
REQUIRED_FACTORS = ("dataset", "model", "regularization", "activation")
"""What every study varies or fixes as a level."""


class RunSpec(Frozen):
    """One cell at one seed: every setting that decides what is trained.

    The four factors are levels as written (``elu(0.5)``, ``bn+dropout+aug``); ``width``
    multiplies every number of channels. With a ``task`` the training is the user's own: then data
    set, model and regularization are words of theirs, and ``width`` and ``train`` say nothing.
    """

    dataset: str
    model: str
    regularization: str
    activation: str
    width: Width = 1.0
    seed: int = Field(ge=0, lt=NUM_SEEDS)
    train: TrainSpec = TrainSpec()
    task: TaskRun | None = None

    def level(self, factor: str) -> Any:
        """The level of a factor, as a study names it."""
        if self.task is not None and factor in self.task.settings:
            return self.task.settings[factor]
        owner = self.train if factor.startswith("train.") else self
        return getattr(owner, factor.removeprefix("train."))

    @model_serializer(mode="wrap")
    def _without_what_says_nothing(
        self, serialize: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        values: dict[str, Any] = serialize(self)
        for name in ("task",) if self.task is None else ("width", "train"):
            values.pop(name, None)
        return values
