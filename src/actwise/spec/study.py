"""StudySpec: a whole design, the product of its factors."""

import itertools
import math
from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple, Self

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from ..errors import SpecError, UnknownNameError, shortened
from ..numbers import counted
from ..registry import parse_expression
from ..usercode import in_levels
from .analysis import AnalysisSpec
from .labels import check_labels
from .problems import first_problem
from .race import RaceSpec
from .run import REQUIRED_FACTORS, RunSpec, Width
from .seeds import check_seeds, expand_seeds
from .task import TaskSpec, own_meaning, refuse_factors, refuse_what_has_no_effect, task_levels
from .train import ObserveSpec, TrainSettings, TrainSpec, Typed

Scalar = bool | int | float | str | list[Any] | None

_KNOWN_FACTORS = (
    *REQUIRED_FACTORS,
    "width",
    *(f"train.{name}" for name in TrainSettings.model_fields),
)
_TEXT, _WIDTH = TypeAdapter(str), TypeAdapter[float](Width)
_MOST_RUNS = 10_000_000
_MOST_SHOWN = 20
_MOST_CHARACTERS = 5_000
"""Of a level; the path of a data set has at most 4,096."""


class _Level(NamedTuple):
    """A level of a factor: as asked for, and what it means, such as 1.0 for a width of 1."""

    factor: str
    asked: Any
    meant: Hashable


_Meanings = tuple[tuple[str, Hashable], ...]
"""(factor, what its level means) of some factors."""


