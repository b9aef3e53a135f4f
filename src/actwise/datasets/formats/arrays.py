"""One ``.npz`` file with the arrays x_train, y_train, x_test, y_test, as Keras names them.

Images are uint8, (N, H, W, C) or (N, C, H, W), grey ones also (N, H, W); labels are whole numbers,
(N,) or (N, 1). Arrays of Python objects are pickles and are never read.
"""

import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from io import BufferedReader
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...files import open_file
from ..content import Arrays, Form, Found, Split, cut, is_memory, make_split, numbered_classes
from .files import has_file

NAMES = ("x_train", "y_train", "x_test", "y_test")
SAVE_IT = f"numpy.savez(FILE, {', '.join(f'{name}=...' for name in NAMES)})"


def arrays_form(size: int | None = None) -> Form:
    """The form of one ``.npz`` file.

    Args:
        size: What to bring the images to, in pixels a side; None leaves them.
    """
    return Form(f"an .npz file with {', '.join(NAMES)}", partial(_find, size=size))


def _find(path: Path, *, size: int | None) -> Found | None:
    if not has_file(path):
        return None
    return Found(str(path), (path,), partial(_read, path, size=size))


def _read(path: Path, *, size: int | None) -> Arrays:
    with open_file(path) as file:
        arrays, unread = _load(file, path)
    train, test = (_part(path, arrays, names=names, size=size) for names in (NAMES[:2], NAMES[2:]))
    classes = numbered_classes(train, test, where=str(path))
    be = "is" if len(unread) == 1 else "are"
    notes = (f"{', '.join(cut(unread))} {be} not read",) if unread else ()
    return Arrays(train, test, classes, notes)


def _load(file: BufferedReader, path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The four arrays, and the names of others."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [name.removesuffix(".npy") for name in archive.namelist()]
            missing = [name for name in NAMES if name not in members]
            if missing:
                there = ", ".join(cut(members)) or "nothing"
                raise DataError(
                    f"{path} has no {' and no '.join(missing)}; it holds {there}: "
                    f"save it by {SAVE_IT}"
                )
            arrays = {name: _array(archive, name, path=path) for name in NAMES}
    except (DataError, OSError, MemoryError):
        raise
    except Exception:  # such as for a version of zip, or for names, that are not known
        raise DataError(f"{path} is not an .npz file, or damaged: save it by {SAVE_IT}") from None
    return arrays, [name for name in members if name not in NAMES]


def _array(archive: zipfile.ZipFile, name: str, *, path: Path) -> np.ndarray:
    try:
        with archive.open(f"{name}.npy") as member:
            array: np.ndarray = np.lib.format.read_array(member, allow_pickle=False)
    except zipfile.BadZipFile:
        raise
    except Exception as error:  # whatever a damaged header or a damaged member raises
        if is_memory(error):
            raise
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path}: {name} is an array of Python objects, which is a pickle and is never "
                "read; save one array of numbers, of images of one size"
            ) from None
        raise DataError(f"{path}: {name} is not a readable array: {error}") from None
    return array


def _part(
    path: Path, arrays: Mapping[str, np.ndarray], *, names: Sequence[str], size: int | None
) -> Split:
    images, labels = (arrays[name] for name in names)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    return make_split(images, labels, where=f"{path}: {names[0]}, {names[1]}", size=size)
