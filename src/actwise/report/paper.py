"""The paper's number for a cell of its design."""

from functools import cache

from ..analysis import TableCell, load_bank

# Networks of the paper's design: what its tables print, and what they may mean (paper.md, 2).
_MODELS = {
    "vgg16-table1": "vgg16-table1",
    "vgg16": "vgg16-table1",
    "resnet18-table2": "resnet18-table2",
    "resnet18": "resnet18-table2",
}
_FACTORS = ("dataset", "model", "regularization", "activation")


def paper_accuracy(cell: TableCell) -> float | None:
    """Test accuracy in percent, of one run, in Ryu & Yoon 2017, Tables 3 and 4.

    None where the cell's data set, network, regularization or activation, as asked, is not one of
    the paper's. Width and protocol are not looked at: the table's heading states them.
    """
    dataset, model, regularization, activation = (str(cell[name]) for name in _FACTORS)
    key = (dataset, _MODELS.get(model, model), regularization, activation)
    return _published().get(key)


@cache
def _published() -> dict[tuple[str, ...], float]:
    rows = load_bank("paper").rows()
    return {tuple(row[name] for name in _FACTORS): float(row["test_accuracy"]) for row in rows}
