"""What is seen in many networks, and what a swap changes in them: tests/data/pages/sites.txt.

A role, an axis or a reason that changes in one way of writing is seen by no test of the others. Who
changes them on purpose writes the page anew, and reads its difference:

    PYTHONPATH=src:tests python tests/surgery/test_kept_sites.py
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import actwise as aw
from actwise.errors import SpecError
from made import flows, networks

PAGE = Path(__file__).parents[1] / "data" / "pages" / "sites.txt"
WAYS = ("statement", "module", "view")
FIRST = ("linear", "conv")


class OneLine(nn.Module):
    """One call that runs an activation and other modules, and a second call of the activation."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        for part in (self.fc, self.act, self.fc):
            x = part(x)
        return self.act(x)


class Encoder(nn.Module):
    def __init__(self, activation: Any) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(4, 2, 8, 0.0, activation, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


CASES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    **{f"aliased by a {way}": (lambda way=way: flows.Aliased(way), (2, 4)) for way in WAYS},
    **{f"fixed by {way}": (lambda way=way: flows.FixedFeatures(way), (2, 4)) for way in FIRST},
    **{
        made.__name__: (made, (2, 4))
        for made in (
            flows.Gates,
            flows.Formulas,
            flows.OwnModules,
            flows.Normed,
            flows.InTraining,
            flows.Prepared,
            networks.Private,
            networks.Child,
            networks.Explicit,
            networks.Helped,
            networks.Detours,
            networks.SharedAct,
            networks.TwoSlots,
            networks.Looped,
            networks.Checkpointed,
            OneLine,
        )
    },
    "Unseeable": (flows.Unseeable, (2, 3, 4)),
    "Tokens": (flows.Tokens, (2, 3, 8, 8)),
    "Written": (networks.Written, (2, 6)),
    "Small": (networks.Small, (2, 3, 8, 8)),
    "Local": (lambda: networks.local_class(2.0), (2, 4)),
    "relu encoder": (lambda: Encoder("relu"), (2, 3, 4)),
    "gelu encoder": (lambda: Encoder("gelu"), (2, 3, 4)),
    "own encoder": (lambda: Encoder(torch.tanh), (2, 3, 4)),
}
SWAPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("relu", {}),
    ("prelu", {"init": "gain", "include": lambda site: True}),
    ("rrelu", {"exclude": "*act*"}),
)


def told() -> Iterator[str]:
    for name, (make, shape) in CASES.items():
        torch.manual_seed(1)
        x = torch.randn(shape)
        yield name
        yield from (f"  {steady(line)}" for line in seen(aw.audit(make(), x)))
        for level, options in SWAPS:
            torch.manual_seed(1)
            model = make().eval()
            yield f"  {level}"
            yield from (f"    {steady(line)}" for line in swapped(model, x, level, options))


def seen(audit: Any) -> Iterator[str]:
    yield str(audit).splitlines()[0]
    for site in audit:
        yield repr(site)
    yield from (f"unseen {unseen}" for unseen in audit.unseen)
    yield from (f"warning {warning}" for warning in audit.warnings)


def swapped(model: nn.Module, x: Tensor, level: str, options: dict[str, Any]) -> Iterator[str]:
    before = summed(model, x)
    try:
        report = aw.swap(model, level, example=x, **options)
    except SpecError as error:
        yield f"refused: {error}"
        return
    yield f"{[site.name for site in report.replaced]} {before:.2f} -> {summed(model, x):.2f}"
    yield f"{sorted(name for name, _ in model.named_parameters() if 'weight' not in name)}"
    yield from (f"missed {miss}" for miss in report.missed)
    yield from (f"warning {warning}" for warning in report.warnings)
    report.undo()
    yield f"undone {summed(model, x):.2f}"


def summed(model: nn.Module, x: Tensor) -> float:
    with torch.no_grad():
        out = model.eval()(x.clone()).flatten()
    return float(out @ torch.linspace(1.0, 2.0, len(out)))


def steady(line: str) -> str:
    """Without the lines of files, and without addresses."""
    line = re.sub(r"(?<=@)([\w<>]+):\d+:\d+|(?<=\.py):\d+(:\d+)?", r"\1:PLACE", line)
    line = re.sub(r" at 0x[0-9a-f]+|\.[0-9a-f]{12}(?=\.rewritten)|, line \d+", "", line)
    return " ".join(line.split())


@pytest.mark.filterwarnings("ignore")
def test_sites_and_swaps_are_as_they_were() -> None:
    assert list(told()) == PAGE.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    PAGE.write_text("".join(f"{line}\n" for line in told()), encoding="utf-8")
