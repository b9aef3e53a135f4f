"""What bfloat16 does to the accuracy: small runs in both precisions, over the same seeds.

    python -m benchmarks.engine.precision [--activation relu] [--seeds 0..4] [--images 5000]
        [--store DIR]

A study with the factor ``train.precision``: ResNet18 at width 1/4 with batch norm and augmentation
on real CIFAR-10, one-cycle epochs. Test accuracies are in percent, mean and standard deviation over
seeds. The difference in points, bfloat16 minus float32, has the interval of actwise's own analysis:
paired by seed, in each activation by itself, for with some activations the two stay close to each
other and with others the roundings grow into different runs.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import actwise
from actwise.analysis import Analysis
from actwise.numbers import UNKNOWN, number, signed, span
from actwise.spec import StudySpec
from actwise.store.exchange import export_table
from benchmarks.engine.study import find_source
from benchmarks.printing import describe, markdown, where

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
                "activation": options.activation,
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


def comparisons(store: Path, activations: Sequence[str]) -> Iterator[tuple[str, Analysis]]:
    """The two precisions compared, in each activation by itself."""
    with actwise.RunStore.open(store) as opened:
        rows = export_table(opened, "runs").to_pylist()
    low, high = PRECISIONS
    for activation in activations:
        own = [row for row in rows if row["activation"] == activation]
        yield activation, actwise.analyze(own, factors=("train.precision",), contrast=(high, low))


def row_of(activation: str, analysis: Analysis) -> list[str]:
    """Means and standard deviations of both precisions, and their difference."""
    cells = {row.cell: row for row in analysis.cells}
    means = [
        f"{number(cell.mean.value)} +- {number(cell.sd)}" if cell.mean else UNKNOWN
        for cell in (cells[(precision,)] for precision in PRECISIONS)
    ]
    (pair,) = analysis.pairs
    difference = pair.judged.estimate
    return [activation, *means, signed(difference.value), span(*difference.interval())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--activation", nargs="+", default=ACTIVATIONS, help="levels that are compared"
    )
    parser.add_argument("--images", type=int, default=5000, help="trained on, per epoch")
    parser.add_argument("--epochs", type=int, default=5, help="of every run")
    parser.add_argument("--seeds", default="0..4", help="as in a study file")
    parser.add_argument("--workers", type=int, default=2, help="runs in flight")
    parser.add_argument(
        "--device", default="auto", choices=["cpu", "cuda", "auto"], help="where to train"
    )
    parser.add_argument(
        "--data", type=Path, default=find_source().data_dir, help="folder of CIFAR-10"
    )
    parser.add_argument("--store", type=Path, help="keep the runs there, and go on with them")
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("accuracies need the real CIFAR-10: set ACTWISE_DATA or --data")
    with tempfile.TemporaryDirectory() as temporary:
        store = options.store or Path(temporary) / "store"
        train(options, store)
        rows = [row_of(*each) for each in comparisons(store, options.activation)]
        print(markdown(["activation", *PRECISIONS, "difference", "95 % interval"], rows))
    place = where(seeds=options.seeds, images=options.images, epochs=options.epochs)
    print(f"\n{describe(place)}")


if __name__ == "__main__":
    main()
