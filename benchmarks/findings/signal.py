"""Signal flow by depth, from the probes of shipped results: tables of docs/findings-signal.md.

Run: ``python -m benchmarks.findings.signal results/depth-mini``. A row for each activation in
networks of one kind, a column for each network of that kind and, where it varies, regularization;
medians over the seeds, in brackets the least and the greatest. Ratios are decimal logarithms: -2
is a hundredth. Nothing here is tested: what the claims about signal flow come to says ``actwise
analyze``.
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pyarrow.parquet as pq

from actwise.analysis.reading.signal import LEAST, probed_runs
from actwise.numbers import number
from actwise.store.records import ProbeRow, unpack_probes
from benchmarks.findings.retrain import finished_runs, pieces
from benchmarks.printing import markdown


@dataclass(frozen=True)
class Flow:
    """A run and the sites of its activations, first to last, before and after training."""

    run: dict[str, Any]
    before: Sequence[ProbeRow]
    after: Sequence[ProbeRow]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder that holds seed-N folders")
    flows = [*read_flows(parser.parse_args().results)]
    images = {row.images for flow in flows for row in (*flow.before, *flow.after)}
    seen = " or ".join(map(str, sorted(images)))
    print(f"Probes saw {seen} training images, without augmentation: a screen.\n")
    for title, measure in MEASURES.items():
        print(f"## {title}\n\n{table(flows, measure)}\n")


def read_flows(results: Path) -> Iterator[Flow]:
    """Of every finished run."""
    probes = {
        row["run_id"]: unpack_probes(row["packed"])
        for piece in pieces(results)
        if (file := piece / "probes.parquet").is_file()
        for row in pq.read_table(file).to_pylist()
    }
    runs = finished_runs(results)
    probed, _ = probed_runs(probes, {run["run_id"]: run["dataset"] for run in runs})
    for run in runs:
        if run["run_id"] not in probed:
            raise SystemExit(f"{results}: run {run['run_id']} has no probes to compare")
        sites = probed[run["run_id"]]
        first, last = (
            [row for row in sites if row.epoch == epoch]
            for epoch in (sites[0].epoch, sites[-1].epoch)
        )
        yield Flow(run, first, last)


def _log(value: float | None) -> float:
    assert value is not None, "these activations have all that is measured"
    return log10(max(value, LEAST))


def _gradient_ratio(rows: Sequence[ProbeRow]) -> float:
    return _log(rows[0].gradient_norm) - _log(rows[-1].gradient_norm)


def _signal_ratio(rows: Sequence[ProbeRow]) -> float:
    return _log(rows[-1].second_moment) - _log(rows[0].second_moment)


def _dead(rows: Sequence[ProbeRow]) -> float:
    return 100 * sum(row.dead or 0 for row in rows) / sum(row.units or 0 for row in rows)


MEASURES: dict[str, Callable[[Flow], float]] = {
    "Test accuracy, %": lambda flow: flow.run["test_accuracy"],
    "Training accuracy in the last epoch, %": lambda flow: flow.run["train_accuracy"],
    "Gradient at the first activation over the last, at initialisation": lambda flow: (
        _gradient_ratio(flow.before)
    ),
    "Gradient at the first activation over the last, after training": lambda flow: _gradient_ratio(
        flow.after
    ),
    "Second moment after the last activation over the first, at initialisation": lambda flow: (
        _signal_ratio(flow.before)
    ),
    "Second moment after the last activation over the first, after training": lambda flow: (
        _signal_ratio(flow.after)
    ),
    "E f'^2 after training, mean of its logarithms over the activations": lambda flow: fmean(
        _log(row.slope_second_moment) for row in flow.after
    ),
    "Dead units after training, %": lambda flow: _dead(flow.after),
}
"""Of a run, by what it is."""


def table(flows: Sequence[Flow], measure: Callable[[Flow], float]) -> str:
    """The measure by activation and network."""
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    kinds = {re.match("[a-z]+", flow.run["model"])[0] for flow in flows}  # type: ignore[index]
    is_by_depth = len({flow.run["model"] for flow in flows}) > len(kinds)
    has_several = len({flow.run["regularization"] for flow in flows}) > 1
    for flow in flows:
        kind, rest = re.fullmatch("([a-z]+)(.*)", flow.run["model"]).groups()  # type: ignore[union-attr]
        column = [rest] if is_by_depth else []
        column += [flow.run["regularization"]] if has_several else []
        found[kind, flow.run["activation"]][" ".join(column)].append(measure(flow))
    columns = list(dict.fromkeys(column for row in found.values() for column in row))
    rows = [
        [kind, activation, *(_cell(row[column]) for column in columns)]
        for (kind, activation), row in sorted(found.items(), key=lambda item: item[0][0])
    ]
    return markdown(["network", "activation", *columns], rows, num_names=2)


def _cell(values: Sequence[float]) -> str:
    middle, least, most = (number(v) for v in (median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({least} to {most})"


if __name__ == "__main__":
    main()
