"""Small parts that larger tests pass by: a message, a stream of a device, a line of a terminal."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from actwise import registry
from actwise.cli.sign_of_life import SIGN_SECONDS, SignOfLife
from actwise.cli.streams import prepare_streams
from actwise.engine.masks import CpuBits, CudaBits
from actwise.errors import SpecError
from actwise.files import MOST_TOML_BYTES, read_file, read_toml
from actwise.registry import Parameter, Registry
from actwise.spec.claims import hash_claims_file
from actwise.store.runs.owners import LEASE_SECONDS, Owner


@dataclass(frozen=True)
class Entry:
    name: str


def test_a_name_is_taken_once() -> None:
    table = Registry[Entry]("tool")
    table.add(Entry("saw"))
    with pytest.raises(SpecError) as refusal:
        table.add(Entry("saw"))
    assert str(refusal.value) == "the tool 'saw' is registered twice"


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        (Parameter("p", 1.0, low=0, high=2), 0, None),
        (Parameter("p", 1.0, low=0, high=2), 2, None),
        (Parameter("p", 1.0, low=0, high=2), -0.1, "p=-0.1 must be at least 0 and at most 2"),
        (Parameter("p", 1.0, low=0, high=2), 2.1, "p=2.1 must be at least 0 and at most 2"),
        (Parameter("p", 1.0, above=0, below=2), 0, "p=0 must be above 0 and below 2"),
        (Parameter("p", 1.0, above=0, below=2), 2, "p=2 must be above 0 and below 2"),
        (Parameter("p", 3, low=1), 2.5, "p=2.5 must be a whole number"),
        (Parameter("p", True), 1, "p=1 must be on or off"),
        (Parameter("p", 1.0), True, "p=on must be a finite number of 32 bits"),
        (Parameter("p", 1.0), 3.4028234663852886e38, None),
        (Parameter("p", 1.0), 3.4028236e38, "p=3.4028236e+38 must be a finite number of 32 bits"),
        (Parameter("p", 1.0), 1.1754943508222875e-38, None),
        (Parameter("p", 1.0), 1.17e-38, "p=1.17e-38 must be a finite number of 32 bits"),
    ],
)
def test_a_parameter_takes_its_ends_and_nothing_beyond(
    parameter: Parameter, value: Any, said: str | None
) -> None:
    try:
        parameter.check(value, owner="o")
    except SpecError as refusal:
        assert str(refusal) == f"o: {said}"
    else:
        assert said is None


def test_levels_are_split_outside_parentheses() -> None:
    assert registry.split_outside("a(1,2),b,(c,d)", ",") == ["a(1,2)", "b", "(c,d)"]
    assert str(registry.Level("a", (1, True), (("k", 0.5),))) == "a(1,on,k=0.5)"


def test_bits_of_a_device_begin_with_each_epoch_and_go_on_from_a_position() -> None:
    """The generator of CUDA's masks, on a device that every machine has."""
    bits = CudaBits(3, "site", device=torch.device("cpu"))
    first = bits(9)
    assert (first.dtype, first.shape) == (torch.int16, (9,))
    where = bits.position()
    second = bits(9)
    assert not torch.equal(first, second)
    bits.start_epoch(2)
    assert not torch.equal(bits(9), first)
    bits.move_to(where)
    assert torch.equal(bits(9), second)
    bits.start_epoch(1)
    assert torch.equal(bits(9), first)
    other = CudaBits(3, "elsewhere", device=torch.device("cpu"))
    assert not torch.equal(other(9), first)


def test_bits_of_the_cpu_are_pinned() -> None:
    bits = CpuBits(3, "site")
    bits.start_epoch(1)
    assert bits(6).tolist() == [-25088, 502, 26222, -2258, -3353, 11699]


def test_stderr_is_written_line_by_line_and_a_file_as_it_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        prepare_streams()
        sys.stdout.write("a\n")
        sys.stderr.write("b ü\n")
        assert (tmp_path / "out").read_text() == ""
        assert (tmp_path / "err").read_text(encoding="utf-8") == "b ü\n"
        sys.stdout.flush()
        assert (tmp_path / "out").read_text() == "a\n"
        assert (sys.stdout.errors, sys.stderr.errors) == ("backslashreplace", "backslashreplace")


def test_a_sign_of_life_comes_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    said = SignOfLife("images", is_quiet=False)
    for seconds, what, done, total in (
        (0.0, "read", 0, 100),
        (SIGN_SECONDS - 0.1, "read", 10, 100),
        (SIGN_SECONDS, "read", 20, 100),
        (19.9, "read", 30, 100),
        (25.0, "written", 1000, None),
        (34.9, "written", 2000, None),
        (35.0, "written", 3000, None),
    ):
        now[0] = seconds
        said(what, done, total)
    assert sys.stderr.getvalue().splitlines() == [
        "read: 20 of 100 images, about 40 s left",
        "written: 3,000 images",
    ]


def test_a_key_has_at_most_32_parts(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(".".join("a" * 33) + "=1")
    with pytest.raises(ValueError, match="a key has more than 32 parts"):
        read_toml(tmp_path / "a.toml")
    (tmp_path / "a.toml").write_text(".".join("a" * 32) + "=1")
    read_toml(tmp_path / "a.toml")


def test_a_file_has_at_most_the_bytes_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"#" * MOST_TOML_BYTES)
    assert read_toml(path) == {}
    path.write_bytes(b"#" * (MOST_TOML_BYTES + 1))
    with pytest.raises(OSError, match="it is larger than 250,000 bytes, the most that is read"):
        read_toml(path)
    assert len(read_file(path)) == MOST_TOML_BYTES + 1
    with pytest.raises(SpecError, match="cannot be read: it is larger than"):
        hash_claims_file(path)


def test_an_owner_elsewhere_is_alive_while_its_heartbeat_is_fresh() -> None:
    elsewhere = Owner("nowhere", "boot", 1, "start")
    assert elsewhere.is_alive(seconds_since_heartbeat=LEASE_SECONDS)
    assert not elsewhere.is_alive(seconds_since_heartbeat=LEASE_SECONDS + 0.1)
    here = Owner.here()
    assert here.is_alive(seconds_since_heartbeat=1e9)
    assert not here.is_alive(seconds_since_heartbeat=1e9, is_seen=False)
    gone = Owner(here.host, here.boot_id, 2**22 + 1, here.process_start)
    assert not gone.is_alive(seconds_since_heartbeat=0.0)
    rebooted = Owner(here.host, "another", here.pid, here.process_start)
    assert not rebooted.is_alive(seconds_since_heartbeat=0.0)
    assert str(elsewhere) == "process 1 on nowhere"
