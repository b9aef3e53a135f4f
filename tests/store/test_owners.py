"""Owners and environments: who trained, and where."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from actwise.store import LEASE_SECONDS, Owner
from actwise.store.records import environment, fingerprint, fingerprint_id

NEVER = 1e9
"""Seconds since a heartbeat that never came."""

SAY_OWNER = """
import json
from dataclasses import asdict
from actwise.store import Owner
print(json.dumps(asdict(Owner.here())))
"""


def test_this_process_is_alive_whatever_its_heartbeat() -> None:
    assert Owner.here() == Owner.here()
    assert Owner.here().is_alive(seconds_since_heartbeat=NEVER)


def test_an_owner_of_this_host_is_dead_once_its_process_has_ended() -> None:
    command = [sys.executable, "-c", SAY_OWNER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        owner = Owner(**json.loads(process.stdout.read()))
        # Nobody has waited for it: it is a zombie, which still has its identifier.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not owner.is_alive(seconds_since_heartbeat=0)
    assert not owner.is_alive(seconds_since_heartbeat=0)


def test_another_process_under_the_same_identifier_is_not_the_owner() -> None:
    earlier = replace(Owner.here(), process_start="0")
    assert not earlier.is_alive(seconds_since_heartbeat=0)


def test_an_owner_from_before_the_last_boot_is_dead() -> None:
    assert not replace(Owner.here(), boot_id="another").is_alive(seconds_since_heartbeat=0)


def test_an_owner_on_another_host_lives_as_long_as_its_lease() -> None:
    elsewhere = replace(Owner.here(), host="another")
    assert elsewhere.is_alive(seconds_since_heartbeat=LEASE_SECONDS - 1)
    assert not elsewhere.is_alive(seconds_since_heartbeat=LEASE_SECONDS + 1)


def test_the_environment_names_machine_and_versions() -> None:
    import torch

    found = environment()
    assert found["torch"] == torch.__version__
    assert found["memory_bytes"] > 0
    assert all(found[name] for name in ("host", "os", "cpu", "python", "numpy", "actwise"))


def test_the_fingerprint_changes_with_what_may_change_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(threads: int = 1, memory_format: str = "contiguous") -> str:
        return fingerprint_id(
            fingerprint(device="cpu", threads=threads, memory_format=memory_format)
        )

    first = found()
    assert found() == first
    assert len({first, found(threads=2), found(memory_format="channels_last")}) == 3
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert found() != first


def test_the_fingerprint_sees_whether_denormals_are_flushed() -> None:
    import torch

    seen = {}
    for flush in (True, False):
        torch.set_flush_denormal(flush)
        values = fingerprint(device="cpu", threads=1, memory_format="contiguous")
        seen[flush] = values["flush_denormal"]
    assert seen == {True: "on", False: "off"}
    assert all(isinstance(value, str) for value in values.values())


@pytest.fixture
def on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no /proc, psutil tells of processes."""
    monkeypatch.setattr(sys, "platform", "darwin")


@pytest.mark.usefixtures("on_macos")
def test_without_proc_an_owner_is_known_by_the_time_at_which_it_started() -> None:
    owner = Owner.here()
    assert owner.process_start == repr(psutil.Process().create_time())
    assert owner.is_alive(seconds_since_heartbeat=NEVER)
    assert not replace(owner, process_start="0.0").is_alive(seconds_since_heartbeat=0)


@pytest.mark.usefixtures("on_macos")
def test_without_proc_an_owner_that_ended_is_dead_before_somebody_waits_for_it_and_after() -> None:
    with subprocess.Popen(["sleep", "30"]) as process:
        start = repr(psutil.Process(process.pid).create_time())
        owner = replace(Owner.here(), pid=process.pid, process_start=start)
        assert owner.is_alive(seconds_since_heartbeat=NEVER)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not owner.is_alive(seconds_since_heartbeat=0)
    assert not owner.is_alive(seconds_since_heartbeat=0)


@pytest.mark.usefixtures("on_macos")
def test_without_proc_a_hidden_owner_lives_as_long_as_its_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = Owner.here()

    def hidden(pid: int) -> psutil.Process:
        raise psutil.AccessDenied(pid)

    monkeypatch.setattr(psutil, "Process", hidden)
    assert owner.is_alive(seconds_since_heartbeat=LEASE_SECONDS)
    assert not owner.is_alive(seconds_since_heartbeat=LEASE_SECONDS + 1)


def test_the_fingerprint_of_a_gpu_names_it_and_its_libraries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"name of {device}")
    monkeypatch.setattr(torch.version, "cuda", "12.9")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    asked: dict[str, Any] = {"threads": 2, "memory_format": "channels_last"}
    found = fingerprint(device="cuda:1", **asked)
    of_cpu = fingerprint(device="cpu", **asked)
    assert found == of_cpu | {
        "device": "cuda",
        "gpu": "name of cuda:1",
        "cuda": "12.9",
        "cudnn": "91002",
    }
    assert (of_cpu["threads"], of_cpu["memory_format"]) == ("2", "channels_last")


@pytest.mark.parametrize(
    ("text", "generation"),
    [
        (
            "vendor_id\t: Maker\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: Its name\n\n"
            "vendor_id\t: Another\n",
            "Maker family 25 model 17",
        ),
        ("model name\t: Its name\nmodel\t: 17\n", "Its name"),
        ("Features\t: fp asimd\n", "a machine"),
        (None, "a machine"),
    ],
)
def test_a_processor_is_named_by_its_generation_or_as_well_as_it_can_be(
    text: str | None, generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_text = Path.read_text

    def read(path: Path, **options: Any) -> str:
        if path != Path("/proc/cpuinfo"):
            return read_text(path, **options)
        if text is None:
            raise FileNotFoundError
        return text

    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "a machine")
    values = fingerprint(device="cpu", threads=1, memory_format="contiguous")
    assert values["cpu"] == generation
