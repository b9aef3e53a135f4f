"""False support and false refutation of every claim of the paper, at their least favourable points.

False support of a conjunction is likeliest where one component lies exactly at its bound and all
others far above; false refutation where all lie exactly at their refutation bounds. The rules are
judged by themselves: missing cells, aliasing, both scales and diverged runs can only turn a
verdict into "undecided".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from actwise.analysis.claim import Claim, Plan
from actwise.analysis.claims import PAPER_CLAIMS
from actwise.analysis.evidence import gather
from actwise.analysis.inference import fit_cells
from actwise.analysis.table import Observations
from actwise.analysis.wording import Wording
from made_truths import SD, Row, at_most, study

CLAIMS = {claim.id: claim for claim in PAPER_CLAIMS}
BOTH = ("cifar10", "cifar100")
NETWORKS = ("vgg16", "resnet18")
SEEDS = 3

Shift = Callable[[dict[str, str]], float]


@dataclass(frozen=True)
class Point:
    """A truth at which a verdict is wrong, and the cells that the claim needs there.

    Attributes:
        claim: Its id.
        verdict: The wrong one.
        where: What lies at which bound, for people.
        shift: True mean of a cell, less 60 points.
        levels: Of the factors, where they are not those of ``made_truths``.
        sd: Run-to-run standard deviation.
    """

    claim: str
    verdict: str
    where: str
    shift: Shift
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sd: float = SD


def false_verdicts(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Each claim's errors; the advice (C8) is fitted anew each time, so it has fewer draws."""
    for point in POINTS:
        count = max(50, repetitions // (5 if point.claim == "C8" else 4))
        wrong = [verdict == point.verdict for verdict in _verdicts(point, count, generator)]
        label = "support" if point.verdict == "supported" else "refutation"
        yield at_most(f"false {label} of {point.claim}: {point.where}", wrong)


def _verdicts(point: Point, count: int, generator: np.random.Generator) -> Iterator[str]:
    base, rows = study(SEEDS, point.levels)
    true_R = 60.0 + np.array([point.shift(row) for row in rows])

    def draw() -> Observations:
        return base.with_response(true_R + generator.normal(0.0, point.sd, base.num_runs))

    claim = CLAIMS[point.claim]
    plan = _plan(claim, draw())
    for _ in range(count):
        observed = draw()
        # C8 chooses the best levels from the runs; the other plans know the cells alone.
        used = _plan(claim, observed) if claim.id == "C8" else plan
        yield used.evaluate(fit_cells(observed)).verdict


def _plan(claim: Claim, observed: Observations) -> Plan:
    evidence = gather(observed)
    return claim.plan(Wording(evidence.model.factors, evidence.model.cells), evidence)


def _is_augmented(cell: dict[str, str]) -> bool:
    return "aug" in cell["regularization"]


def _is_residual(cell: dict[str, str]) -> bool:
    return cell["model"] == "resnet18"


def _only_relu_on_one_network_is_level(cell: dict[str, str]) -> float:
    """C1: PReLU = ReLU on (CIFAR-10, VGG); PReLU far above all else."""
    if cell["activation"] == "relu":
        return 20.0 * ((cell["dataset"], cell["model"]) == ("cifar10", "vgg16"))
    return 20.0 * (cell["activation"] == "prelu")


def _lead_of_the_margin(cell: dict[str, str]) -> float:
    """C1: PReLU leads by exactly the margin everywhere."""
    return (cell["activation"] == "prelu") * (0.5 if cell["dataset"] == "cifar10" else 1.0)


def _gaps(without: float, augmented: float) -> Shift:
    """C2: activations ``without`` and ``augmented`` points apart."""
    order = {"relu": -1.0, "prelu": 0.0, "elu": 1.0}
    return lambda c: order[c["activation"]] * (augmented if _is_augmented(c) else without)


def _gains(**by_activation: float) -> Shift:
    """C3, C4: what augmentation adds to each activation."""
    return lambda c: _is_augmented(c) * by_activation[c["activation"].split("(")[0]]


def _steps(**by_activation: float) -> Shift:
    """C5, C5b: what the residual network adds to each activation."""
    return lambda c: _is_residual(c) * by_activation[c["activation"]]


def _levels(**by_activation: float) -> Shift:
    """C6: the activations' means."""
    return lambda c: by_activation[c["activation"]]


def _catching_up(*, on_vgg: dict[str, float], on_resnet: dict[str, float]) -> Shift:
    """C7: the gaps of ReLU to PReLU and ELU on both networks."""
    return lambda c: (on_resnet if _is_residual(c) else on_vgg).get(c["activation"], 0.0)


def _chosen(cell: dict[str, str]) -> bool:
    """C8: whether the paper advises this activation here."""
    best = "relu" if _is_residual(cell) else "elu"
    return cell["activation"] == (best if _is_augmented(cell) else "prelu")


def _prelu_is_as_good_as_the_advice(cell: dict[str, str]) -> float:
    return 5.0 * (_chosen(cell) or cell["activation"] == "prelu")


def _the_advice_costs_its_bound(cell: dict[str, str]) -> float:
    """C8: regret 8 x .75 in one condition and 0 in seven others; PReLU is far worse."""
    here = (cell["dataset"], cell["model"]) == ("cifar10", "vgg16") and _is_augmented(cell)
    if here and cell["activation"] == "relu":
        return 16.0
    return 10.0 * _chosen(cell)


TWIN = {"model": ("resnet18", "plain18")}
SLOPES = {"activation": ("relu", "leaky_relu(0.25)")}
PLAIN = {"regularization": ("bn",), "dataset": BOTH}
HARD = {"dataset": ("cifar100",), "regularization": ("bn+aug",)}
POINTS = (
    Point(
        "C1",
        "supported",
        "one lead 0, SD 1",
        _only_relu_on_one_network_is_level,
        PLAIN,
        sd=1.0,
    ),
    Point("C1", "refuted", "all leads at the margin", _lead_of_the_margin, PLAIN),
    *(Point("C2", "supported", f"spread {gap} both", _gaps(gap, gap)) for gap in (0.1, 0.2)),
    *(Point("C2", "refuted", f"spread {gap} halved", _gaps(gap, gap / 2)) for gap in (0.1, 0.3)),
    Point("C3", "supported", "A(R) = A(P)", _gains(relu=5, prelu=5, elu=9), {"dataset": BOTH}),
    Point("C3", "refuted", "all gains 0", _gains(relu=0, prelu=0, elu=0), {"dataset": BOTH}),
    Point("C4", "supported", "equal gains", _gains(relu=5, leaky_relu=5), SLOPES),
    Point("C4", "refuted", "equal gains", _gains(relu=5, leaky_relu=5), SLOPES),
    Point("C5", "supported", "I(R) = I(P)", _steps(relu=5, prelu=5, elu=0), {"dataset": BOTH}),
    Point("C5", "refuted", "equal steps", _steps(relu=5, prelu=5, elu=5), {"dataset": BOTH}),
    Point("C5b", "supported", "I(R) = I(P)", _steps(relu=5, prelu=5, elu=0), TWIN),
    Point("C5b", "refuted", "equal steps", _steps(relu=5, prelu=5, elu=5), TWIN),
    Point("C6", "supported", "P = R", _levels(relu=0, prelu=0, elu=5), HARD),
    Point("C6", "refuted", "P = R = E", _levels(relu=0, prelu=0, elu=0), HARD),
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
        "refuted",
        "all four at their bounds",
        _catching_up(on_vgg={"prelu": 1, "elu": 1}, on_resnet={"prelu": 1, "elu": 1}),
        HARD,
    ),
    Point(
        "C8",
        "supported",
        "always P as good",
        _prelu_is_as_good_as_the_advice,
        {"dataset": BOTH},
    ),
    Point("C8", "supported", "regret .75", _the_advice_costs_its_bound, {"dataset": BOTH}),
    Point("C8", "refuted", "always P as good", _prelu_is_as_good_as_the_advice, {"dataset": BOTH}),
)
