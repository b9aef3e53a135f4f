"""``actwise audit`` and ``actwise swap``: where activations stand, and what a swap does to them."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from .options import AsJson, allow_user_code
from .output import print_columns, print_json, print_text

if TYPE_CHECKING:
    from ..surgery import Site

_SHAPE = re.compile(r"(\d+),(\d+),(\d+)")
_ImageShape = tuple[int, int, int]

ModelLevel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="package.module:Name, torchvision:NAME, timm:NAME, or a model of `actwise list`.",
    ),
]
ShapeOption = Annotated[
    str | None,
    typer.Option(
        "--shape",
        metavar="C,H,W",
        help="Of an image (default: 3,32,32; for torchvision and timm what they are made for).",
    ),
]


def audit(model: ModelLevel, shape: ShapeOption = None, json: AsJson = False) -> None:
    """Where a network computes which activation."""
    from ..models import audit_level

    allow_user_code()
    found = audit_level(model, shape=shape_of(shape))
    if json:
        sites = [asdict(site) for site in found]
        unseen = [asdict(part) for part in found.unseen]
        values = {"sites": sites, "unseen": unseen, "warnings": found.warnings}
        print_json({"model": model, "summary": str(found), **values})
        return
    print_text(str(found))
    _print_sites(found)
    print_text(*(f"unseen   {part}" for part in found.unseen))
    print_text(*(f"WARNING: {warning}" for warning in found.warnings))


def swap(
    model: ModelLevel,
    activation: Annotated[str, typer.Argument(metavar="LEVEL", help="prelu, elu(0.5), a.b:Name")],
    shape: ShapeOption = None,
    json: AsJson = False,
) -> None:
    """Try another activation in a network: what would be replaced, and what missed.

    In Python, `aw.swap(model, "prelu", example=x)` changes a model of yours.
    """
    from ..models import swap_level

    allow_user_code()
    report = swap_level(model, activation, shape=shape_of(shape))
    if json:
        missed = [{"site": asdict(miss.site), "reason": miss.reason} for miss in report.missed]
        values = {"replaced": [asdict(site) for site in report.replaced], "missed": missed}
        about = {"model": model, "level": report.level, "summary": str(report)}
        print_json({**about, **values, "warnings": report.warnings})
        return
    print_text(str(report))
    _print_sites(report.replaced)
    print_text(*(f"missed   {miss}" for miss in report.missed))
    print_text(*(f"WARNING: {warning}" for warning in report.warnings))


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
        raise SpecError(f"--shape {text!r} is not C,H,W of an image, such as 3,32,32")
    return sizes[0], sizes[1], sizes[2]


def _print_sites(sites: Iterable["Site"]) -> None:
    rows = [
        (
            site.name,
            site.activation,
            site.role,
            "/".join(map(str, site.channels)),
            site.calls,
            site.place,
        )
        for site in sites
    ]
    if rows:
        header = ("site", "activation", "role", "channels", "calls", "called at")
        print_columns(header, rows, right=("channels", "calls"), spare=("called at", "calls"))
