"""What probes take of a run's time: measured in one training, reckoned for others.

    python -m benchmarks.diagnostics.probe_cost [--width 0.25] [--images 50000] [--epochs 10]

Trains each network on random images with a probe after every epoch, and divides the processor time
of a probe of the default size by that of a run of so many images and epochs, probed by default.
The share falls with the images: the one of 50,000 is bounded by the design (5 %).
"""

import argparse
import resource
import time
from dataclasses import dataclass, field
from statistics import median

import torch

from actwise import engine, regularization
from actwise.diagnostics import ProbeObserver
from actwise.spec import ProbesSpec, RunSpec, TrainSpec

from ..engine.cells import make_dataset, make_model
from ..printing import describe, markdown, where

MODELS = ("vgg16-table1", "resnet18-table2", "convnet")
BOUND = 0.05
_MEASURED_EPOCHS = 3


@dataclass
class Clocked(ProbeObserver):
    """Probes, and the processor time of each."""

    spec: ProbesSpec
    batch_size: int
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.spec, batch_size=self.batch_size)

    def look(self, sight: engine.Sight) -> None:
        started = time.process_time()
        super().look(sight)
        self.seconds.append(time.process_time() - started)


def measure(model: str, width: float, level: str, *, num_images: int) -> tuple[float, float]:
    """Processor seconds of training on an image and of a probe of the default size."""
    spec = RunSpec(
        dataset="cifar10",
        model=model,
        regularization=level,
        activation="relu",
        width=width,
        seed=0,
        train=TrainSpec(epochs=_MEASURED_EPOCHS, schedule="onecycle"),
    )
    device = engine.prepare_device("cpu", threads=1, model=model, width=width)
    asked = ProbesSpec(every=1, forced=True)
    clocked = Clocked(asked, spec.train.batch_size)
    started = time.process_time()
    result = engine.train(
        make_model(spec, num_classes=10),
        make_dataset(num_images=num_images, num_classes=10),
        spec,
        regularization=regularization.resolve(level),
        device=device,
        observers=[clocked],
    )
    seconds = time.process_time() - started - sum(clocked.seconds)
    assert result.status == "finished" and clocked.rows
    trained = _MEASURED_EPOCHS * (num_images - num_images % spec.train.batch_size)
    return seconds / trained, median(clocked.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="MODEL")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--regularization", default="bn+dropout")
    parser.add_argument("--images", type=int, default=50_000, help="of the run reckoned for")
    parser.add_argument("--epochs", type=int, default=10, help="of the run reckoned for")
    parser.add_argument("--measured", type=int, default=1_280, help="images of the run measured")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    engine.set_process_numerics(1)
    probes = ProbesSpec()
    num_probes = 1 + -(-asked.epochs // probes.every)
    rows = []
    for model in asked.models:
        image, probe = measure(model, asked.width, asked.regularization, num_images=asked.measured)
        share = num_probes * probe / (asked.epochs * asked.images * image)
        rows.append(
            (
                *(model, f"{1e3 * image:.3g}", f"{probe:.3g}"),
                f"{probe / probes.images / image:.2f}",
                f"{100 * share:.2f} %",
                "yes" if share < BOUND else "NO",
            )
        )
    header = ("model", "ms an image", "s a probe", "images a probed one", "share", "under 5 %")
    print(markdown(header, rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    place = {"width": asked.width, "epochs": asked.epochs, "images": asked.images}
    print(f"\n{num_probes} probes a run; {describe(where(**place, peak_megabytes=peak))}")


if __name__ == "__main__":
    main()
