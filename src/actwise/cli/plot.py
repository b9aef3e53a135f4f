"""Curves in a terminal: dots of braille characters, two across and four down in each."""

from collections.abc import Sequence

import numpy as np

# Bits of a braille character by (row, column) of its dot.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800


def plot_lines(
    x: np.ndarray,
    curves: Sequence[np.ndarray],
    *,
    width: int,
    height: int,
    y_range: tuple[float, float] | None = None,
) -> list[str]:
    """``curves`` over ``x`` as ``height`` lines of text, with labelled ends of both axes.

    Args:
        x: Rising, (N,).
        curves: Each (N,); points that are not finite or lie outside are left out.
        width: Characters in all, labels included.
        height: Lines of the plot; one more below holds the labels of x.
        y_range: Lowest and highest value shown; by default those of the curves.
    """
    shown = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
    low, high = y_range or ((float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    labels = [f"{high:.3g}", f"{low:.3g}"]
    margin = max(len(label) for label in labels) + 1
    num_columns = max(width - margin - 1, 4)
    cells = _cells(x, curves, low=low, high=high, shape=(height, num_columns))
    lines = []
    for row in range(height):
        label = labels[0] if row == 0 else labels[1] if row == height - 1 else ""
        lines.append(f"{label:>{margin - 1}} │" + "".join(chr(_BLANK + c) for c in cells[row]))
    first, last = f"{x[0]:.3g}", f"{x[-1]:.3g}"
    lines.append(" " * margin + first + last.rjust(num_columns + 1 - len(first)))
    return lines


def _cells(
    x: np.ndarray,
    curves: Sequence[np.ndarray],
    *,
    low: float,
    high: float,
    shape: tuple[int, int],
) -> np.ndarray:
    num_rows, num_columns = 4 * shape[0], 2 * shape[1]
    cells = np.zeros(shape, dtype=np.int64)
    columns = np.linspace(x[0], x[-1], num_columns)
    for curve in curves:
        values = np.interp(columns, x, curve)
        rows = (high - values) / (high - low) * (num_rows - 1)
        for column, row in enumerate(rows):
            if np.isfinite(row) and -0.5 <= row <= num_rows - 0.5:
                dot = int(np.clip(round(float(row)), 0, num_rows - 1))
                cells[dot // 4, column // 2] |= _BITS[dot % 4][column % 2]
    return cells
