"""What bfloat16 does to the accuracy: small runs in both precisions, over the same seeds.

    python benchmarks/precision.py [--images 5000] [--seeds 0..4] [--device auto] [--store DIR]

A study with the factor ``train.precision``: ResNet18 at width 1/4 with batch norm and augmentation
on real CIFAR-10, one-cycle epochs. A difference is that of the mean test accuracies, bfloat16
minus float32, with the interval of actwise's own analysis: seeds are blocks, one variance for all
cells. Test accuracies are in percent, differences in points.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import actwise
from actwise.analysis.numbers import number, signed, span
from actwise.analysis.results import Analysis
from actwise.spec import StudySpec
from actwise.store.export import export_table
from printing import describe, markdown, where
from study import find_source

ACTIVATIONS = ("relu", "prelu", "elu")
PRECISIONS = ("float32", "bfloat16")


def study_of(options: argparse.Namespace) -> StudySpec:
    """Every activation in both precisions."""
    return StudySpec.model_validate(
        {
            "name": "precision",
            "width": 0.25,
            "seeds": options.seeds,
            "factors": {
                "dataset": ["cifar10"],
                "model": ["resnet18-table2"],
                "regularization": ["bn+aug"],
                "activation": ACTIVATIONS,
                "train.precision": PRECISIONS,
            },
            "train": {
                "epochs": options.epochs,
                "train_size": options.images,
                "schedule": "onecycle",
            },
        }
    )


def train(options: argparse.Namespace, store: Path) -> None:
    """Train what the store lacks."""
    outcome = actwise.run(
        study_of(options),
        store,
        data_dir=options.data,
        workers=options.workers,
        device=options.device,
    )
    if outcome.exit_code:
        raise SystemExit(f"not all runs came to an end: {outcome}")


def analysis_of(store: Path) -> Analysis:
    """The precision compared, in each activation and on average.

    The column of activations gets another name, for one called ``activation`` is what an analysis
    compares.
    """
    with actwise.RunStore.open(store) as opened:
        rows = export_table(opened, "runs").to_pylist()
    for row in rows:
        row["trained with"] = row.pop("activation")
    low, high = PRECISIONS
    return actwise.analyze(rows, factors=("trained with", "train.precision"), contrast=(high, low))


def table(analysis: Analysis) -> str:
    """Means and standard deviations of both precisions, and their difference."""
    means = {
        row.cell: f"{number(row.mean.value)} +- {number(row.sd)}"
        for row in analysis.cells
        if row.mean is not None
    }
    return markdown(
        ["activation", *PRECISIONS, "difference", "interval"],
        [
            [name, *(means.get((name, precision), "") for precision in PRECISIONS), *difference]
            for name, difference in differences(analysis)
        ],
    )


def differences(analysis: Analysis) -> Iterator[tuple[str, tuple[str, str]]]:
    """In each activation, then the mean over them."""
    found = analysis.differences
    for row in found.simple:
        ((_, activation),) = row.condition
        yield activation, (signed(row.estimates[-1].value), span(*row.estimates[-1].interval()))
    for asked in found.asked:
        if asked.kind == "mean":
            yield "mean", (signed(asked.estimate.value), span(*asked.estimate.interval()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000, help="trained on, per epoch")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", default="0..4")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", default="auto", choices=["cpu", "cuda", "auto"])
    parser.add_argument("--data", type=Path, default=find_source().data_dir)
    parser.add_argument("--store", type=Path, help="keep the runs there, and go on with them")
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("accuracies need the real CIFAR-10: set ACTWISE_DATA or --data")
    with tempfile.TemporaryDirectory() as temporary:
        store = options.store or Path(temporary) / "store"
        train(options, store)
        print(table(analysis_of(store)))
    place = where(seeds=options.seeds, images=options.images, epochs=options.epochs)
    print(f"\n{describe(place)}")


if __name__ == "__main__":
    main()
