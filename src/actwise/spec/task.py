"""``[task]``: a study of the user's own trainings, and what one run of it is called with.

The factors of such a study are the activation and any names of the user's own: the arguments of
the training function, as its settings are. Nothing of ours trains, so neither ``[train]`` nor
``[observe]`` nor ``width`` has an effect.
"""

import json
import keyword
import math
import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from ..errors import SpecError, shortened
from ..registry import parse_level
from ..rows import says_lower_is_better
from ..usercode import level_of
from .train import Frozen

Argument = bool | int | float | str | tuple[bool | int | float | str, ...]
"""What a setting of a training function may be."""

METRIC_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@%+-]{0,99}")
"""Of what a training returns, such as ``accuracy``, ``val/loss`` or ``top-5``."""
TASK = "task"
"""The data set of a run whose training is the user's own, unless that is a factor."""
NO_DATA = "0" * 64
"""In the place of the digest of the data: what such a training reads is its own affair."""
_GIVEN = ("activation", "seed")
_REFUSED = ("train", "observe", "width")
_MOST_CHARACTERS = 5_000
"""Of one setting, as of a level."""


def _refuse_settings(value: Any) -> Any:
    for name, argument in value.items() if isinstance(value, Mapping) else ():
        refuse_name(name, what="setting")
        _refuse_argument(name, argument)
    return value


def _function_name(value: str) -> str:
    level = parse_level(value, kind="training")
    if not level.is_user_code or level.args or level.kwargs:
        raise SpecError(
            f"{shortened(value)} does not name a function; write package.module:function, and its "
            "arguments in [task.settings]"
        )
    return level.name


Settings = Annotated[dict[str, Argument], BeforeValidator(_refuse_settings)]
FunctionName = Annotated[str, AfterValidator(_function_name)]


class TaskSpec(Frozen):
    """What is trained in a study of the user's own trainings.

    Attributes:
        train: ``package.module:function``, called as ``function(activation, seed, **settings)``;
            it returns a number or a dict of numbers, or yields one dict an epoch. In Python the
            function itself will do.
        response: The number that is analysed; the name of the only one if none is named.
        higher_is_better: Its direction.
        unit: ``percent`` (0 to 100: differences are points) or ``none``.
        settings: Further arguments of the function, the same for all cells; a factor of the same
            name comes over one.
    """

    train: FunctionName
    response: str = "accuracy"
    higher_is_better: bool = True
    unit: Literal["percent", "none"] = "none"
    settings: Settings = Field(default_factory=dict)

    @field_validator("train", mode="before")
    @classmethod
    def _takes_functions(cls, value: Any) -> Any:
        return level_of(value, kind="training") if callable(value) else value

    @field_validator("response")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not METRIC_NAME.fullmatch(value):
            raise ValueError(f"{shortened(value)} is no name of a number, such as accuracy")
        return value

    @model_validator(mode="after")
    def _direction_is_meant(self) -> Self:
        if self.higher_is_better and says_lower_is_better(self.response):
            raise ValueError(
                f"response={self.response} has the name of an error or a loss; write "
                "higher_is_better = false, or another name if higher is better"
            )
        return self


class TaskRun(Frozen):
    """What one run of a user's own training is called with, beside its activation and seed."""

    function: FunctionName
    settings: Settings = Field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.function, json.dumps(self.settings, sort_keys=True)))

    @property
    def arguments(self) -> dict[str, Any]:
        """The settings as the function gets them: lists are lists again."""
        return {n: [*v] if isinstance(v, tuple) else v for n, v in self.settings.items()}


def task_levels(task: TaskSpec, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a RunSpec whose training is the user's own.

    Args:
        task: What is trained.
        asked: One level of every factor.
    """
    own = {name: level for name, level in asked.items() if name != "activation"}
    return {
        "dataset": asked.get("dataset", TASK),
        "model": asked.get("model", task.train),
        "regularization": asked.get("regularization", "none"),
        "activation": asked["activation"],
        "task": TaskRun(function=task.train, settings={**task.settings, **own}),
    }


def refuse_what_has_no_effect(given: set[str]) -> None:
    """Refuse tables of a study that say how our networks are trained.

    Raises:
        SpecError: naming the table.
    """
    for name in _REFUSED:
        if name in given:
            written = name if name == "width" else f"[{name}]"
            raise SpecError(
                f"{written} has no effect on a training of your own; leave it out, or write what "
                "your function takes into [task.settings]"
            )


def refuse_factors(task: TaskSpec, factors: Mapping[str, Sequence[Any]]) -> None:
    """Refuse factors that are no arguments, and a response with the name of an argument.

    No training may give back such a number. Levels that are equal in Python, such as 1 and true,
    are refused too: they would be one level to a table, and two to an analysis.

    Raises:
        SpecError: naming it.
    """
    for factor, levels in factors.items():
        if factor != "activation":
            refuse_name(factor, what="factor")
            _refuse_equal_levels(factor, levels)
    for what, names in (("factor", factors), ("setting", task.settings)):
        if task.response in names:
            raise SpecError(
                f"task.response={task.response} is the name of a {what} too, and no training may "
                "give back a number of that name; call one of them otherwise"
            )


def refuse_name(name: Any, *, what: str) -> None:
    """Refuse what cannot be an argument of a training function beside activation and seed.

    Raises:
        SpecError: naming it.
    """
    if name in _GIVEN:
        raise SpecError(f"the {what} {name!r} is given to every training; call yours otherwise")
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        hint = " ([train] has no effect on a training of your own)" * (str(name)[:6] == "train.")
        raise SpecError(f"the {what} {shortened(name)} is no name of an argument in Python{hint}")


def own_meaning(factor: str, asked: Any) -> Hashable:
    """A level of a user's own factor, told from others by type and value.

    Raises:
        SpecError: if it is no text, number or truth value.
    """
    is_text = factor in ("dataset", "model", "regularization")
    if isinstance(asked, list | tuple | dict) or asked is None or (is_text and asked != str(asked)):
        expected = "a text" if is_text else "a text, a number, true or false"
        raise SpecError(f"factors.{factor}: {shortened(asked)} is no level; write {expected}")
    _refuse_argument(factor, asked)
    return (type(asked).__name__, asked)


def _refuse_equal_levels(factor: str, levels: Sequence[Any]) -> None:
    first: dict[Hashable, Any] = {}
    for level in levels:
        own_meaning(factor, level)
        other = first.setdefault(level, level)
        if type(other) is not type(level):
            raise SpecError(
                f"the factor {factor!r} has the levels {json.dumps(other)} and "
                f"{json.dumps(level)}, which are equal in Python; leave one out, or write texts"
            )


def _refuse_argument(name: str, value: Any) -> None:
    for item in value if isinstance(value, list | tuple) else (value,):
        if not isinstance(item, bool | int | float | str):
            raise SpecError(
                f"{name}={shortened(value)} is no text, number or truth value, and no list of them"
            )
        if isinstance(item, float) and not math.isfinite(item):
            raise SpecError(f"{name}={item} is not a finite number")
        if isinstance(item, int) and not -(2**63) <= item < 2**63:
            raise SpecError(f"{name}={shortened(item)} is no whole number of 64 bits")
        if isinstance(item, str) and len(item) > _MOST_CHARACTERS:
            raise SpecError(f"{name}={shortened(item)} has more than {_MOST_CHARACTERS:,} letters")
