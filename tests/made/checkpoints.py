"""States of trainings made up for the tests of checkpoints."""

from pathlib import Path

import torch

from actwise.engine import Checkpoints, TrainState
from actwise.store.records import EpochRecord

HERE = {"device": "cpu", "threads": "1"}


def make_state(value: float = 1.0) -> TrainState:
    record = EpochRecord(
        epoch=1, train_loss=0.1 + 0.2, train_accuracy=50.0, learning_rate=0.1, seconds=1.5
    )
    return TrainState(
        tensors={
            "model/weight": torch.full((2, 3), value),
            "model/count": torch.tensor(7),
            "torch/cpu": torch.get_rng_state(),
        },
        history=(record,),
        batch=3,
        past_seconds=1.5,
        epoch_seconds=0.25,
        learning_rate=0.1,
        schedule={"best": float("inf"), "num_bad_epochs": 0, "drops": 1},
        masks={"drop": {"state": [2**64 - 1, 0, 1, 2], "has_uint32": 0, "uinteger": 0}},
    )


def make_checkpoints(folder: Path, token: int = 1, **changes: str) -> Checkpoints:
    return Checkpoints(folder, "run", token, HERE | changes)
