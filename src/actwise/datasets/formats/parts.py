"""What the parts of a set are called on disk, and which one is the test part where there are more.

A set whose authors keep their test labels has a validation part in its place. Nothing is selected
on the test part, so either will do.
"""

from collections.abc import Sequence

from ..content import cut

TRAIN = "train"
TESTS = ("test", "val", "valid", "validation")
"""The first one that is there is the test part."""


def or_list(names: Sequence[str]) -> str:
    """``a, b or c``."""
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def notes_on_parts(test: str, *, unread: Sequence[str]) -> tuple[str, ...]:
    """A sentence where the test part is not called so, and one where something is not read.

    Args:
        test: What is the test part; a folder ends with a slash.
        unread: What lies beside the two parts, written in the same way.
    """
    notes = [] if test.rstrip("/") == TESTS[0] else [f"its test part is {test}"]
    if unread:
        be = "is" if len(unread) == 1 else "are"
        notes.append(f"{', '.join(cut(unread))} {be} not read")
    return tuple(notes)
