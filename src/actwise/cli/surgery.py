"""``actwise audit`` and ``actwise swap``: where activations stand, and what a swap does to them."""

import re
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError, shortened
from .options import AsJson, allow_user_code
from .output import print_folded, print_json, print_wrapped
from .sites import INDENT, kept, print_misses, print_sites

if TYPE_CHECKING:
    from ..models import LevelAudit
    from ..surgery import Site

NOTHING_REPLACED = 1
"""Exit code of a swap that leaves the network as it was."""
_SHAPE = re.compile(r"(\d+),(\d+),(\d+)")
_ImageShape = tuple[int, int, int]

ModelLevel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="package.module:Name, torchvision:NAME, timm:NAME, or a model of `actwise list`.",
    ),
]
_Full = Annotated[bool, typer.Option("--full", help="Every site in a line of its own.")]
ShapeOption = Annotated[
    str | None,
    typer.Option(
        "--shape",
        metavar="C,H,W",
        help="Of an image (default: 3,32,32; for torchvision and timm what they are made for).",
    ),
]
RegularizationOption = Annotated[
    str | None,
    typer.Option(
        "--regularization", metavar="LEVEL", help="Default: bn, or own for networks of others."
    ),
]
WidthOption = Annotated[
    float, typer.Option("--width", metavar="X", help="Multiplier of the network's channels.")
]


def audit(
    model: ModelLevel, shape: ShapeOption = None, full: _Full = False, json: AsJson = False
) -> None:
    """Where a network computes which activation, and what a swap would replace."""
    from ..models import audit_level

    allow_user_code()
    found = audit_level(model, shape=shape_of(shape))
    sites, trial = found.audit, found.trial
    if json:
        print_json(
            {
                **sites.to_dict(),
                "model": model,
                "replaceable": len(trial.replaced) if trial else 0,
                "missed": trial.to_dict()["missed"] if trial else [],
                "warnings": [*sites.warnings, *([found.fault] if found.fault else [])],
            }
        )
        return
    print_wrapped(str(sites))
    print_wrapped(_replaceable(found))
    print_sites(sites, is_full=full)
    if trial:
        print_misses(trial.missed, is_full=full)
    for part in sites.unseen:
        print_folded("unseen", str(part), indent=INDENT)
    print_wrapped(*(f"WARNING: {warning}" for warning in sites.warnings))
    if sites.activations and trial:
        print_folded("next", f"actwise swap {_quoted(model, shape)} prelu", indent=INDENT)


def swap(
    model: ModelLevel,
    activation: Annotated[str, typer.Argument(metavar="LEVEL", help="prelu, elu(0.5), a.b:Name")],
    shape: ShapeOption = None,
    full: _Full = False,
    json: AsJson = False,
) -> int:
    """Try another activation in a network: what would be replaced, and what missed.

    In Python, `aw.swap(model, "prelu", example=x)` changes a model of yours.
    """
    from ..models import swap_level

    allow_user_code()
    report = swap_level(model, activation, shape=shape_of(shape))
    if json:
        print_json({**report.to_dict(), "model": model})
        return 0 if report.replaced else NOTHING_REPLACED
    print_wrapped(str(report))
    if not report.replaced:
        print_wrapped(f"Nothing was replaced.{_stay(report.kept)}")
    print_sites(report.replaced, is_full=full)
    print_misses(report.missed, is_full=full)
    print_wrapped(*(f"WARNING: {warning}" for warning in report.warnings))
    return 0 if report.replaced else NOTHING_REPLACED


def _replaceable(found: "LevelAudit") -> str:
    """What a swap would replace, and what it would leave."""
    sites, trial = found.audit, found.trial
    stay = _stay(sites)
    if not sites.activations:
        return f"There is nothing that a swap replaces.{stay}"
    if trial is None:
        return f"A swap does not run: {found.fault}"
    verb = "stays" if len(trial.missed) == 1 else "stay"
    missed = f"; {len(trial.missed)} {verb}, with the reason below" if trial.missed else ""
    num_all, num_replaced = len(sites.activations), len(trial.replaced)
    of_all = f"{num_replaced} of {num_all}" if missed else f"all {num_all}"
    return f"A swap replaces {of_all}{missed}.{stay}"


def _stay(sites: "Iterable[Site]") -> str:
    others = kept(sites)
    return f" As they are stay: {others}." if others else ""


def _quoted(model: str, shape: str | None) -> str:
    return shlex.join([model, *(["--shape", shape] if shape else [])])


def shape_of(text: str | None) -> _ImageShape | None:
    """(channels, height, width) of ``3,32,32``.

    Raises:
        SpecError: if it is written otherwise.
    """
    if text is None:
        return None
    match = _SHAPE.fullmatch(text.replace(" ", ""))
    sizes = [int(size) for size in match.groups()] if match else []
    if not sizes or min(sizes) < 1:
        found = re.findall(r"\d+", text)
        is_other = len(found) == 3 and not match
        near = f"did you mean {','.join(found)}?" if is_other else "such as 3,32,32"
        raise SpecError(
            f"--shape {shortened(text)} is not C,H,W: channels, height and width of an image, "
            f"{near}"
        )
    return sizes[0], sizes[1], sizes[2]
