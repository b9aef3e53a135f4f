"""What the length of the training changes, in the networks that were trained at two lengths.

Run: ``python -m benchmarks.findings.lengths results/cifar-mini results/cifar-mid``. The runs of all
folders are analysed together as ``actwise analyze`` does, with the number of epochs as a factor;
other settings in which the studies differ go with the length. The shortest length is held against
the longest, in each network of which both were trained: the gain by augmentation of every
activation, and the differences of activations, means over the regularizations that both share.
Points, with 95 % intervals of the changes (see statistics.md), each on its own: exploratory.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import actwise
from actwise.analysis.model import Model
from actwise.analysis.table import Cell, is_augmented, without_augmentation
from actwise.errors import ActwiseError
from actwise.numbers import signed, span
from actwise.store.exchange import import_folders
from benchmarks.findings.retrain import pieces
from benchmarks.printing import markdown

FACTORS = ("dataset", "model", "regularization", "activation", "train.epochs")

Weights = Mapping[tuple[str, str], float]
"""Of the cells of one network at one length, by regularization and activation."""


class Network(NamedTuple):
    """A network on a data set, and the shortest and the longest training that it had."""

    dataset: str
    model: str
    short: str
    long: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+", help="folders that hold exported pieces")
    parser.add_argument("--where", action="append", default=[], help="FIELD=VALUE; only such runs")
    options = parser.parse_args()
    model = model_of(options.results, options.where)
    for title, quantities in (("Gain by augmentation", gains), ("Differences", differences)):
        print(f"## {title}\n\n{table(model, quantities)}\n")


def model_of(results: Sequence[Path], where: Sequence[str] = ()) -> Model:
    """Means and errors of the runs of all folders, as of one study.

    Raises:
        SystemExit: if no run finished, or runs of one study differ in another setting too.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        actwise.RunStore.open(folder, create=True) as store,
    ):
        import_folders([piece for study in results for piece in pieces(study)], store)
        try:
            model = actwise.analyze(store, factors=FACTORS, where=where).model
        except ActwiseError as error:
            raise SystemExit(str(error)) from None
    if model is None:
        raise SystemExit("no run finished")
    return model


def table(model: Model, quantities: Callable[..., dict[str, Weights]]) -> str:
    """A row for every quantity of every network: at both lengths, and the change; a count below.

    Raises:
        SystemExit: if no network was trained at two lengths.
    """
    rows, num_sure = [], 0
    found = list(networks(model))
    if not found:
        raise SystemExit("no network was trained at two lengths")
    for network in found:
        for name, weights in quantities(*shared_levels(model, network)).items():
            short, long = (at(network, epochs, weights) for epochs in network[2:])
            change = model.contrast(long | {cell: -weight for cell, weight in short.items()})
            lower, upper = change.interval()
            num_sure += not lower <= 0 <= upper
            rows.append(
                (
                    f"{network.dataset} {network.model}",
                    name,
                    f"{network.short} to {network.long}",
                    *(signed(model.contrast(cells).value) for cells in (short, long)),
                    signed(change.value),
                    span(lower, upper),
                )
            )
    header = ("network", "what", "epochs", "short", "long", "change", "95 % interval")
    return (
        f"{markdown(header, rows, num_names=3)}\n\n{num_sure} of {len(rows)} intervals hold no 0."
    )


def networks(model: Model) -> Iterator[Network]:
    """Those that were trained at two lengths or more."""
    lengths = defaultdict(set)
    for dataset, name, _, _, epochs in model.cells:
        lengths[dataset, name].add(epochs)
    for (dataset, name), found in lengths.items():
        if len(found) > 1:
            yield Network(dataset, name, min(found, key=int), max(found, key=int))


def shared_levels(model: Model, network: Network) -> tuple[list[str], list[str]]:
    """Regularizations that the network has at both lengths, and activations it has with all."""
    regularizations, activations = map(model.observed.levels_of, ("regularization", "activation"))
    cells = set(model.cells)

    def is_shared(level: str, activation: str) -> bool:
        key = (level, activation)
        return all(cells.issuperset(at(network, epochs, {key: 1.0})) for epochs in network[2:])

    levels = [level for level in regularizations if any(is_shared(level, a) for a in activations)]
    return levels, [a for a in activations if all(is_shared(level, a) for level in levels)]


def at(network: Network, epochs: str, weights: Weights) -> dict[Cell, float]:
    """The weights of the cells themselves."""
    return {(*network[:2], *key, epochs): weight for key, weight in weights.items()}


def gains(levels: Collection[str], activations: Sequence[str]) -> dict[str, Weights]:
    """With augmentation minus without, of each activation."""
    pairs = [
        (level, without_augmentation(level))
        for level in levels
        if is_augmented(level) and without_augmentation(level) in levels
    ]
    return {
        activation: {
            (level, activation): sign / len(pairs)
            for pair in pairs
            for level, sign in zip(pair, (1.0, -1.0), strict=True)
        }
        for activation in activations
        if pairs
    }


def differences(levels: Collection[str], activations: Sequence[str]) -> dict[str, Weights]:
    """Of each pair of activations, mean over the regularizations."""
    return {
        f"{one} - {other}": {
            (level, activation): sign / len(levels)
            for level in levels
            for activation, sign in ((one, 1.0), (other, -1.0))
        }
        for one, other in combinations(activations, 2)
    }


if __name__ == "__main__":
    main()
