"""RunSpec: one training, completely described."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from .train import Frozen, TrainSpec, refuse_booleans

Width = Annotated[float, BeforeValidator(refuse_booleans), Field(gt=0, le=16)]
NUM_SEEDS = 2**63
REQUIRED_FACTORS = ("dataset", "model", "regularization", "activation")
"""What every study varies or fixes as a level."""


class RunSpec(Frozen):
    """One cell at one seed: every setting that decides what is trained.

    The four factors are levels as written (``elu(0.5)``, ``bn+dropout+aug``); ``width``
    multiplies every number of channels.
    """

    dataset: str
    model: str
    regularization: str
    activation: str
    width: Width = 1.0
    seed: int = Field(ge=0, lt=NUM_SEEDS)
    train: TrainSpec = TrainSpec()
