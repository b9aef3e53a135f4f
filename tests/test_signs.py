"""How far a long work is: heard by all who listen, and by nobody afterwards."""

import pytest

from actwise.signs import listening, tell


def test_what_is_told_is_heard_by_all_who_listen_and_by_nobody_else() -> None:
    heard: list[tuple[str, int, int | None]] = []
    tell("before", 1)
    with listening(lambda *sign: heard.append(sign)), listening(lambda *sign: heard.append(sign)):
        tell("reading", 2, 3)
    tell("after", 1)
    assert heard == [("reading", 2, 3)] * 2


def test_what_a_listener_raises_ends_the_work() -> None:
    def stop(what: str, done: int, total: int | None) -> None:
        raise KeyError(what)

    with pytest.raises(KeyError, match="reading"), listening(stop):
        tell("reading", 1)
