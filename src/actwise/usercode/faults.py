"""What users' code raised, in one sentence that tells the place."""

import traceback
from pathlib import Path

from .finding import is_installed, shown_path

_OURS = Path(__file__).parent.parent
_HEADER = "Traceback (most recent call last):"


def message_of(error: BaseException) -> str:
    """What an exception says; of one of the user's, that may fail in turn."""
    try:
        return str(error)
    except Exception:
        return "<it cannot be shown>"


def describe_fault(error: BaseException) -> str:
    """What users' code raised, and where: ``ZeroDivisionError: division by zero (my.py, line 6)``.

    The line is the innermost one of a file neither of actwise nor installed, as torch is.
    """
    fault = _first_line(f"{type(error).__name__}: {message_of(error)}".splitlines())
    if isinstance(error, SyntaxError):  # tells its own place
        return fault
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and _OURS not in Path(frame.filename).parents
    ]
    own = [frame for frame in frames if not is_installed(Path(frame.filename))]
    if not (own or frames):
        return fault
    place = (own or frames)[-1]
    return f"{fault} ({shown_path(place.filename)}, line {place.lineno})"


def exception_line(text: str) -> str:
    """The line of a traceback that names its exception: type, and the first line of its message.

    Rarely the last one: a message may have lines, and torch's compiler advises on its debugging.

    Args:
        text: As Python prints it, of a group of exceptions too; or a sentence.
    """
    lines = [
        line.removeprefix("  + Exception Group ").removeprefix("  | ") for line in text.splitlines()
    ]
    headers = [number for number, line in enumerate(lines) if line == _HEADER]
    after = lines[headers[-1] + 1 :] if headers else lines
    named = [number for number, line in enumerate(after) if line[:1].strip()]
    return _first_line(after[named[0] :] if named else after)


def _first_line(lines: list[str]) -> str:
    """The first line, with the second where the first only announces it."""
    told = [line.strip() for line in lines if line.strip()]
    if told[1:] and told[0].endswith(":"):
        return f"{told[0]} {told[1]}"
    return told[0] if told else ""
