"""Checkpoints: a training as it stands between two batches, safe against being killed.

A file is one line ``actwise-checkpoint 1 SHA-256`` and a safetensors payload whose metadata holds
the rest as JSON; nothing is pickled. (Both torch and safetensors load a file with a flipped bit
without a word: hence the hash.) It is written beside its place, synced, renamed and read back, and
only then is its predecessor deleted.

Its name ``<run id>.<token>.<number>.ckpt`` carries the fencing token of the lease under which it
was written. A worker reads those of its own and of older leases, and touches no newer one: a
stale worker that still writes cannot harm its successor.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from ..errors import StoreError
from ..files import open_file, read_file
from ..store.records import EpochRecord
from .weights import disk_errors, write_whole

INTERVAL_SECONDS = 30.0
_MAGIC = b"actwise-checkpoint 1 "
_METADATA_KEY = "state"


@dataclass(frozen=True, kw_only=True)
class TrainState:
    """A training between two batches: all that decides how it goes on.

    Attributes:
        tensors: Weights, buffers, optimizer memory, partial sums, torch's generators: on the CPU.
        history: The finished epochs.
        batch: Batches done of the epoch after them.
        past_seconds: Time spent on the batches of the finished epochs.
        epoch_seconds: Time spent on those of the unfinished one.
        learning_rate: Of the last step.
        schedule: State of the schedule, its plateau included.
        masks: Position of every mask stream.
        generators: Where Python's and numpy's own generators stand; empty in older checkpoints.
    """

    tensors: dict[str, Tensor]
    history: tuple[EpochRecord, ...]
    batch: int
    past_seconds: float
    epoch_seconds: float
    learning_rate: float
    schedule: dict[str, Any]
    masks: dict[str, Any]
    generators: dict[str, Any] = field(default_factory=dict)


class Checkpoints:
    """The checkpoints of one run under one lease.

    Attributes:
        run_id: The run.
        environment_changed: Whether the loaded training had begun under another fingerprint; it
            stays so in the checkpoints that follow.
        refusals: One sentence for every checkpoint that was found and not used.
    """

    def __init__(
        self,
        folder: Path,
        run_id: str,
        token: int,
        fingerprint: dict[str, str],
        *,
        allow_environment_change: bool = False,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """Nothing is read or written yet.

        Args:
            folder: Exists; shared by all runs of a store.
            run_id: The run.
            token: Fencing token of the lease.
            fingerprint: Numerics fingerprint of this process.
            allow_environment_change: Go on from a checkpoint of another fingerprint.
            interval_seconds: A checkpoint is due so long after the last one.
        """
        self.run_id = run_id
        self.environment_changed = False
        self.refusals: list[str] = []
        self._folder = folder
        self._token = token
        self._fingerprint = fingerprint
        self._allow_environment_change = allow_environment_change
        self._interval_seconds = interval_seconds
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Whether the last checkpoint (or the start) lies back by the interval."""
        return time.monotonic() - self._last >= self._interval_seconds

    def load(self) -> TrainState | None:
        """The newest state that is whole and fits, or None: then the run starts from nothing.

        Raises:
            StoreError: if the folder or a file in it cannot be read.
        """
        self.refusals.clear()
        with disk_errors(self._shown()):
            found = sorted(self._files(), key=lambda file: file[1], reverse=True)
        for path, _ in found:
            with disk_errors(f"checkpoint {str(path)!r}"):
                content = _read_if_there(path)
            if content is None:
                continue
            loaded = _parse(content)
            if loaded is None:
                self.refusals.append(f"{path.name} is damaged")
                continue
            header, tensors = loaded
            if header["run_id"] != self.run_id:
                self.refusals.append(f"{path.name} holds the run {header['run_id']}")
                continue
            differences = _differences(header["fingerprint"], self._fingerprint)
            if differences and not self._allow_environment_change:
                self.refusals.append(f"{path.name} was written elsewhere ({differences})")
                continue
            self.environment_changed = bool(differences) or header["environment_changed"]
            return _state(header["state"], tensors)
        return None

    def refuse(self, reason: str) -> None:
        """Do not go on from what was loaded."""
        self.refusals.append(reason)
        self.environment_changed = False

    def save(self, state: TrainState) -> None:
        """Write a state, read it back, then delete the older ones.

        Raises:
            StoreError: if the disk is full, the folder cannot be written, or the disk gives back
                other bytes; the last one remains.
        """
        with disk_errors(self._shown()):
            self._save(state)
        self._last = time.monotonic()

    def _save(self, state: TrainState) -> None:
        older = list(self._files())
        number = max((n for _, (token, n) in older if token == self._token), default=-1) + 1
        payload = save(state.tensors, metadata={_METADATA_KEY: self._header(state)})
        digest = hashlib.sha256(payload).hexdigest()
        path = self._folder / f"{self.run_id}.{self._token}.{number}.ckpt"
        write_whole(path, _first_line(digest), payload)
        if not _holds(path, digest):
            path.unlink()
            raise StoreError(f"checkpoint {str(path)!r} reads back other bytes than were written")
        for old, _ in older:
            old.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete every checkpoint of the run, of this lease and of older ones."""
        for path, _ in list(self._files(suffix=r"\.ckpt(\.tmp)?")):
            path.unlink(missing_ok=True)

    def _files(self, suffix: str = r"\.ckpt") -> Iterator[tuple[Path, tuple[int, int]]]:
        """Files of the run with (token, number), of this lease and of older ones."""
        pattern = re.compile(rf"{re.escape(self.run_id)}\.(\d+)\.(\d+){suffix}")
        for path in self._folder.iterdir():
            match = pattern.fullmatch(path.name)
            if match and int(match[1]) <= self._token:
                yield path, (int(match[1]), int(match[2]))

    def _shown(self) -> str:
        return f"checkpoints of run {self.run_id} in {str(self._folder)!r}"

    def _header(self, state: TrainState) -> str:
        values = {name: value for name, value in vars(state).items() if name != "tensors"}
        values["history"] = [asdict(record) for record in state.history]
        return json.dumps(
            {
                "run_id": self.run_id,
                "fingerprint": self._fingerprint,
                "environment_changed": self.environment_changed,
                "state": values,
            }
        )


def _first_line(digest: str) -> bytes:
    return _MAGIC + digest.encode() + b"\n"


def _holds(path: Path, digest: str) -> bool:
    """Whether a file reads back whole; in pieces, for its content is in memory three times."""
    with open_file(path) as file:
        is_ours = file.readline() == _first_line(digest)
        return is_ours and hashlib.file_digest(file, "sha256").hexdigest() == digest


def _read_if_there(path: Path) -> bytes | None:
    """None if it was deleted since the folder was listed: by a stale worker, or by the user."""
    try:
        return read_file(path)
    except FileNotFoundError:
        return None


def _parse(content: bytes) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """Header and tensors of a file; None if it is not whole."""
    first_line, newline, payload = content.partition(b"\n")
    if first_line + newline != _first_line(hashlib.sha256(payload).hexdigest()):
        return None
    # The safetensors format: 8 bytes of length, then JSON with the metadata, then the tensors.
    length = int.from_bytes(payload[:8], "little")
    metadata = json.loads(payload[8 : 8 + length])["__metadata__"]
    return json.loads(metadata[_METADATA_KEY]), load(payload)


def _state(values: dict[str, Any], tensors: dict[str, Tensor]) -> TrainState:
    history = tuple(EpochRecord(**record) for record in values.pop("history"))
    return TrainState(tensors=tensors, history=history, **values)


def _differences(there: dict[str, str], here: dict[str, str]) -> str:
    names = sorted(there.keys() | here.keys())
    return ", ".join(
        f"{name} {there.get(name)!r}, here {here.get(name)!r}"
        for name in names
        if there.get(name) != here.get(name)
    )
