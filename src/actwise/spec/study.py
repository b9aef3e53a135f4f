"""StudySpec: a whole design, read from TOML and from overrides on the command line."""

import itertools
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from ..errors import SpecError, UnknownNameError
from ..registry import parse_value, split_outside
from .run import RunSpec
from .train import Frozen, ObserveSpec, TrainSpec

REQUIRED_FACTORS = ("dataset", "model", "regularization", "activation")
Scalar = bool | int | float | str | list[Any] | None


class StudySpec(Frozen):
    """A design: the product of its factors, at every seed, less what is excluded.

    Attributes:
        name: Name of the study; runs are filed under it.
        description: What it costs and what to expect; the first comment of a shipped study.
        seeds: Seeds, which are blocks: every cell is trained at each of them.
        factors: Levels of every factor: the four names of :data:`REQUIRED_FACTORS`, ``width``, or
            any field of the training protocol as ``train.FIELD``.
        exclude: Conditions; a cell that meets all entries of one of them is left out.
        looks: Numbers of seeds at which the results will be looked at, fixed beforehand.
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    description: str = ""
    width: float = 1.0
    seeds: tuple[int, ...] = (0,)
    factors: dict[str, tuple[Scalar, ...]]
    train: TrainSpec = TrainSpec()
    observe: ObserveSpec = ObserveSpec()
    looks: tuple[int, ...] = ()
    exclude: tuple[dict[str, Scalar], ...] = ()

    @field_validator("seeds", mode="before")
    @classmethod
    def _expand_seeds(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,)
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            return value
        return tuple(itertools.chain.from_iterable(_expand_range(item) for item in items))

    @model_validator(mode="after")
    def _design_is_complete(self) -> Self:
        known = (*REQUIRED_FACTORS, "width", *(f"train.{name}" for name in TrainSpec.model_fields))
        for factor in (*self.factors, *itertools.chain.from_iterable(self.exclude)):
            if factor not in known:
                raise UnknownNameError("factor", factor, known)
        for factor in REQUIRED_FACTORS:
            if not self.factors.get(factor):
                raise SpecError(f"study {self.name!r} has no level of the factor {factor!r}")
        for factor, levels in self.factors.items():
            if not levels:
                raise SpecError(f"study {self.name!r}: the factor {factor!r} has no levels")
            if len({repr(level) for level in levels}) < len(levels):
                raise SpecError(f"study {self.name!r}: the factor {factor!r} lists a level twice")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise SpecError(f"study {self.name!r}: seeds must be distinct numbers from 0 on")
        if list(self.looks) != sorted(set(self.looks)) or any(look < 1 for look in self.looks):
            raise SpecError(f"study {self.name!r}: looks must be rising numbers of seeds")
        return self

    def cells(self) -> Iterator[RunSpec]:
        """One RunSpec a cell, at the first seed, in the order of the factors as written.

        Raises:
            SpecError: if a combination is not a valid RunSpec.
        """
        names = list(self.factors)
        for levels in itertools.product(*self.factors.values()):
            cell = dict(zip(names, levels, strict=True))
            if any(all(cell.get(k) == v for k, v in rule.items()) for rule in self.exclude):
                continue
            yield self._run_spec(cell)

    def _run_spec(self, cell: dict[str, Any]) -> RunSpec:
        train = {k.removeprefix("train."): v for k, v in cell.items() if k.startswith("train.")}
        fields = {k: v for k, v in cell.items() if not k.startswith("train.")}
        set_by_study = {name: getattr(self.train, name) for name in self.train.model_fields_set}
        try:
            return RunSpec.model_validate(
                {
                    "width": self.width,
                    **fields,
                    "seed": self.seeds[0],
                    "train": set_by_study | train,
                }
            )
        except ValidationError as error:
            raise SpecError(f"study {self.name!r}: {first_problem(error)}") from None


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
        raise UnknownNameError("study", name_or_path, shipped_studies())
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
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
        raise SpecError(f"study {source!r}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """The first complaint of pydantic as one sentence, with the nearest name for unknown keys."""
    problem = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        owners: dict[Any, type[Frozen]] = {"train": TrainSpec, "observe": ObserveSpec}
        known = owners.get(problem["loc"][0], StudySpec).model_fields
        return str(UnknownNameError("setting", str(problem["loc"][-1]), known))
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":
        return f"{field}: {message}" if field else message
    return f"{field}={problem.get('input')!r}: {message[0].lower()}{message[1:]}"


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
    # "none" unsets a setting of the protocol; the regularization `none` is a level.
    values = [
        None if item.strip() == "none" and "train." in key else parse_value(item)
        for item in split_outside(text, ",")
    ]
    is_list = parents == ["factors"] or last in ("seeds", "looks", "step_milestones")
    table[last] = values if is_list or len(values) > 1 else values[0]


def _expand_range(item: Any) -> list[Any]:
    if not isinstance(item, str):
        return [item]
    first, dots, last = item.partition("..")
    try:
        return list(range(int(first), int(last) + 1)) if dots else [int(first)]
    except ValueError:
        raise SpecError(
            f"seeds={item!r} is not a list of numbers or a range such as 0..9"
        ) from None
