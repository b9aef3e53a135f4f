"""Why a command stops: what it exits with, in which words, and who hears the signals after it."""

import signal
import threading
from typing import Any

import pytest

from actwise.sweep.executors import StoppedError, StopRequest
from made.played import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("actwise.sweep.executors.stopping.time", clock)
    return clock


@pytest.mark.parametrize(("seconds", "is_over"), [(29.5, False), (30.0, True), (31.0, True)])
def test_a_time_limit_counts_from_when_it_is_set(
    seconds: float, is_over: bool, clock: Clock
) -> None:
    stop = StopRequest(time_limit_seconds=30.0)
    assert not stop()
    clock.now += seconds
    assert stop() is is_over
    assert stop.exit_code == (4 if is_over else None)


def test_without_a_limit_nothing_stops_by_itself(clock: Clock) -> None:
    stop = StopRequest(time_limit_seconds=None)
    clock.now += 1e9
    assert not stop()
    assert stop.exit_code is None


@pytest.mark.parametrize(
    ("number", "exit_code", "words"),
    [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")],
)
def test_a_signal_is_told_by_its_name_and_its_code(
    number: signal.Signals, exit_code: int, words: str, clock: Clock
) -> None:
    with StopRequest(time_limit_seconds=30.0) as stop:
        signal.raise_signal(number)
        # What came first is the reason.
        clock.now += 60.0
        assert stop()
    assert (stop.exit_code, stop.reason) == (exit_code, words)
    error = stop.error("measuring ended: stopped")
    assert isinstance(error, StoppedError)
    assert (str(error), error.exit_code) == (f"measuring ended: stopped by {words}", exit_code)


def test_a_limit_is_told_as_one(clock: Clock) -> None:
    stop = StopRequest(time_limit_seconds=0.0)
    error = stop.error("stopped")
    assert (str(error), error.exit_code) == ("stopped by the time limit", 4)
    assert StoppedError("stopped").exit_code == 4


def test_a_second_ctrl_c_ends_at_once_and_another_signal_does_not() -> None:
    with StopRequest(time_limit_seconds=None) as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert stop.exit_code == 130
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_afterwards_signals_go_to_who_heard_them_before() -> None:
    heard: list[int] = []

    def hear(number: int, frame: Any) -> None:
        heard.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, hear) for number in numbers}
    try:
        with StopRequest(time_limit_seconds=None) as stop:
            pass
        for number in numbers:
            signal.raise_signal(number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert heard == [*numbers]
    assert stop.exit_code is None


def test_in_another_thread_no_signal_is_taken() -> None:
    found: list[Any] = []

    def look() -> None:
        with StopRequest(time_limit_seconds=None) as stop:
            found.append((signal.getsignal(signal.SIGINT), stop()))

    usual = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [(usual, False)]
