"""A store whose runs were probed, with planted rises and steps of the signal."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actwise.spec import RunSpec
from actwise.store import RunStore
from actwise.store.records import ProbeRow, observed_probes, pack_probes
from made.runs import PROBES, leased, made_plan, made_probe, made_record, made_study

SEEDS = 6
# log E f'^2 rises by augmentation: by 0.5 for ReLU, by 0.4 for ELU, by 0.1 for PReLU.
RISES = {"relu": 0.5, "elu": 0.4, "prelu": 0.1}
# log of the gradient's ratio, first to last, is lower in the plain network by so much.
STEPS = {"relu": 2.0, "elu": 0.3, "prelu": 0.2}


def probed(levels: dict[str, str], seed: int, images: int = 100) -> tuple[ProbeRow, ...]:
    """Two activations whose logarithms are planted around a seed's, a gate and a norm."""
    function = levels["activation"]
    noise = 0.02 * math.sin(7.0 * seed + len(str(levels)) * 3.0 + ord(function[-1]))
    rise = RISES[function] if "aug" in levels["regularization"] else 0.0
    step = STEPS[function] if levels["model"].startswith("plain") else 0.0
    slope = math.exp(-1.0 + rise + seed / 10 + noise)
    rows = []
    for epoch in (0, 2, 3):
        for place, ratio in (("act1", math.exp(-step + noise)), ("act2", 1.0)):
            values: dict[str, Any] = {"slope_second_moment": slope, "gradient_norm": ratio}
            known = {"role": "activation", "images": images, **values}
            rows.append(made_probe(epoch, place, **(known if epoch else dict(known, dead=1))))
        rows.append(made_probe(epoch, "gate", role="gate", images=images, slope_second_moment=9.0))
        rows.append(made_probe(epoch, "norm", place="norm", variance_ratio=1.0, images=images))
    return tuple(rows)


def probed_store(
    folder: Path,
    *,
    are_probed: bool = True,
    more: Callable[[RunSpec], float] = lambda spec: 0.0,
    **factors: Any,
) -> Path:
    """Two networks, with augmentation and without; accuracies of 60 to 61 and what is ``more``."""
    levels = {"model": ["resnet20", "plain20"], "regularization": ["bn", "bn+aug"]} | factors
    study = made_study(
        activation=list(RISES),
        seeds=f"0..{SEEDS - 1}",
        regularization=levels.pop("regularization"),
        factors=levels,
        train={"epochs": 3},
    )
    with RunStore.open(folder, create=True) as store:
        store.add_study(study, made_plan(study))
        for run in store.planned():
            told: dict[str, Any] = {}
            if are_probed:
                spec = run.spec
                rows = probed(spec.model_dump(), spec.seed)
                told = {"probes": pack_probes(rows), "observed": (observed_probes(PROBES),)}
            accuracy = more(run.spec) + 60.0 + run.spec.seed / 7 + 0.1 * len(run.spec.activation)
            store.record(
                leased(store, run.run_id),
                made_record(run.run_id, test_accuracy=accuracy, **told),
            )
    return folder
