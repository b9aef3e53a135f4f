"""The paper's claims C1 to C8, each as it can be tested (statistics.md, section 3).

R, P, E are ReLU, PReLU, ELU; the other words stand in ``wording``.
"""

from collections.abc import Callable
from itertools import product

from .claim import Claim, Plan
from .claim_advice import advice_plan
from .claim_gains import gain, gain_pairs, mean_gain
from .claim_gaps import gaps_plan
from .claim_linear import Component, linear_plan
from .contrasts import combine
from .evidence import Evidence
from .inference import Weights
from .numbers import number, signed
from .wording import DATASETS, NETWORKS, Wording

R, P, E = "relu", "prelu", "elu"
OPEN_GRADIENT = "leaky_relu(0.25)"
_LEVEL_NAMES = {name: level for level, name in DATASETS.items()}


def prelu_is_best(wording: Wording, evidence: Evidence) -> Plan:
    """C1: mu(d, n, 0, P) - mu(d, n, 0, o) > 0, and each estimate reaches the margin."""
    components = []
    for dataset, network, other in product(DATASETS.values(), ("V", "S"), (R, E)):
        margin = _margin(evidence, dataset)
        best = wording.mu(dataset, network, 0, P)
        components.append(
            Component(
                f"{dataset} {network}: {P} - {other}",
                combine((1.0, best), (-1.0, wording.mu(dataset, network, 0, other))),
                refutation=margin,
                least_estimate=margin,
            )
        )
    return linear_plan(components)


def augmentation_helps(wording: Wording, evidence: Evidence) -> Plan:
    """C3: every gain is above 0, and those of R and E are above that of P."""
    pairs = gain_pairs(wording) or list(product(DATASETS.values(), ("V", "S")))
    gains = [
        Component(f"gain of {a} on {d} {n}", gain(wording, d, n, a))
        for (d, n), a in product(pairs, (R, P, E))
    ]
    return linear_plan([*gains, *_more_gain_than_prelu(wording)])


def open_gradient_gains_less(wording: Wording, evidence: Evidence) -> Plan:
    """C4: the gain of ReLU exceeds that of a fixed slope with an open gradient."""
    component = Component(
        f"gain: {R} - {OPEN_GRADIENT}", _gain_difference(wording, R, OPEN_GRADIENT)
    )
    note = (
        "the mechanism (the blocked fraction falls more by augmentation for ReLU and ELU than for "
        "PReLU) waits for signal-flow records"
    )
    return linear_plan([component], is_half_measured=True, notes=(note,))


def relu_gains_most_from_networks(wording: Wording, evidence: Evidence) -> Plan:
    """C5 as worded: I(a) = mean over d, r of mu(S) - mu(V); I(R) exceeds I(P) and I(E)."""
    pairs = [(d, r) for d, r in product(DATASETS.values(), (0, 1)) if _has_any(wording, d, r)]
    note = (
        "residual networks and VGG differ in dropout, depth, pooling and strides too; C5b compares "
        "a residual network with its plain twin"
    )
    augmented = _most_of_relu(wording, [pair for pair in pairs if pair[1] == 1])
    return linear_plan(
        _most_of_relu(wording, pairs),
        is_aliased=True,
        notes=(note, *_with_augmentation_only(augmented, evidence)),
    )


def relu_gains_most_from_shortcuts(wording: Wording, evidence: Evidence) -> Plan:
    """C5b: the same with a residual network minus its plain twin."""
    twins = _twins(wording)
    if not twins:
        return linear_plan([], notes=("the study has no residual network with its plain twin",))

    def step(activation: str) -> Weights:
        terms = []
        for pair in twins:
            for sign, rest in zip((1.0, -1.0), pair, strict=True):
                terms.append((sign / len(twins), {wording.with_activation(rest, activation): 1.0}))
        return combine(*terms)

    return linear_plan(_relu_above_others(step))


def negative_outputs_win(wording: Wording, evidence: Evidence) -> Plan:
    """C6: on CIFAR-100 with augmentation, without identity mapping: P - R > 0 and E - P > 0."""
    components = [
        Component(
            f"C100 V r=1: {high} - {low}",
            combine(
                (1.0, wording.mu("C100", "V", 1, high)), (-1.0, wording.mu("C100", "V", 1, low))
            ),
        )
        for high, low in ((P, R), (E, P))
    ]
    return linear_plan(components)


