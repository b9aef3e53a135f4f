"""``actwise init``: a study file to begin with, for the data that are here."""

import json
import re
import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DataError, SpecError
from ..numbers import counted
from ..printable import printable
from ..signs import listening
from .options import Data, Quiet
from .output import print_folded, print_text
from .sign_of_life import SignOfLife

if TYPE_CHECKING:
    from ..datasets import DatasetInfo

_FEW_IMAGES = 5_000
_SIZE = 32
_SIGNS = ("digits", "mnist", "kmnist", "emnist")
"""Sets of which a mirrored image is another sign, or none."""
_MOST_NAMED = 4
_COLUMN = 38
"""Where comments begin."""

_STUDY = """\
# Which activation suits these networks on these data? Change any line.
#   actwise plan {file}{data}
#   actwise run {file} --store {store}{data}
#   actwise analyze --store {store}
# The same `run` resumes. docs/study-files.md has every setting.
name = {name}
seeds = "0..2"  # three replicates of every cell
width = {width}  # of the usual number of channels

[factors]  # every combination is trained
dataset = [{dataset}]{others}
model = ["resnet18-table2"]  # or yours: package.module:Name
regularization = ["bn", {augmented}]  # `actwise list regularizers`
activation = ["relu", "elu", "prelu"]  # `actwise list activations`
# "train.learning_rate" = [{low}, {rate}]  # all of [train] can vary

[train]
epochs = {epochs}  # the paper's trainings have 200
batch_size = {batch}
schedule = "onecycle"
learning_rate = {rate}
# train_size = {part}  # fewer images: faster, less accurate

# [labels]  # how reports and tables name levels
# relu = "ReLU"
# "resnet18-table2" = "ResNet-18"
"""


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The new study file.")] = Path(
        "study.toml"
    ),
    data: Data = None,
    quiet: Quiet = False,
) -> None:
    """Write a study file with comments that fits the data found. Overwrites nothing."""
    from ..spec import load_study
    from ..sweep import make_plan
    from ..sweep.executors import Describer, Nursery

    _refuse_file(file)
    with listening(SignOfLife("images", is_quiet=quiet)):
        level, facts, others, problems = _choose(data)
        text = study_text(file, level, facts, others=others, data=data)
        try:
            study = load_study(tomllib.loads(text))
        except tomllib.TOMLDecodeError:
            raise DataError(f"{level!r} cannot stand in a study file; rename it") from None
        with Nursery() as nursery, Describer(data, nursery) as describe:
            plan = make_plan(study, describe)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        _refuse_file(file)
    cells = f"{counted(len(plan.cells), 'cell')} x {counted(len(study.seeds), 'seed')}"
    print_text(f"study: {file}")
    for name, said in (
        ("data", f"{level}: {facts.num_train:,} training images of {facts.num_classes} classes"),
        ("runs", f"{cells} = {counted(len(plan.runs), 'run')}"),
        *(("not read", problem) for problem in problems),
        ("next", f"actwise plan {shlex.quote(str(file))}{_data_option(data)}"),
    ):
        print_folded(name, said)


def study_text(
    file: Path, level: str, facts: "DatasetInfo", *, others: Sequence[str], data: Path | None
) -> str:
    """A study file for a data set, by its number of images and what a mirrored one means."""
    is_small = facts.num_train < _FEW_IMAGES
    batch = min(32 if is_small else 128, 2 ** max(0, facts.num_train.bit_length() - 4))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).lstrip("._-") or "study"
    rate = 0.05 if is_small else 0.1
    named = ", ".join(map(_quoted, others[:_MOST_NAMED]))
    text = _STUDY.format(
        file=printable(shlex.quote(str(file))),
        store=shlex.quote(f"{name}-runs"),
        data=_data_option(data),
        name=json.dumps(name),
        width=0.125 if is_small else 0.25,
        dataset=_quoted(level),
        others=f"  # here too: {named}" if named else "",
        augmented='"bn+crop"' if level.startswith(_SIGNS) else '"bn+aug"',
        low=rate / 2,
        rate=rate,
        epochs=8 if is_small else 6,
        batch=batch,
        part=max(batch, facts.num_train // 4),
    )
    pairs = (line.partition("  # ") for line in text.splitlines())
    return "".join(f"{code:<{_COLUMN}}{mark}{said}".rstrip() + "\n" for code, mark, said in pairs)


def _quoted(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def _choose(data: Path | None) -> "tuple[str, DatasetInfo, list[str], list[str]]":
    """The level to begin with, its facts, further ones, and what could not be read, and why."""
    from ..datasets import found_levels, info

    # Digits are always here: they are for who has nothing else.
    found = sorted(found_levels(data), key=lambda level: level == "digits")
    problems: list[str] = []
    for place, level in enumerate(found):
        kind, colon, path = level.partition(":")
        for written in (level, f"{kind}({path}, size={_SIZE})") if colon else (level,):
            try:
                facts = info(written, data)
            except (DataError, SpecError) as error:
                problem = str(error)
            else:
                return written, facts, found[place + 1 :], problems
        problems.append(problem)
    raise DataError("; ".join(problems) or "no data set is here, not even digits")


def _refuse_file(file: Path) -> None:
    if file.suffix != ".toml":
        raise SpecError(f"study file {str(file)!r} must end in .toml")
    if file.exists() or file.is_symlink():
        raise SpecError(f"{str(file)!r} is there already; init overwrites nothing: name another")


def _data_option(data: Path | None) -> str:
    return "" if data is None else f" --data {printable(shlex.quote(str(data)))}"
