"""How long a database that is away, or locked, is waited for, and what is said of it meanwhile."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from actwise.store import ConnectionLostError, StoreUnavailableError
from actwise.store.database.waiting import WAIT_SECONDS, Patience, StoreBusyError

LOST, BUSY = ConnectionLostError("away"), StoreBusyError("is busy")


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    own = SimpleNamespace(monotonic=lambda: clock.now, sleep=clock.sleep)
    monkeypatch.setattr("actwise.store.database.waiting.time", own)
    return clock


@dataclass
class Asked:
    """Fails until so much time has passed; notes whether each question repeats one before."""

    clock: Clock
    error: Exception
    seconds: float = float("inf")
    repeated: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.back = self.clock.now + self.seconds

    def __call__(self, *, is_repeated: bool) -> str:
        self.repeated.append(is_repeated)
        if self.clock.now < self.back:
            raise self.error
        return "answer"


def never() -> bool:
    return False


def test_pauses_grow_up_to_three_seconds(clock: Clock) -> None:
    asked = Asked(clock, LOST, 30.0)
    assert Patience().get(asked) == "answer"
    assert clock.pauses[:4] == pytest.approx([0.0, 0.1, 0.15, 0.225])
    assert clock.pauses == sorted(clock.pauses) and clock.pauses[-1] == 3.0
    assert asked.repeated == [False] + [True] * len(clock.pauses)


@pytest.mark.parametrize("error", [LOST, BUSY])
def test_it_is_waited_for_two_minutes_and_not_longer(clock: Clock, error: Exception) -> None:
    started = clock.now
    with pytest.raises(type(error), match=f"^{error}$"):
        Patience().get(Asked(clock, error))
    assert WAIT_SECONDS - 3.0 < clock.now - started <= WAIT_SECONDS


def test_other_errors_are_not_waited_for(clock: Clock) -> None:
    with pytest.raises(StoreUnavailableError, match="disk"):
        Patience().get(Asked(clock, StoreUnavailableError("the disk is full")))
    assert clock.pauses == []


def test_what_comes_back_in_the_last_moment_is_not_given_up(clock: Clock) -> None:
    calls = []

    def ask(*, is_repeated: bool) -> int:
        calls.append(is_repeated)
        if len(calls) == 1:
            clock.now += WAIT_SECONDS
            raise LOST
        return len(calls)

    assert Patience().get(ask) == 2


def test_who_gave_up_waits_no_more_until_it_is_back(clock: Clock) -> None:
    patience = Patience()
    with pytest.raises(ConnectionLostError):
        patience.get(Asked(clock, LOST))
    clock.pauses.clear()
    with pytest.raises(ConnectionLostError):
        patience.get(Asked(clock, LOST))
    assert sum(clock.pauses) == 0.0
    assert patience.get(Asked(clock, LOST, 0.0)) == "answer"
    assert patience.get(Asked(clock, LOST, 60.0)) == "answer"


def heard(clock: Clock, error: Exception, seconds: float) -> list[str]:
    """What somebody is told in so many seconds."""
    said: list[str] = []
    patience = Patience()
    with patience.attended(tell=said.append, is_over=never):
        assert patience.get(Asked(clock, error, seconds)) == "answer"
    return said


@pytest.mark.parametrize(
    ("error", "waiting"),
    [(LOST, "away; waiting up to 120 s for it"), (BUSY, "is busy; waiting for it")],
)
def test_it_is_told_once_that_something_is_waited_for_and_that_it_is_back(
    clock: Clock, error: Exception, waiting: str
) -> None:
    before = clock.now
    said = heard(clock, error, 40.0)
    assert said == [waiting, f"the database answers again after {clock.now - before:.0f} s"]


def test_a_short_wait_is_not_told(clock: Clock) -> None:
    assert heard(clock, LOST, 0.5) == []


def test_a_locked_store_is_waited_for_as_long_as_somebody_attends(clock: Clock) -> None:
    assert len(heard(clock, BUSY, 10 * WAIT_SECONDS)) == 2
    assert sum(clock.pauses) >= 10 * WAIT_SECONDS


def test_a_stop_is_waited_for_five_seconds(clock: Clock) -> None:
    patience, started = Patience(), clock.now

    def is_over() -> bool:
        return clock.now >= started + 20.0

    for error in (LOST, BUSY):
        started = clock.now
        with (
            patience.attended(tell=lambda text: None, is_over=is_over),
            pytest.raises(type(error)),
        ):
            patience.get(Asked(clock, error))
        assert 20.0 < clock.now - started <= 28.0
        assert patience.get(Asked(clock, LOST, 0.0)) == "answer"


def test_what_to_do_is_said_of_a_connection_only(clock: Clock) -> None:
    patience = Patience()
    ends: list[tuple[Exception, Callable[[], bool], str]] = [
        (LOST, never, "away; start it again"),
        (BUSY, lambda: True, "is busy"),
    ]
    for error, is_over, sentence in ends:
        with (
            patience.attended(tell=lambda text: None, is_over=is_over, remedy="start it again"),
            pytest.raises(type(error), match=f"^{sentence}$"),
        ):
            patience.get(Asked(clock, error))
        assert patience.get(Asked(clock, error, 0.0)) == "answer"
    with pytest.raises(ConnectionLostError, match=r"^away$"):
        patience.get(Asked(clock, LOST))


def test_who_attends_is_told_of_what_his_own_thread_waits_for(clock: Clock) -> None:
    said: list[str] = []
    patience = Patience()
    with patience.attended(tell=said.append, is_over=never):
        other = threading.Thread(target=patience.get, args=[Asked(clock, LOST, 40.0)])
        other.start()
        other.join()
    assert said == []


def test_who_attends_inside_another_gives_the_word_back(clock: Clock) -> None:
    outer: list[str] = []
    patience = Patience()
    with patience.attended(tell=outer.append, is_over=never, remedy="call me"):
        with patience.attended(tell=lambda text: None, is_over=never):
            patience.get(Asked(clock, LOST, 40.0))
        assert outer == []
        patience.get(Asked(clock, BUSY, 500.0))
        assert len(outer) == 2
        with pytest.raises(ConnectionLostError, match="call me"):
            patience.get(Asked(clock, LOST))
