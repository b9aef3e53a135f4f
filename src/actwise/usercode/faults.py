"""What users' code raised, in one sentence that tells the place."""

import traceback
from pathlib import Path

from .finding import is_installed, shown_path

_OURS = Path(__file__).parent.parent


def describe_fault(error: BaseException) -> str:
    """What users' code raised, and where: ``ZeroDivisionError: division by zero (my.py, line 6)``.

    The line is the innermost one of a file neither of actwise nor installed, as torch is.
    """
    fault = f"{type(error).__name__}: {error}"
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
