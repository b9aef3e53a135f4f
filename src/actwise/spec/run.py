"""RunSpec: one training, completely described."""

from pydantic import Field

from .train import Frozen, TrainSpec


class RunSpec(Frozen):
    """One cell at one seed: every setting that decides what is trained.

    The four factors are levels as written (``elu(0.5)``, ``bn+dropout+aug``); ``width``
    multiplies every number of channels.
    """

    dataset: str
    model: str
    regularization: str
    activation: str
    width: float = Field(1.0, gt=0, le=16)
    seed: int = Field(ge=0, lt=2**63)
    train: TrainSpec = TrainSpec()
