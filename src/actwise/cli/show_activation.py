"""``actwise show activation``: formula, computed properties, and its curve."""

from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, allow_user_code, output_file
from .output import print_folded, print_json, print_text
from .plot import plot_lines

if TYPE_CHECKING:
    from ..activations import BoundActivation

_LOW, _HIGH, _NUM_POINTS = -4.0, 4.0, 801
_WIDTH, _HEIGHT, _INDENT = 39, 11, 19
_FIXED_POINTS = {
    "stable": "stable: errors of it shrink by this a layer",
    "neutral": "neutral: errors of it neither shrink nor grow",
    "unstable": "unstable: errors of it grow; no stable gain",
    "none": "no gain that weights can have",
}


def show_activation(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A level: prelu, elu(0.5), a.b:Name")],
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure",
            metavar="FILE",
            help="Also draw it as .png, .svg or .pdf.",
            callback=output_file,
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """An activation function: formula, source, gains, range, and a plot."""
    from ..activations import resolve

    allow_user_code()
    bound = resolve(name)
    if figure is not None:
        _draw(bound, figure)
    if json:
        print_json(_values(bound))
        return
    low, high = bound.output_range
    print_text(bound.canonical)
    print_folded("formula", bound.formula, indent=_INDENT)
    print_folded("source", bound.source, indent=_INDENT)
    print_text(
        f"  learned          {'yes' if bound.learnable else 'no'}",
        f"  negative output  {'yes' if bound.negative_output else 'no'}",
        f"  range            [{low:.4g}, {high:.4g}]",
        "  for an input z ~ N(0, 1), at initialisation:",
        f"  gain             {bound.gain:.4f}   1 / sqrt(E f(z)^2)",
        f"  backward gain    {bound.backward_gain:.4f}   1 / sqrt(E f'(z)^2)",
        f"  mean shift       {bound.mean_shift:.4f}   E f(z)",
        "  in plain layers at init = gain, where a second moment of 1 stays 1:",
        f"  V'               {bound.variance_slope:.4f}   {_FIXED_POINTS[bound.fixed_point]}",
        f"  chi              {bound.chi:.4f}   of a gradient's second moment, a layer earlier",
        "",
    )
    x, value, slope = bound.curve(_LOW, _HIGH, _NUM_POINTS)
    left = ["f(x)", *plot_lines(x, [value], width=_WIDTH, height=_HEIGHT)]
    right = ["f'(x)", *plot_lines(x, [slope], width=_WIDTH, height=_HEIGHT)]
    for a, b in zip_longest(left, right, fillvalue=""):
        print_text(f"{a:<{_WIDTH}}  {b}".rstrip())


def _values(bound: "BoundActivation") -> dict[str, Any]:
    fields = (
        "name canonical formula source learnable gain backward_gain mean_shift variance_slope chi "
        "kappa fixed_point output_range negative_output code_digest"
    )
    return {field: getattr(bound, field) for field in fields.split()}


def _draw(bound: "BoundActivation", path: Path) -> None:
    from ..errors import SpecError
    from ..report.figures import new_figure
    from ..store.exchange import write_file

    x, value, slope = bound.curve(_LOW, _HIGH, _NUM_POINTS)
    drawing = new_figure(figsize=(6, 3.6), layout="constrained")
    axes = drawing.add_subplot()
    axes.axhline(0, color="0.8", linewidth=0.8)
    axes.axvline(0, color="0.8", linewidth=0.8)
    axes.plot(x, value, label="f(x)")
    axes.plot(x, slope, label="f'(x)", linestyle="--")
    axes.set(title=bound.canonical, xlabel="x")
    axes.legend(frameon=False)
    picture = BytesIO()
    try:
        drawing.savefig(picture, format=path.suffix[1:] or "png", dpi=150)
    except ValueError as error:
        raise SpecError(f"--figure {str(path)!r} cannot be written: {error}") from None
    write_file(path, picture.getvalue())
