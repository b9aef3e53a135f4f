"""Published data with known answers: banks `trottier`, `mish` and `paper`."""

from collections.abc import Iterator

import numpy as np

from actwise.analysis.claim import judge_claims
from actwise.analysis.claims import PAPER_CLAIMS
from actwise.analysis.contrasts import combine, level_difference
from actwise.analysis.inference import CellModel, NotEstimableError, fit_cells
from actwise.analysis.reading import load_bank
from actwise.analysis.summaries import contradictions
from made_truths import Row, known

BY_DEPTH = {
    "cifar10": (1.07, 0.82, 0.80, 1.00, 1.11),
    "cifar100": (-0.21, 1.07, 1.91, 2.61, 1.56),
}
BY_NORM = {"cifar10": (3.87, 0.163), "cifar100": (7.95, 0.272)}
OPTIMISM = {"cifar10": 0.48, "cifar100": 1.38}
VERDICTS = {
    "C1": ("undecided", "imprecise"),
    "C2": ("supported", "ok"),
    "C3": ("supported", "ok"),
    "C4": ("undecided", "missing-cells"),
    "C5": ("undecided", "aliased"),
    "C6": ("undecided", "single-run"),
    "C7": ("undecided", "imprecise"),
    "C8": ("undecided", "in-sample"),
}


def trottier(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """ELU minus PELU by depth and normalization; what is not estimable; best-epoch optimism."""
    bank = load_bank("trottier")
    model = fit_cells(bank.observations())
    for dataset, (value, error) in BY_NORM.items():
        with_norm, without = (_elu_minus(model, dataset, "110", norm) for norm in ("bn", "none"))
        estimate = model.contrast(combine((1, with_norm), (-1, without)))
        label = f"trottier {dataset}, 110 layers: inner bn's harm to ELU - PELU"
        yield known(label, estimate.value, value, 0.005)
        yield known(f"{label}, SE", estimate.standard_error, error, 0.0005)
        yield known(f"{label}, df", estimate.df, 80, 0)
    for dataset, values in BY_DEPTH.items():
        for depth, value in zip(("20", "32", "44", "56", "110"), values, strict=True):
            found = model.contrast(_elu_minus(model, dataset, depth, "none")).value
            yield known(f"trottier {dataset}, {depth} layers: ELU - PELU", found, value, 0.005)
    weights = _elu_minus(model, "cifar10", "110", "none", low="relu")
    yield known("trottier: ELU - ReLU without bn is refused", _refused(model, weights), 1, 0)
    curves_RE = bank.curves()
    names = np.array([row["dataset"] for row in bank.rows()])
    for dataset, value in OPTIMISM.items():
        part_RE = curves_RE[names == dataset]
        best_R, last_R = np.nanmin(part_RE, axis=1), part_RE[:, -1]
        label = f"trottier {dataset}: best epoch better than the last"
        yield known(label, float(np.nanmean(last_R - best_R)), value, 0.005)


def others(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """The rows of `mish` that contradict themselves; the verdicts on the paper's single runs."""
    names = [row.name for row in contradictions(load_bank("mish"))]
    expected = ["SoftPlus(β = 1)", "ISRU (α=1.0)"]
    yield known("mish: rows that contradict themselves, no other", names == expected, 1, 0)
    results = judge_claims(load_bank("paper").observations(), PAPER_CLAIMS)
    found = {entry.id: (entry.verdict, entry.reason) for entry in results if entry.id in VERDICTS}
    yield known("paper: verdicts and reasons of C1 to C8", found == VERDICTS, 1, 0)


def _elu_minus(
    model: CellModel, dataset: str, depth: str, norm: str, *, low: str = "pelu(div,mul)"
) -> dict[tuple[str, ...], float]:
    where = {"dataset": dataset, "depth": depth, "inner_norm": norm}
    return level_difference(
        model.factors, model.cells, factor="activation", high="elu", low=low, where=where
    )


def _refused(model: CellModel, weights: dict[tuple[str, ...], float]) -> bool:
    try:
        model.contrast(weights)
    except NotEstimableError:
        return True
    return False
