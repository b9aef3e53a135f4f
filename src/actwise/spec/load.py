"""Where a study comes from: a TOML file or a shipped one, then overrides of the command line."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import SpecError, UnknownNameError, shortened
from ..files import read_toml
from ..registry import parse_value, split_outside
from .labels import check_labelled_levels
from .problems import first_problem
from .study import StudySpec

_MOST_STORED_CHARACTERS = 32_000_000
"""A million seeds, one by one, take 21 million."""


def shipped_studies() -> list[str]:
    """Names of the studies that come with actwise."""
    folder = resources.files("actwise") / "studies"
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def load_study(study: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> StudySpec:
    """Read a TOML file, a shipped study or a dict, then apply ``key=value`` overrides.

    A text without a slash and ``.toml`` is the name of a shipped study; a ``Path`` is a file.

    Raises:
        SpecError: if there is no such study, or it or an override is not valid.
    """
    if not isinstance(study, str | Path | Mapping):
        raise SpecError(
            f"the study is {shortened(study)}; the name of a shipped study, the path of a .toml "
            "file, or a dict is expected"
        )
    if isinstance(study, Mapping):
        source, raw = str(study.get("name", "without a name")), deepcopy(dict(study))
    else:
        source, raw = str(study), _read(study)
    written = deepcopy(raw.get("factors")) if overrides else None
    for override in overrides:
        _apply(raw, override)
    spec = parse_study(raw, source=source)
    # A level that the command line leaves out keeps its name in the file.
    before = written if isinstance(written, dict) else {}
    before = {name: levels for name, levels in before.items() if isinstance(levels, list)}
    check_labelled_levels(spec.labels, before, spec.factors)
    return spec


def _read(name_or_path: str | Path) -> dict[str, Any]:
    path, written = Path(name_or_path), str(name_or_path)
    if isinstance(name_or_path, str) and path.suffix != ".toml" and "/" not in name_or_path:
        if name_or_path not in shipped_studies():
            unknown = UnknownNameError("study", name_or_path, shipped_studies())
            raise SpecError(f"{unknown} (a study of your own: the path of a .toml file)")
        path = Path(str(resources.files("actwise") / "studies" / f"{name_or_path}.toml"))
    try:
        return read_toml(path)
    except OSError as error:
        raise SpecError(f"study file {written!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SpecError(f"study file {written!r} cannot be read: not UTF-8 text") from None
    except ValueError as error:  # also numbers too long
        raise SpecError(f"study file {written!r} is not valid TOML: {error}") from None


def parse_study(raw: dict[str, Any], *, source: str) -> StudySpec:
    """A StudySpec from plain values.

    Raises:
        SpecError: names the field, the value and what was expected.
    """
    try:
        return StudySpec.model_validate(raw)
    except ValidationError as error:
        raise SpecError(f"study {source!r}: {first_problem(error, owner=StudySpec)}") from None


def parse_stored_study(text: str) -> StudySpec:
    """A StudySpec from its JSON, as stores and exports hold it.

    Raises:
        SpecError: if it is none.
    """
    if len(text) > _MOST_STORED_CHARACTERS:
        raise SpecError(f"a stored study has {len(text):,} characters, more than any study takes")
    try:
        return StudySpec.model_validate_json(text)
    except ValidationError as error:
        raise SpecError(
            f"a stored study is damaged: {first_problem(error, owner=StudySpec)}"
        ) from None


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key:
        raise SpecError(f"override {shortened(override)} is not key=value, such as train.epochs=10")
    table_of, dot, rest = key.partition(".")
    is_named = bool(dot) and table_of in ("factors", "labels")  # in which names have dots
    *parents, last = (table_of, rest) if is_named else key.split(".")
    table = raw
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise SpecError(f"override {shortened(override)}: {shortened(parent)} is not a table")
    if (key, text.strip()) == ("exclude", "none"):
        table[last] = []
        return
    # "none" unsets a setting of the protocol; the regularization `none` is a level.
    values = [
        None if item.strip() == "none" and "train." in key else parse_value(item)
        for item in split_outside(text, ",")
    ]
    is_list = parents == ["factors"] or last in ("seeds", "looks", "step_milestones")
    table[last] = (
        text.strip()
        if table_of == "labels"
        else (values if is_list or len(values) > 1 else values[0])
    )
