"""The shift of batch norm behind dropout, on real CIFAR-10: is it the loss, and is it found?

Run: ``python -m benchmarks.findings.shift [--data DIR] [--epochs 10] [--train-size 5000]``. Trains
vgg16-table1 at width 1/4 with ``bn`` and with ``bn+dropout``, prints what ``diagnose`` says of
each and its accuracy on the 10,000 test images, as it is and with the statistics of batch norm
estimated anew on the training images. Exit code 1 unless the finding fires for ``bn+dropout``
alone, and re-estimation gives that one 10 points.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

import actwise as aw
from actwise.datasets import load
from actwise.diagnostics import SignalReport, training_images
from actwise.engine import prepare_device, prepare_parts
from actwise.spec import RunSpec
from benchmarks.printing import describe, markdown, where

LEVELS = ("bn", "bn+dropout")
GAIN = 10.0
HEADER = ("regularization", "median", "least", "finding", "test %", "re-estimated %")


def main() -> int:
    """Returns 0 if the finding is right in both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("ACTWISE_DATA"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--train-size", type=int, default=5000)
    parser.add_argument("--store", type=Path, help="where runs are kept; default: nowhere")
    options = parser.parse_args()
    rows, is_right = [], True
    with tempfile.TemporaryDirectory() as name:
        folder = options.store or Path(name)
        study = {
            "name": "shift",
            "width": 0.25,
            "factors": {
                "dataset": ["cifar10"],
                "model": ["vgg16-table1"],
                "regularization": list(LEVELS),
                "activation": ["relu"],
            },
            "train": {
                "epochs": options.epochs,
                "train_size": options.train_size,
                "schedule": "onecycle",
                "learning_rate": 0.1,
            },
            "observe": {"keep_weights": True},
        }
        aw.run(study, folder, data_dir=options.data, executor="inline", workers=1)
        with aw.RunStore.open(folder) as store:
            for planned in store.planned():
                report, tests = measured(store, planned.run_id, planned.spec, options.data)
                shift = report.shift or (1.0, 1.0)
                cells = (*shift, "shift" if report.is_shifted else "none", *tests)
                rows.append((planned.spec.regularization, *map(text, cells)))
                is_dropout = "dropout" in planned.spec.regularization
                is_right &= report.is_shifted == is_dropout
                is_right &= not is_dropout or tests[1] - tests[0] >= GAIN
                ratios = " ".join(f"{norm.variance_ratio:.2f}" for norm in report.norms)
                print(f"{planned.spec.regularization}: variance ratios by depth {ratios}")
    print(markdown(HEADER, rows))
    print(describe(where(epochs=options.epochs, train_size=options.train_size)))
    return 0 if is_right else 1


def measured(
    store: aw.RunStore, run_id: str, spec: RunSpec, data: Path | None
) -> tuple[SignalReport, tuple[float, float]]:
    """What ``diagnose`` says of a run, and its test accuracies."""
    dataset = load(spec.dataset, data)
    model = aw.load_model(store, run_id, data_dir=data)
    report = aw.diagnose(model, *training_images(dataset, spec, 1000))
    other = aw.reestimate(model, training_images(dataset, spec, len(dataset.train_labels_N))[0])
    device = prepare_device("cpu", threads=1, model=spec.model, width=spec.width)
    parts = prepare_parts(dataset, spec, device)
    images = parts.normalizer(parts.test.images_NCHW)
    found = tuple(accuracy(network, images, parts.test.labels_N) for network in (model, other))
    return report, (found[0], found[1])


@torch.no_grad()
def accuracy(model: nn.Module, images_NCHW: torch.Tensor, labels_N: torch.Tensor) -> float:
    """Percent of the images."""
    right = torch.cat([model(part).argmax(1) for part in images_NCHW.split(250)]) == labels_N
    return 100 * right.double().mean().item()


def text(value: float | str) -> str:
    """Two decimals."""
    return value if isinstance(value, str) else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
