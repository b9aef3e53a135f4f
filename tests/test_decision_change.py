"""A best mean that changes with one factor."""

from typing import Any

import numpy as np
import pytest

import actwise as aw
from made.studies import LEVELS, made_rows


@pytest.mark.parametrize(
    ("best", "told"),
    [
        (
            {"vgg16": "elu", "resnet18": "prelu"},
            ["and the best mean with them: elu at vgg16 and prelu at resnet18."],
        ),
        # Another one in one condition of ResNet18: no factor alone tells the leaders apart.
        ({"vgg16": "elu", "resnet18": "prelu", "cifar10 resnet18 bn+aug": "elu"}, []),
        ({"vgg16": "elu", "resnet18": "elu"}, []),
    ],
)
def test_a_leader_that_changes_with_one_factor_is_told(
    best: dict[str, str], told: list[str]
) -> None:
    def truth(cell: dict[str, str]) -> float:
        place = " ".join(cell[name] for name in ("dataset", "model", "regularization"))
        return 80.0 + 3.0 * (cell["activation"] == best.get(place, best[cell["model"]]))

    rows = made_rows(seeds=3, generator=np.random.default_rng(0), truth=truth)
    found = changes_told(rows)
    assert len(found) == len(told)
    assert all(words in text for words, text in zip(told, found, strict=True))


def test_leads_by_chance_are_not_told_to_change() -> None:
    levels = {"dataset": ("cifar10",), "regularization": ("bn",)}
    for seed in range(5):
        generator = np.random.default_rng(seed)
        rows = made_rows(seeds=3, generator=generator, levels={**LEVELS, **levels})
        assert changes_told(rows) == []


def changes_told(rows: list[dict[str, Any]]) -> list[str]:
    reasons = aw.analyze(rows).decision.reasons
    return [text for text in reasons if text.startswith("Differences change with")]
