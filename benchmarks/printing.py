"""What the benchmarks print: Markdown tables, and the place that their numbers hold for."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from actwise.store.records import environment, fingerprint


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]], *, num_names: int = 1) -> str:
    """A Markdown table; the columns after the first ``num_names`` are aligned to the right."""
    rows = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if index < num_names else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    dashes = [
        "-" * width if index < num_names else "-" * (width - 1) + ":"
        for index, width in enumerate(widths)
    ]
    return "\n".join([line(header), line(dashes), *map(line, rows)])


def where(**more: Any) -> dict[str, Any]:
    """What the numbers hold for, as plain JSON values."""
    here = environment()
    # Model names of rented machines are as vague as "AMD EPYC".
    here["cpu"] = f"{here['cpu']} ({fingerprint(device='cpu', threads=1, memory_format='')['cpu']})"
    kept = ("cpu", "physical_cores", "cpu_capability", "torch", "numpy", "python", "actwise")
    return {**more, "load_average": os.getloadavg()[0], **{name: here[name] for name in kept}}


def describe(place: Mapping[str, Any]) -> str:
    """One paragraph of :func:`where`, in lines of 80 columns."""
    words = [
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in place.items()
    ]
    lines = [""]
    for word in words:
        joined = f"{lines[-1]}, {word}" if lines[-1] else word
        lines[-1:] = [joined] if len(joined) <= 79 else [lines[-1] + ",", word]
    return "\n".join(lines)
