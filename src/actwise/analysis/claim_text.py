"""What claims say, as one text: its hash tells whether they are those that were fixed beforehand.

Each claim is put to a reference study that has every cell the paper's claims speak of; its
contrasts and bounds there are written out. So the text changes with what is tested, and not with
how the code is written.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import product

from .claim import Claim
from .estimate import ALPHA
from .evidence import Evidence, gather
from .table import Observations
from .wording import Wording

_LEVELS = {
    "dataset": ("cifar10", "cifar100"),
    "model": ("vgg16", "resnet18", "plain18"),
    "regularization": ("bn", "bn+aug"),
    "activation": ("relu", "prelu", "elu", "leaky_relu(0.25)"),
}


def claims_sha256(claims: Sequence[Claim]) -> str:
    """SHA-256 of :func:`claims_text`."""
    return hashlib.sha256(claims_text(claims).encode()).hexdigest()


def claims_text(claims: Sequence[Claim]) -> str:
    """Statement, rule, contrasts and bounds of every claim, a line each."""
    evidence = _reference()
    wording = Wording(evidence.model.factors, evidence.model.cells)
    lines = [f"alpha {ALPHA:g}"]
    for claim in claims:
        lines += _lines(claim, wording, evidence)
    return "\n".join(lines)


def _lines(claim: Claim, wording: Wording, evidence: Evidence) -> Iterator[str]:
    plan = claim.plan(wording, evidence)
    yield f"{claim.id}: {claim.statement}"
    yield from plan.rules
    for verdict, reason in sorted(plan.barred.items()):
        yield f"never {verdict}: {reason}"
    for weights in plan.weights:
        yield ", ".join(f"{weights[cell]:+.6f} {'/'.join(cell)}" for cell in sorted(weights))


def _reference() -> Evidence:
    """Two made-up runs a cell; their values do not matter."""
    rows = [
        {**dict(zip(_LEVELS, cell, strict=True)), "seed": seed, "test_accuracy": 80.0 + seed}
        for cell in product(*_LEVELS.values())
        for seed in (0, 1)
    ]
    return gather(Observations.from_rows(rows, factors=tuple(_LEVELS)))