def relu_catches_up(wording: Wording, evidence: Evidence) -> Plan:
    """C7: R's gap to P and E is smaller in residual networks (i), and below the margin there (ii).

    g_o(n) = mu(C100, n, 1, o) - mu(C100, n, 1, R); (i) g_o(V) - g_o(S) > 0; (ii) g_o(S) < delta,
    written as -g_o(S) > -delta.
    """
    margin = _margin(evidence, "C100")
    gaps = {
        (o, n): combine((1.0, wording.mu("C100", n, 1, o)), (-1.0, wording.mu("C100", n, 1, R)))
        for o, n in product((P, E), ("V", "S"))
    }
    shrink = [
        Component(
            f"gap of {R} to {o}: V - S",
            combine((1.0, gaps[o, "V"]), (-1.0, gaps[o, "S"])),
            is_gap_change=True,
        )
        for o in (P, E)
    ]
    small = [
        Component(f"S: {R} - {o}", combine((-1.0, gaps[o, "S"])), bound=-margin) for o in (P, E)
    ]
    return linear_plan([*shrink, *small])


_STATEMENTS: tuple[tuple[str, str, Callable[[Wording, Evidence], Plan]], ...] = (
    ("C1", "Without augmentation PReLU is clearly best, on every network.", prelu_is_best),
    ("C2", "With augmentation the gaps between activations shrink considerably.", gaps_plan),
    ("C3", "Augmentation improves every activation, ReLU and ELU most.", augmentation_helps),
    (
        "C4",
        "Augmentation helps where the gradient is closed for negative inputs.",
        open_gradient_gains_less,
    ),
    (
        "C5",
        "ReLU gains most from identity mapping (residual network against VGG).",
        relu_gains_most_from_networks,
    ),
    (
        "C5b",
        "ReLU gains most from identity mapping (residual network against its plain twin).",
        relu_gains_most_from_shortcuts,
    ),
    (
        "C6",
        "CIFAR-100, augmentation, no identity mapping: negative outputs win, ELU most.",
        negative_outputs_win,
    ),
    ("C7", "CIFAR-100, augmentation, identity mapping: ReLU catches up.", relu_catches_up),
    (
        "C8",
        "PReLU without augmentation, ELU with it, ReLU with both it and identity mapping.",
        advice_plan,
    ),
)
PAPER_CLAIMS = tuple(Claim(*entry, is_about_accuracy=True) for entry in _STATEMENTS)
"""C5b is not the paper's: it is what decides about identity mapping."""


def _margin(evidence: Evidence, dataset: str) -> float:
    return evidence.margin_of(_LEVEL_NAMES[dataset])


def _gain_difference(wording: Wording, high: str, low: str) -> Weights:
    if not gain_pairs(wording):
        return {(high, low, "with and without augmentation"): 1.0}
    return combine((1.0, mean_gain(wording, high)), (-1.0, mean_gain(wording, low)))


def _more_gain_than_prelu(wording: Wording) -> list[Component]:
    return [
        Component(f"gain: {a} - {P}", _gain_difference(wording, a, P), is_gap_change=True)
        for a in (R, E)
    ]


def _most_of_relu(wording: Wording, pairs: list[tuple[str, int]]) -> list[Component]:
    """I(R) - I(P) and I(R) - I(E) over some (data set, augmentation)."""

    def step(activation: str) -> Weights:
        return combine(
            *(
                (sign / len(pairs), wording.mu(d, n, r, activation))
                for d, r in pairs
                for n, sign in (("S", 1.0), ("V", -1.0))
            )
        )

    return _relu_above_others(step) if pairs else []


def _relu_above_others(step: Callable[[str], Weights]) -> list[Component]:
    return [
        Component(f"step: {R} - {o}", combine((1.0, step(R)), (-1.0, step(o))), is_gap_change=True)
        for o in (P, E)
    ]


def _with_augmentation_only(components: list[Component], evidence: Evidence) -> tuple[str, ...]:
    if any(evidence.model.missing(component.weights) for component in components):
        return ()
    found = [evidence.model.contrast(c.weights, name=c.name) for c in components]
    texts = [f"{e.name} {signed(e.value)} (SE {number(e.standard_error)})" for e in found]
    return (f"with augmentation only: {', '.join(texts)}",) if texts else ()


def _has_any(wording: Wording, dataset: str, augmented: int) -> bool:
    return any(wording.has(dataset, n, augmented) for n in ("V", "S"))


def _twins(wording: Wording) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Settings of a residual network with that of its plain twin, the activation left open."""
    place = wording.factors.index("model") if wording.can_be_read else 0
    plain = {
        rest for group, rests in wording.rests.items() if group.network == "T" for rest in rests
    }
    found = []
    for group, rests in wording.rests.items():
        for rest in rests if group.network == "S" else ():
            name = NETWORKS["T"] + rest[place].removeprefix(NETWORKS["S"])
            twin = (*rest[:place], name, *rest[place + 1 :])
            if twin in plain:
                found.append((rest, twin))
    return found
