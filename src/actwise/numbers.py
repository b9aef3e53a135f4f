"""Numbers as text, the same in sentences, tables and pictures: the one place that rounds them."""

import math
import re
import signal

UNKNOWN = "–"
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


def number(value: float | None, digits: int = 2) -> str:
    """A number, or a dash where it is not known; what rounds to zero has no sign."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:z.{digits}f}"


def signed(value: float | None, digits: int = 2) -> str:
    """A difference, with its sign; what rounds to zero has none."""
    if value is None or not math.isfinite(value):
        return number(value, digits)
    text = number(value, digits)
    return f"+{text}" if value > 0 and float(text) else text


def significant(value: float | None, digits: int = 3) -> str:
    """A number of any size in so many digits, or a dash: ``0.125``, ``3.2e-09``."""
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{value:.{digits}g}"


def span(lower: float, upper: float, digits: int = 2) -> str:
    """``1.20 to 3.40``, or a dash."""
    if math.isnan(lower):
        return UNKNOWN
    return f"{number(lower, digits)} to {number(upper, digits)}"


def percent(fraction: float) -> str:
    """``95 %``, ``96.1 %``: a level or a rate."""
    return f"{100 * fraction:.3g} %"


def p_text(p: float) -> str:
    """A p value with three decimals."""
    if math.isnan(p):
        return UNKNOWN
    return "<.001" if p < 0.001 else f"{p:.3f}"


def counted(count: int, noun: str) -> str:
    """``1 run``, ``3 runs``, ``10,000 runs``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def places(number: int, most: int) -> list[int]:
    """At most so many of a number of places, evenly apart but for the last, with both ends."""
    step = max(1, -(-(number - 1) // (most - 1)))
    return [*range(0, number - 1, step), number - 1] if number else []


def degrees(df: float) -> str:
    """Degrees of freedom; a dash where none are known. Rounding of processors is no decimal."""
    if df == 0:
        return UNKNOWN
    if not math.isfinite(df):
        return "∞"
    return number(df, 0 if math.isclose(df, round(df), rel_tol=1e-9) else 1)


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3.5 h`` or ``2.1 days``."""
    if math.isnan(seconds):
        return UNKNOWN
    for unit, length, limit in (("s", 1, 90), ("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < limit:
            return f"{seconds / length:.{1 if unit == 'h' else 0}f} {unit}"
    return f"{seconds / 86_400:.1f} days"


def read_duration(text: str) -> float | None:
    """Seconds of ``90``, ``90s``, ``10m``, ``1h30m``; None for anything else, and for no time."""
    match = _DURATION.fullmatch(text.strip())
    hours, minutes, seconds = (float(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return 3600 * hours + 60 * minutes + seconds or None


def signal_name(number: int) -> str:
    """``SIGKILL``; ``signal 39`` of those without a name, such as most of real time."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
