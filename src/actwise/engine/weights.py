"""A model's weights: their hash, and their file (safetensors, never pickle)."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ..errors import StoreError
from ..files import open_file


def weights_sha256(model: nn.Module) -> str:
    """SHA-256 over name, dtype, shape and bytes of every parameter and persistent buffer.

    In the order of names, on the CPU and in contiguous layout: device and memory format do not
    enter.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(cpu_copies(model.state_dict()).items()):
        digest.update(f"{name}\x1f{tensor.dtype}\x1f{tuple(tensor.shape)}\x1f".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def infinite_names(tensors: Mapping[str, Tensor]) -> set[str]:
    """Names of the tensors that hold an infinity or NaN; waits for the device once."""
    if not tensors:
        return set()
    # Numbers of one byte have no `isfinite` of their own.
    wide = [t.float() if t.dtype.itemsize == 1 else t for t in tensors.values()]
    are_finite = torch.stack([torch.isfinite(tensor).all() for tensor in wide]).tolist()
    return {name for name, is_finite in zip(tensors, are_finite, strict=True) if not is_finite}


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the weights as safetensors; the file appears whole or not at all.

    Raises:
        StoreError: if the disk is full or the folder cannot be written.
    """
    content = save(cpu_copies(model.state_dict()))
    with disk_errors(f"weights {str(path)!r}"):
        write_whole(path, content)


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill ``model`` with the weights of a file, which must fit exactly.

    Raises:
        StoreError: if the file cannot be read or holds other tensors.
    """
    try:
        # It maps the file, and would wait for a pipe.
        open_file(path).close()
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"weights {str(path)!r} cannot be read: {reason}") from None
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise StoreError(f"weights {str(path)!r} do not fit this model: {reason}") from None


def cpu_copies(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies on the CPU.

    Copies, since safetensors refuses tensors that share memory (tied weights).
    """
    return {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()
    }


def write_whole(path: Path, *parts: bytes) -> None:
    """Write a file that after a crash is there completely or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError:
        # A disk that refused the file may refuse this too; the first refusal is what matters.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Tell what the machine refuses of our own files from errors in code.

    Raises:
        StoreError: for any OSError within.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what} cannot be read or written: {error.strerror or error}") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
