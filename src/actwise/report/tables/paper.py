"""The paper's number for a cell of its design."""

from collections.abc import Mapping
from functools import cache

from ...analysis.reading import USUAL_FACTORS, load_bank
from ...analysis.table import TableCell
from ..words import level_of

# Networks of the paper's design: what its tables print, and what they may mean (paper.md, 2).
_MODELS = {"vgg16": "vgg16-table1", "resnet18": "resnet18-table2"}


def paper_accuracy(levels: Mapping[str, str]) -> float | None:
    """Test accuracy in percent, of one run, in Ryu & Yoon 2017, Tables 3 and 4.

    None where a cell's data set, network, regularization or activation, as asked, is not one of
    the paper's. Width and protocol are not looked at: the table's heading states them.
    """
    key = {name: level_of(level) for name, level in levels.items()}
    key["model"] = _MODELS.get(key.get("model", ""), key.get("model", ""))
    return _published().get(tuple(key.get(name, "") for name in USUAL_FACTORS))


def paper_of(cell: TableCell) -> float | None:
    """The same of a cell of a table; None where the training is the user's own."""
    if "width" not in cell.settings:
        return None
    return paper_accuracy({name: str(level_of(cell[name])) for name in USUAL_FACTORS})


@cache
def _published() -> dict[tuple[str, ...], float]:
    rows = load_bank("paper").rows()
    return {tuple(row[name] for name in USUAL_FACTORS): float(row["test_accuracy"]) for row in rows}
