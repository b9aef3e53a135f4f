"""A user's own data set: ``package.module:Name``, a function or class.

It is given the data folder (a Path or None) if it has a parameter ``data_dir``, and the level's
arguments. It returns a :class:`Dataset`, or a tuple (train_images, train_labels, test_images,
test_labels) with the class names as an optional fifth. Images are uint8 arrays or tensors, (N, H,
W), (N, C, H, W) or (N, H, W, C). Only its author knows what it depends on, so it is called anew
for every plan, once; the runs read what it gave from the cache (:func:`.load.load_planned`).
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ...errors import DataError, SpecError
from ...registry import Level
from ...usercode import call_user_object, describe_fault, load_user_object
from ..content import DATASETS, Arrays, Dataset, Found, is_memory, make_split, numbered_classes


def find_user_dataset(level: Level, data_dir: Path | None) -> Found:
    """The function that ``level`` names, ready to be called.

    Raises:
        SpecError: if the module or the name cannot be loaded.
    """
    try:
        make = load_user_object(level, kind="data set")
    except SpecError as error:
        raise SpecError(f"{error}{_misspelt(level)}") from error
    where = f"data set {level}"

    def read() -> Arrays:
        try:
            made = call_user_object(make, level, kind="data set", offered={"data_dir": data_dir})
            return _to_arrays(made, where)
        except (DataError, SpecError):
            raise
        except (Exception, SystemExit) as error:
            if is_memory(error):
                raise
            raise DataError(f"{where} failed: {describe_fault(error)}") from error

    return Found(where, (), read)


def _misspelt(level: Level) -> str:
    """Where a module cannot be loaded that is called much like a form of the table."""
    prefix, _, path = level.name.partition(":")
    forms = [name for name, entry in DATASETS.items() if entry.location == "path"]
    near = get_close_matches(prefix.lower(), forms, n=1)
    return f"; did you mean {near[0]}:{path}?" if near else ""


def _to_arrays(made: Any, where: str) -> Arrays:
    if isinstance(made, Dataset):
        made = (
            made.train_images_NCHW,
            made.train_labels_N,
            made.test_images_NCHW,
            made.test_labels_N,
            made.info.class_names,
        )
    if not isinstance(made, tuple) or len(made) not in (4, 5):
        raise DataError(
            f"{where} returned a {type(made).__name__}; expected a Dataset or a tuple of "
            "train_images, train_labels, test_images, test_labels"
        )
    train = make_split(made[0], made[1], where=f"{where}, training part")
    test = make_split(made[2], made[3], where=f"{where}, test part")
    if len(made) == 5:
        names = tuple(str(name) for name in made[4])
    else:
        names = numbered_classes(train, test, where=where)
    return Arrays(train, test, names)
