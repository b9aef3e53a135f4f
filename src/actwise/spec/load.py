"""Where a study comes from: a TOML file or a shipped one, then overrides of the command line."""

import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import SpecError, UnknownNameError
from ..registry import parse_value, split_outside
from .problems import first_problem
from .study import StudySpec


def shipped_studies() -> list[str]:
    """Names of the studies that come with actwise."""
    folder = resources.files("actwise") / "studies"
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def load_study(name_or_path: str, overrides: Sequence[str] = ()) -> StudySpec:
    """Read a TOML file or a shipped study, then apply ``key=value`` overrides.

    Raises:
        SpecError: if there is no such study, or it or an override is not valid.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml" or "/" in name_or_path:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise SpecError(f"study file {name_or_path!r} cannot be read: {reason}") from None
    elif name_or_path in shipped_studies():
        text = (resources.files("actwise") / "studies" / f"{name_or_path}.toml").read_text("utf-8")
    else:
        unknown = UnknownNameError("study", name_or_path, shipped_studies())
        raise SpecError(f"{unknown} (a study of your own: the path of a .toml file)")
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers too long, tables too deep
        raise SpecError(f"study file {name_or_path!r} is not valid TOML: {error}") from None
    for override in overrides:
        _apply(raw, override)
    return parse_study(raw, source=name_or_path)


def parse_study(raw: dict[str, Any], *, source: str) -> StudySpec:
    """A StudySpec from plain values.

    Raises:
        SpecError: names the field, the value and what was expected.
    """
    try:
        return StudySpec.model_validate(raw)
    except ValidationError as error:
        raise SpecError(f"study {source!r}: {first_problem(error, owner=StudySpec)}") from None


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key:
        raise SpecError(f"override {override!r} is not key=value, such as train.epochs=10")
    *parents, last = ("factors", key[8:]) if key.startswith("factors.") else key.split(".")
    table = raw
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise SpecError(f"override {override!r}: {parent!r} is not a table")
    if (key, text.strip()) == ("exclude", "none"):
        table[last] = []
        return
    # "none" unsets a setting of the protocol; the regularization `none` is a level.
    values = [
        None if item.strip() == "none" and "train." in key else parse_value(item)
        for item in split_outside(text, ",")
    ]
    is_list = parents == ["factors"] or last in ("seeds", "looks", "step_milestones")
    table[last] = values if is_list or len(values) > 1 else values[0]
