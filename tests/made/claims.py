"""Judging the paper's claims, for the tests of claims."""

from typing import Any

from actwise.analysis.claims import ClaimResult, judge_claims, paper_claims
from actwise.analysis.table import Observations

ELU_BEATS_RELU = """
[[claim]]
id = "U1"
statement = "ELU beats ReLU in VGG."
[[claim.component]]
name = "elu - relu"
bound = 0.5
terms = [
  { weight = 1, where = { model = "vgg*", activation = "elu" } },
  { weight = -1, where = { model = "vgg*", activation = "relu" } },
]
"""
"""As a file of claims."""


def judged(observed: Observations, **settings: Any) -> dict[str, ClaimResult]:
    """The paper's claims by id; ``settings`` are those of :func:`judge_claims`."""
    return {result.id: result for result in judge_claims(observed, paper_claims(), **settings)}


def paper_truth(cell: dict[str, str]) -> float:
    """A world in which every claim of the paper is true, on both scales."""
    augmented = "aug" in cell["regularization"]
    residual = cell["model"].startswith("resnet")
    base = {"cifar10": 80.0, "cifar100": 58.0}[cell["dataset"]]
    if not augmented:
        return base + {"relu": 0.0, "prelu": 3.0, "elu": 0.2}[cell["activation"]]
    if residual:
        return base + 8.0
    if cell["dataset"] == "cifar10":
        return base + 6.0
    return base + 5.0 + {"relu": 0.0, "prelu": 2.0, "elu": 4.0}[cell["activation"]]
