"""Trainings as users might write them: a plain loop, and functions that give back what is none."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import nn

from actwise import TaskActivation
from actwise.datasets import load


def digits(
    activation: TaskActivation, seed: int, epochs: int = 2, depth: int = 1
) -> Iterator[dict[str, Any]]:
    """A plain loop."""
    data = load("digits")
    x, judged = (i.flatten(1) / 255 for i in (data.train_images_NCHW, data.test_images_NCHW))
    y, answers = data.train_labels_N.long(), data.test_labels_N.long()
    layers: list[nn.Module] = [nn.Linear(x.shape[1], 16)]
    for _ in range(depth):
        layers += [activation(channels=16), nn.Linear(16, 16)]
    model = nn.Sequential(*layers)
    parameters = list(model.parameters())
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= 0.1 * gradient
        right = model(judged).argmax(1) == answers
        yield {"accuracy": 100 * right.float().mean(), "loss": loss.detach()}


class EndOfIt(BaseException):
    """Not an Exception."""


class ShownByNobodyError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


def gives(activation: TaskActivation, seed: int, what: str = "number") -> Any:
    """Of all kinds, good and bad ones."""
    print("said by a training")  # noqa: T201
    if what == "raises":
        raise ValueError("on purpose")
    if what == "exits":
        sys.exit(7)
    if what == "interrupts":
        raise KeyboardInterrupt
    if what == "ends its own way":
        raise EndOfIt("on purpose")
    if what == "cannot be shown":
        raise ShownByNobodyError
    if what == "ends a generator":
        raise GeneratorExit
    if what == "closes its streams":
        sys.stdout.close()
        sys.stderr.close()
        return 70.0
    if what == "changes the defaults":
        torch.set_default_device("meta")
        torch.set_default_dtype(torch.float64)
        return 70.0
    if what == "forks":
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        return 70.0 if child else 5.0
    if what == "slopes":
        return float(sum(p.numel() for p in activation().parameters()))
    if what == "draws":
        return torch.rand(1)
    return {
        "number": 50 + seed,
        "text": "high",
        "true": True,
        "not a number": {"accuracy": float("nan")},
        "nothing": None,
        "an empty dict": {},
        "other keys": {"acc": 3.0},
        "no name": {3: 3.0},
        "its setting": {"accuracy": 3.0, "what": 1.0},
        "too much": 101.0,
        "a list": [1.0],
        "more": {"loss": torch.tensor(0.5), "accuracy": 3, "test_accuracy": 4.0},
    }[what]


def yields(activation: TaskActivation, seed: int, what: str = "") -> Iterator[Any]:
    if what == "nothing at all":
        return None
    yield {"accuracy": 1.0 + seed, "epoch": 1}
    if what == "text":
        yield "high"
    if what == "raises":
        raise ValueError("on purpose")
    yield {"loss": 0.5} if what == "no response" else {"accuracy": 2.0 + seed}
    return 3.0 if what == "returns" else None


def waits(activation: TaskActivation, seed: int) -> Iterator[float]:
    """After its first epoch nothing but an interrupt ends it within minutes."""
    yield 1.0
    time.sleep(600)
    yield 2.0


def stops_its_own_way(activation: TaskActivation, seed: int, how: str = "") -> Iterator[Any]:
    """Makes something else of the interrupt of a stop, as Lightning does."""
    yield 1.0
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        if how == "exits":
            raise SystemExit(1) from None
        if how == "raises":
            raise ValueError("was interrupted") from None
        if how == "gives what is no result":
            yield "high"
        if how == "cancels":
            raise asyncio.CancelledError from None


def keyword_only(activation: TaskActivation, *, seed: int) -> float:
    return 1.0


NOT_A_FUNCTION = 3


def annotated(
    activation: TaskActivation,
    seed: int,
    lr: float = 0.1,
    depth: int = 2,
    optimizer: Literal["sgd", "adam"] = "sgd",
    scheme: str | None = None,
    widths: list[int] | None = None,
) -> float:
    return 50.0


def knows_password(activation: TaskActivation, seed: int) -> dict[str, float]:
    """Whether the password of a store's server is in its environment."""
    return {"accuracy": 1.0, "knows": float("PGPASSWORD" in os.environ)}
