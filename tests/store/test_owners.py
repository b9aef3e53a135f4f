"""Owners and environments: who trained, and where."""

import json
import os
import subprocess
import sys
from dataclasses import replace

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
