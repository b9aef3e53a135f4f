"""The study that a user means: of a model and a data set, or one of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SpecError, shortened
from ..numbers import counted
from ..spec import StudySpec, load_study, shipped_studies
from ..usercode import level_of
from .race import candidate_names
from .request import RaceRequest

CANDIDATES = ("relu", "prelu", "elu", "gelu", "silu", "mish")
EPOCHS = 27
_HAS_NO_EFFECT = {
    "seeds": "a race takes the seeds that it needs",
    "looks": "a race is looked at after every run",
    "exclude": "a race has one network, and every candidate runs in it",
}
_ASKED_BY = {
    "factors.activation": "candidates",
    "factors.dataset": "dataset",
    **dict.fromkeys(
        ("train.epochs", "factors.train.epochs", "task.settings.epochs", "factors.epochs"), "epochs"
    ),
}
"""Keys of overrides, and the option that says the same."""


def subject_study(request: RaceRequest) -> StudySpec:
    """What is to be raced as a study; of a model still without its regularization.

    Raises:
        SpecError: if there is no such study, or what is wanted has no effect.
    """
    subject, dataset, epochs = request.model, request.data, request.epochs
    asked = {"candidates": request.candidates, "dataset": dataset, "epochs": epochs}
    candidates = CANDIDATES if request.candidates is None else candidate_names(request.candidates)
    keys = [override.partition("=")[0].strip() for override in request.overrides]
    for key, override in zip(keys, request.overrides, strict=True):
        if key in _HAS_NO_EFFECT:
            raise SpecError(f"override {shortened(override)} has no effect: {_HAS_NO_EFFECT[key]}")
        option = _ASKED_BY.get(key)
        if option is not None and asked[option] is not None:
            raise SpecError(f"--{option} and {shortened(override)} say it twice; leave one")
        if key == "factors.model" and not _is_study(subject):
            said = shortened(_shown(subject))
            raise SpecError(f"the model is {said}: leave out {shortened(override)}")
    if not _is_study(subject):
        if dataset is None:
            raise SpecError(
                f"recommend {shortened(_shown(subject))} needs a data set: --dataset cifar10"
            )
        assert not isinstance(subject, Mapping | Path)
        raw: Mapping[str, Any] = {
            "name": "recommend",
            "factors": {
                "dataset": [dataset],
                "model": [level_of(subject, kind="model")],
                "regularization": [""],
                "activation": list(candidates),
            },
            "train": {
                "epochs": EPOCHS if epochs is None else epochs,
                "schedule": "onecycle",
                "learning_rate": 0.1,
            },
        }
        return load_study(raw, request.overrides)
    assert isinstance(subject, str | Mapping | Path)
    study = load_study(subject, request.overrides)
    factors = dict(study.factors)
    if dataset is not None and study.task is not None:
        raise SpecError(f"--dataset {dataset} has no effect on a training of your own")
    if dataset is not None:
        factors["dataset"] = (dataset,)
    is_named = len(factors["activation"]) > 1 or "factors.activation" in keys
    if request.candidates is not None or not is_named:
        factors["activation"] = candidates
    raw = study.model_dump(exclude_unset=True) | {"factors": factors}
    if epochs is not None and study.task is None:
        raw["train"] = {**raw.get("train", {}), "epochs": epochs}
        factors.pop("train.epochs", None)
    elif epochs is not None:
        factors.pop("epochs", None)
        settings = raw["task"].get("settings", {})
        raw["task"] = {**raw["task"], "settings": {**settings, "epochs": epochs}}
    return load_study(raw)


def _is_study(subject: Any) -> bool:
    if not isinstance(subject, str):
        return isinstance(subject, Mapping | Path)
    return subject in shipped_studies() or subject.endswith(".toml")


def _shown(subject: Any) -> str:
    return subject if isinstance(subject, str) else getattr(subject, "__qualname__", str(subject))


def refuse_what_has_no_effect(study: StudySpec) -> None:
    """Refuse what a race would not look at.

    Raises:
        SpecError: naming it.
    """
    for factor, levels in study.factors.items():
        if factor != "activation" and len(levels) > 1:
            shown = ", ".join(map(str, levels[:6]))
            raise SpecError(
                f"a race is about one network on one data set, and the factor {factor} has "
                f"{counted(len(levels), 'level')} ({shown}); write factors.{factor}={levels[0]}"
            )
    for name in ("looks", "exclude"):
        if getattr(study, name):
            raise SpecError(f"{name} of study {study.name!r} has no effect: {_HAS_NO_EFFECT[name]}")
    if study.observe.test_curve:
        raise SpecError(
            "observe.test_curve=on looks at the test split, which a race leaves alone before its "
            "advice; leave it out"
        )
    observe = study.observe
    if "validation_curve" in observe.model_fields_set and observe.validation_curve == "every":
        raise SpecError(
            "observe.validation_curve=every has no effect: a race looks at the held-out images "
            "once, after the last epoch; leave it out"
        )
    if study.race is not None:
        raise SpecError("[race] is what `actwise recommend` notes itself; leave it out")
