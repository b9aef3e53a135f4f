"""False support and false refutation of the paper's claims, each where it is likeliest.

A conjunction is falsely supported most where one component lies exactly at its bound and all others
far above, and falsely refuted most where all lie exactly at their refutation bounds. The rules are
judged by themselves: aliasing, both scales and lost runs can only make a verdict "undecided".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from actwise.analysis.claims import ClaimVerdict, judge_claims, paper_claims
from actwise.analysis.table import Cell
from benchmarks.statistics.truths import NUM_SEEDS, Design, Row, Seeds, at_most

DEVIATIONS = {"vgg16": 0.6, "resnet18": 0.25, "plain18": 0.25}
"""Run SDs, in points."""
BOTH = {"dataset": ("cifar10", "cifar100")}
PLAIN = {**BOTH, "regularization": ("bn",)}
SLOPES = {"activation": ("relu", "leaky_relu(0.25)")}
TWIN = {"model": ("resnet18", "plain18")}
HARD = {"dataset": ("cifar100",), "regularization": ("bn+aug",)}


@dataclass(frozen=True)
class Point:
    """A truth at which a verdict is wrong.

    Attributes:
        claim, verdict: The claim's id, and the wrong verdict.
        where: What lies at which bound, for people.
        shift: True mean of a cell less ``center``.
        levels: Those of the factors that the claim needs.
        seeds: What a seed lifts alike.
        center: In percent.
    """

    claim: str
    verdict: ClaimVerdict
    where: str
    shift: Callable[[Cell], float]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seeds: Seeds = "seeds by network"
    center: float = 60.0

    def design(self, num_seeds: int) -> Design:
        """The study."""
        return Design(
            num_seeds,
            DEVIATIONS,
            self.seeds,
            levels=self.levels,
            shift=self.shift,
            center=self.center,
        )


def point_rows(point: Point, repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """How often one point's wrong verdict comes."""
    (claim,) = (claim for claim in paper_claims() if claim.id == point.claim)
    for num_seeds in NUM_SEEDS:
        design = point.design(num_seeds)
        wrong = []
        for _ in range(repetitions // 2):
            (result,) = judge_claims(design.draw(generator), [claim])
            wrong.append(result.by_model[-1] == point.verdict)
        study = f"claims: {point.claim}, {point.where}"
        yield at_most(f"claim falsely {point.verdict}", study, num_seeds, wrong)


def _is_augmented(cell: Cell) -> bool:
    return "aug" in cell[2]


def _is_residual(cell: Cell) -> bool:
    return cell[1] == "resnet18"


def _one_lead_is_none(cell: Cell) -> float:
    """C1: PReLU = ReLU on (CIFAR-10, VGG); PReLU far above all else."""
    if cell[3] == "relu":
        return 20.0 * (cell[:2] == ("cifar10", "vgg16"))
    return 20.0 * (cell[3] == "prelu")


def _leads(cifar10: float, cifar100: float) -> Callable[[Cell], float]:
    """C1: PReLU is the best by as much everywhere on a data set."""
    return lambda c: (c[3] != "prelu") * -(cifar10 if c[0] == "cifar10" else cifar100)


def _gaps(without: float, augmented: float) -> Callable[[Cell], float]:
    """C2: activations ``without`` and ``augmented`` points apart."""
    order = {"relu": -1.0, "prelu": 0.0, "elu": 1.0}
    return lambda c: order[c[3]] * (augmented if _is_augmented(c) else without)


def _gains(**by_activation: float) -> Callable[[Cell], float]:
    """C3, C4: what augmentation adds to each activation."""
    return lambda c: _is_augmented(c) * by_activation[c[3].split("(")[0]]


def _one_gain_is_none(cell: Cell) -> float:
    """C3: augmentation adds nothing to ELU on (CIFAR-10, VGG), and much to all others."""
    gains = {"relu": 20.0, "prelu": 5.0, "elu": 20.0}
    is_here = (cell[0], cell[1], cell[3]) == ("cifar10", "vgg16", "elu")
    return _is_augmented(cell) * (0.0 if is_here else gains[cell[3]])


def _steps(**by_activation: float) -> Callable[[Cell], float]:
    """C5, C5b: what the residual network adds to each activation."""
    return lambda c: _is_residual(c) * by_activation[c[3]]


def _means(**by_activation: float) -> Callable[[Cell], float]:
    """C6: the activations' means."""
    return lambda c: by_activation[c[3]]


def _catching_up(
    *, on_vgg: Mapping[str, float], on_resnet: Mapping[str, float]
) -> Callable[[Cell], float]:
    """C7: the gaps of ReLU to PReLU and ELU on both networks."""
    return lambda c: (on_resnet if _is_residual(c) else on_vgg).get(c[3], 0.0)


def _prelu_is_as_good(cell: Cell) -> float:
    """C8: the advised activation and PReLU are 5 points ahead everywhere."""
    best = "relu" if _is_residual(cell) else "elu"
    return 5.0 * (cell[3] in ("prelu", best if _is_augmented(cell) else "prelu"))


POINTS = (
    Point("C1", "supported", "one lead 0", _one_lead_is_none, PLAIN),
    Point("C1", "refuted", "all leads at the margin", _leads(0.5, 1.0), PLAIN),
    Point(
        "C1",
        "refuted",
        "all leads at a tenth of 4 % errors",
        _leads(0.4, 0.4),
        PLAIN,
        center=96.0,
    ),
    *(Point("C2", "supported", f"spread {gap} both", _gaps(gap, gap)) for gap in (0.3, 1.0)),
    *(Point("C2", "refuted", f"spread {gap} halved", _gaps(gap, gap / 2)) for gap in (0.5, 2.0)),
    Point("C3", "supported", "A(R) = A(P)", _gains(relu=5, prelu=5, elu=9), BOTH),
    Point("C3", "supported", "one gain 0", _one_gain_is_none, BOTH, seeds="seeds without effect"),
    Point(
        "C3",
        "refuted",
        "all gains 0",
        _gains(relu=0, prelu=0, elu=0),
        BOTH,
        seeds="seeds without effect",
    ),
    Point("C4", "supported", "equal gains", _gains(relu=5, leaky_relu=5), SLOPES),
    Point("C4", "refuted", "equal gains", _gains(relu=5, leaky_relu=5), SLOPES),
    Point("C5", "supported", "I(R) = I(P)", _steps(relu=5, prelu=5, elu=0), BOTH),
    Point("C5", "refuted", "equal steps", _steps(relu=5, prelu=5, elu=5), BOTH),
    Point("C5b", "supported", "I(R) = I(P)", _steps(relu=5, prelu=5, elu=0), TWIN),
    Point("C5b", "refuted", "equal steps", _steps(relu=5, prelu=5, elu=5), TWIN),
    Point("C6", "supported", "P = R", _means(relu=0, prelu=0, elu=5), HARD),
    Point("C6", "refuted", "P = R = E", _means(relu=0, prelu=0, elu=0), HARD),
    Point(
        "C7",
        "supported",
        "(i) one gap does not shrink",
        _catching_up(on_vgg={"prelu": -5, "elu": 5}, on_resnet={"prelu": -5, "elu": -5}),
        HARD,
    ),
    Point(
        "C7",
        "supported",
        "(ii) one gap is the margin",
        _catching_up(on_vgg={"prelu": 5, "elu": 5}, on_resnet={"prelu": 1, "elu": -5}),
        HARD,
    ),
    Point(
        "C7",
        "supported",
        "(ii) one gap is a tenth of 4 % errors",
        _catching_up(
            on_vgg={"relu": -30, "prelu": -20, "elu": -20},
            on_resnet={"relu": -0.4, "prelu": 0.0, "elu": -5.4},
        ),
        HARD,
        center=96.0,
    ),
    Point(
        "C7",
        "refuted",
        "all four at their bounds",
        _catching_up(on_vgg={"prelu": 1, "elu": 1}, on_resnet={"prelu": 1, "elu": 1}),
        HARD,
    ),
    Point("C8", "supported", "always P is as good", _prelu_is_as_good, BOTH),
    Point("C8", "refuted", "always P is as good", _prelu_is_as_good, BOTH),
)