class StudySpec(Typed):
    """A design: the product of its factors, at every seed, less what is excluded.

    Attributes:
        name: Name of the study; runs are filed under it.
        description: What it costs and what to expect; the first comment of a shipped study.
        seeds: Seeds, which are blocks: every cell is trained at each of them.
        factors: Levels of every factor: the four of ``REQUIRED_FACTORS``, ``width``, or any field
            of the training protocol as ``train.FIELD``. In Python a class or function is a level.
        train: Settings of all cells; a factor ``train.FIELD`` comes over them. Only with the
            factors must they go together.
        exclude: Rules; a cell that has all levels of one of them is left out. Every rule names
            levels of this study's factors.
        analysis: How the results will be analysed.
        labels: Names of levels as people are to read them; no part of what is trained.
        looks: Numbers of seeds at which the results will be looked at, fixed beforehand.
        task: What is trained where the training is the user's own: the factors are then the
            activation and any names of theirs.
        race: Of a study whose runs were asked for by a race; nobody writes it by hand.
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    description: str = ""
    width: Width = 1.0
    seeds: tuple[int, ...] = (0,)
    factors: dict[str, tuple[Scalar, ...]]
    train: TrainSettings = TrainSettings()
    observe: ObserveSpec = ObserveSpec()
    analysis: AnalysisSpec = AnalysisSpec()
    labels: dict[str, str] = Field(default_factory=dict)
    looks: tuple[int, ...] = ()
    exclude: tuple[dict[str, Scalar], ...] = ()
    task: TaskSpec | None = None
    race: RaceSpec | None = None

    _takes_code = field_validator("factors", mode="before")(in_levels)

    @field_validator("seeds", mode="before")
    @classmethod
    def _expand_seeds(cls, value: Any) -> Any:
        return expand_seeds(value)

    @model_validator(mode="after")
    def _design_is_complete(self) -> Self:
        if self.task is not None:
            refuse_what_has_no_effect(self.model_fields_set)
        self._check_factors()
        self._check_size()
        self._check_rules()
        check_seeds(self.seeds)
        check_labels(self.labels, self.factors, known=_KNOWN_FACTORS)
        if list(self.looks) != sorted(set(self.looks)) or any(look < 2 for look in self.looks):
            raise SpecError("looks must be rising numbers of seeds, each at least 2")
        self._check_observations()
        return self

    def cells(self) -> Iterator[RunSpec]:
        """One RunSpec a cell, at the first seed, in the order of the factors as written."""
        trainings = self._trainings()
        for levels in self._combinations():
            asked = {level.factor: level.asked for level in levels}
            if self.task is not None:
                yield RunSpec(seed=self.seeds[0], **task_levels(self.task, asked))
                continue
            yield RunSpec(
                dataset=asked["dataset"],
                model=asked["model"],
                regularization=asked["regularization"],
                activation=asked["activation"],
                width=asked.get("width", self.width),
                seed=self.seeds[0],
                train=trainings[_of_train(levels)],
            )

    def _check_factors(self) -> None:
        for factor in self.factors:
            if self.task is None and factor not in _KNOWN_FACTORS:
                raise UnknownNameError("factor", factor, _KNOWN_FACTORS)
        if self.task is not None:
            refuse_factors(self.task, self.factors)
        for factor in REQUIRED_FACTORS if self.task is None else ("activation",):
            if not self.factors.get(factor):
                raise SpecError(f"there is no level of the factor {factor!r}")
        for factor, levels in zip(self.factors, self._levels(), strict=True):
            if not levels:
                raise SpecError(f"the factor {factor!r} has no levels")
            if len({level.meant for level in levels}) < len(levels):
                raise SpecError(f"the factor {factor!r} lists a level twice")

        known = _KNOWN_FACTORS if self.task is None else tuple(self.factors)
        for name in self.analysis.strata or ():
            if name not in known:
                raise UnknownNameError("factor", name, known)

    def _check_size(self) -> None:
        """Before anything is multiplied out."""
        num_cells = math.prod(map(len, self.factors.values()))
        num_runs = num_cells * len(self.seeds)
        if num_runs > _MOST_RUNS:
            counts = " x ".join(f"{len(levels):,}" for levels in self.factors.values())
            raise SpecError(
                f"the factors and seeds make {_count(num_runs)} runs ({counts} levels, "
                f"{counted(len(self.seeds), 'seed')}), more than {_MOST_RUNS:,}; split the study"
            )
        num_kinds = len({tuple(sorted(rule)) for rule in self.exclude})
        if num_cells * num_kinds > _MOST_RUNS:
            raise SpecError(
                f"exclude: rules on {num_kinds:,} sets of factors for {num_cells:,} cells make "
                f"{_count(num_cells * num_kinds)} comparisons, more than {_MOST_RUNS:,}; "
                "split the study"
            )

    def _check_rules(self) -> None:
        """Every rule names levels of factors: a misspelt one would exclude nothing."""
        meanings = {
            factor: {level.meant for level in levels}
            for factor, levels in zip(self.factors, self._levels(), strict=True)
        }
        for rule in self.exclude:
            if not rule:
                raise SpecError("an exclude rule is empty; it would leave no cell")
            for factor, asked in rule.items():
                if self.task is None and factor not in _KNOWN_FACTORS:
                    raise UnknownNameError("factor", factor, _KNOWN_FACTORS)
                if factor not in self.factors:
                    known = ", ".join(self.factors)
                    raise SpecError(f"exclude names {factor}, but the factors are {known}")
                if self._level(factor, asked).meant not in meanings[factor]:
                    shown = list(map(str, self.factors[factor][:_MOST_SHOWN]))
                    shown += ["..."] * (len(self.factors[factor]) > _MOST_SHOWN)
                    raise SpecError(
                        f"exclude names {factor}={asked}, but the levels of {factor} are "
                        f"{', '.join(shown)} (write one of them, or drop all rules by exclude=none)"
                    )

    def _check_observations(self) -> None:
        """``validation_curve=last`` has an effect, and takes no epoch from a plateau schedule."""
        trainings = self._trainings().values()
        if not trainings:
            raise SpecError("the exclude rules leave no cell")
        if self.observe.validation_curve == "every":
            return
        if any(train.plateau_monitor == "validation_loss" for train in trainings):
            raise SpecError(
                "observe.validation_curve=last does not go with plateau_monitor=validation_loss, "
                "which needs the validation loss of every epoch; write every"
            )
        if not any(train.validation_fraction for train in trainings):
            raise SpecError(
                "observe.validation_curve=last has no effect without train.validation_fraction; "
                "leave it out"
            )

    def _levels(self) -> list[list[_Level]]:
        """The levels of each factor, in the order of the factors."""
        return [[self._level(f, asked) for asked in levels] for f, levels in self.factors.items()]

    def _level(self, factor: str, asked: Any) -> _Level:
        if self.task is not None and factor != "activation":
            return _Level(factor, asked, own_meaning(factor, asked))
        try:
            return _Level(factor, asked, _meaning(factor, asked))
        except ValidationError as error:
            within = "train" if factor.startswith("train.") else factor
            raise SpecError(first_problem(error, owner=TrainSettings, within=within)) from None

    def _combinations(self) -> Iterator[tuple[_Level, ...]]:
        """One level of every factor, less what is excluded."""
        places = {factor: place for place, factor in enumerate(self.factors)}
        # By the places of their factors: however many rules there are, few of those differ.
        excluded: dict[tuple[int, ...], set[tuple[Hashable, ...]]] = defaultdict(set)
        for rule in self.exclude:
            factors = sorted(rule, key=places.__getitem__)
            meanings = tuple(self._level(factor, rule[factor]).meant for factor in factors)
            excluded[tuple(places[factor] for factor in factors)].add(meanings)
        for levels in itertools.product(*self._levels()):
            if not any(
                tuple(levels[place].meant for place in at) in meanings
                for at, meanings in excluded.items()
            ):
                yield levels

    def _trainings(self) -> dict[_Meanings, TrainSpec]:
        """The distinct protocols of all cells, by the levels that they come from."""
        keys = dict.fromkeys(_of_train(levels) for levels in self._combinations())
        return {key: self._train_spec(key) for key in keys}

    def _train_spec(self, meanings: _Meanings) -> TrainSpec:
        settings = {name: getattr(self.train, name) for name in self.train.model_fields_set}
        settings |= {factor.removeprefix("train."): meant for factor, meant in meanings}
        try:
            return TrainSpec.model_validate(settings)
        except ValidationError as error:
            raise SpecError(first_problem(error, owner=TrainSettings, within="train")) from None


def _meaning(factor: str, asked: Any) -> Hashable:
    """A level's value in the type of its factor; texts without the freedom of spaces."""
    if factor.startswith("train."):
        name = factor.removeprefix("train.")
        meant: Hashable = getattr(TrainSettings.model_validate({name: asked}), name)
        return meant
    if factor == "width":
        return _WIDTH.validate_python(asked)
    text = _TEXT.validate_python(asked)
    if len(text) > _MOST_CHARACTERS:
        raise SpecError(
            f"factors.{factor}: {shortened(text)} has {len(text):,} characters; "
            f"a level has at most {_MOST_CHARACTERS:,}"
        )
    try:
        return "+".join(map(str, parse_expression(text, kind=factor)))
    except SpecError:  # not of the grammar: a data set's path, or for the factor's table to refuse
        return text.strip()


def _of_train(levels: tuple[_Level, ...]) -> _Meanings:
    return tuple((x.factor, x.meant) for x in levels if x.factor.startswith("train."))


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"{number:.0e}"
