"""Sentences on a signal report."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ...numbers import counted, percent, significant

if TYPE_CHECKING:
    from ...diagnostics import SignalFinding, SignalReport


def signal_headline(report: "SignalReport") -> str:
    """What was measured, on how many images, how right it is."""
    right = "" if report.accuracy is None else f", {report.accuracy:.1f} % right"
    screen = ", a screen" if report.is_screen else ""
    source = f" of {report.image_source}" if report.image_source else ""
    images = f"{counted(report.images, 'image')}{source}{screen}{right}"
    kinds = ", ".join(activations_of(report))
    return f"{report.model}: {counted(len(report.sites), 'site')} ({kinds}), {images}"


def activations_of(report: "SignalReport") -> tuple[str, ...]:
    """What the sites compute, each once."""
    return tuple(dict.fromkeys(site.activation for site in report.sites))


def signal_scope(report: "SignalReport") -> Iterator[str]:
    """How the numbers are to be read, sentences."""
    yield (
        f"A unit that never fired in {counted(report.images, 'image')} fires on under "
        f"{percent(report.rare)} of them (3/N, 95 %): that holds for one unit, not for the worst "
        "of many. Dead units become fewer with every image more, so only equal N are compared."
    )
    if report.is_screen:
        verb = "is" if report.images == 1 else "are"
        yield f"{counted(report.images, 'image')} {verb} a screen: take 1,000 before you act on it."
    if report.image_source and report.image_source.startswith("noise ("):
        yield "On noise other units are dead than on pictures: --dataset NAME measures on those."
    if report.gradient_of is None:
        yield "There are no gradients."
    elif report.gradient_of == "random directions of the output":
        yield (
            "Without labels gradients are not those of a loss but of the output in random "
            "directions."
        )
    if report.not_run:
        yield (
            f"Evaluation does not run {counted(len(report.not_run), 'site')} that training runs, "
            f"such as {report.not_run[0]}."
        )
    if report.unseen:
        yield f"Unseen: {'; '.join(report.unseen)}."
    yield from (f"Not measured: {warning}." for warning in report.warnings)


def finding_lines(report: "SignalReport", *, is_full: bool) -> Iterator[tuple[str, str]]:
    """Code and sentence of each finding; unless full, one line a code."""
    by_code: dict[str, list[SignalFinding]] = {}
    for finding in report.findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code, found in by_code.items():
        if is_full or len(found) == 1:
            yield from ((code, _at(report, finding)) for finding in found)
        else:
            worst = (min if code in _LOW_IS_BAD else max)(found, key=lambda f: f.value)
            yield code, f"at {len(found)} places, the worst: {_at(report, worst)}"


def _at(report: "SignalReport", finding: "SignalFinding") -> str:
    said = _SENTENCES[finding.code](report, finding)
    return f"{finding.name}: {said}" if finding.name and finding.code != "shift" else said


def _shift(report: "SignalReport", finding: "SignalFinding") -> str:
    median, least = report.shift or (finding.value, finding.value)
    said = (
        f"in evaluation the inputs of batch norm have {significant(median, 2)} times the variance "
        f"that it has learned (median; least {significant(least, 2)} at {finding.name})"
    )
    if report.accuracy is None:
        return f"{said}; with labels the accuracy with re-estimated statistics tells what it costs"
    if report.reestimated_accuracy is None:
        return said
    confirmed = "" if report.is_shift_confirmed else ", not clearly more: it is not confirmed"
    return (
        f"{said}: {report.accuracy:.1f} % right on these images, {report.reestimated_accuracy:.1f} "
        f"% with re-estimated statistics (`aw.reestimate`){confirmed}"
    )


def _unfitted(report: "SignalReport", finding: "SignalFinding") -> str:
    return (
        f"{finding.count} of {len(report.norms)} batch norms never saw data and do not normalise "
        "in evaluation, of which what follows may come; `aw.reestimate(model, images)` gives a "
        "copy in which they do"
    )


def _units(what: str) -> Callable[["SignalReport", "SignalFinding"], str]:
    def said(report: "SignalReport", finding: "SignalFinding") -> str:
        site = report[finding.name]
        return (
            f"{finding.count:,} of {counted(site.units, 'unit')} {what} "
            f"({percent(finding.value)}; {counted(site.images, 'image')})"
        )

    return said


def _ratio(what: str) -> Callable[["SignalReport", "SignalFinding"], str]:
    return lambda report, finding: f"{what} is {significant(finding.value)} times as large"


_GRADIENT = "the gradient's norm at the first activation, to that at the last,"
_SIGNAL = "the second moment at the last activation, to that at the first,"
_LOW_IS_BAD = ("low-rank", "silent-branch", "not-reached")
_SENTENCES: dict[str, Callable[["SignalReport", "SignalFinding"], str]] = {
    "nonfinite": lambda _, f: f"{counted(f.count or 0, 'value')} NaN or infinite",
    "nonfinite-output": lambda _, f: (
        f"{counted(f.count or 0, 'value')} of what the model returns NaN or infinite"
    ),
    "nonfinite-loss": lambda *_: "the loss is NaN or infinite",
    "nonfinite-gradient": lambda *_: "the gradient is NaN or infinite",
    "no-gradient": lambda *_: "no gradient reaches it",
    "unfitted": _unfitted,
    "shift": _shift,
    "dead": _units("dead (slope 0 on all images, output constant)"),
    "nearly-dead": _units("nearly dead (slope within 1e-3 of 0, output constant)"),
    "blocked": _units("blocked (slope within 1e-3 of 0, although the output moves)"),
    "constant": _units("constant, although not flat"),
    "saturated": lambda _, f: f"{percent(f.value)} of the values at a limit of the function",
    "low-rank": lambda report, f: (
        f"effective rank {significant(f.value)} of {report[f.name].rank_units} units"
    ),
    "vanishing-gradient": _ratio(_GRADIENT),
    "exploding-gradient": _ratio(_GRADIENT),
    "vanishing-signal": _ratio(_SIGNAL),
    "exploding-signal": _ratio(_SIGNAL),
    "silent-branch": lambda _, f: (
        f"the branch adds {percent(f.value)} of the energy"
        + (
            "; meant where its last weights begin at 0, and then no gradient reaches its "
            "activations before the first step"
        )
        * (f.value == 0)
    ),
    "not-reached": lambda _, f: f"{percent(f.value)} of the images reach it",
}


def odd_codes(report: "SignalReport") -> dict[str, str]:
    """The codes of the findings at each name, joined."""
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.name, []).append(finding.code)
    return {name: ", ".join(dict.fromkeys(codes)) for name, codes in found.items()}
