"""The study that a user means: of a model and a data set, or one of their own."""

from collections.abc import Mapping
from typing import Any

from ..errors import SpecError, shortened
from ..numbers import counted
from ..spec import StudySpec, load_study, shipped_studies
from ..usercode import level_of
from .request import RaceRequest

CANDIDATES = ("relu", "prelu", "elu", "gelu", "silu", "mish")
EPOCHS = 27
_HAS_NO_EFFECT = {
    "seeds": "a race takes the seeds that it needs",
    "looks": "a race is looked at after every run",
    "exclude": "a race has one network, and every candidate runs in it",
}


def subject_study(request: RaceRequest) -> StudySpec:
    """What is to be raced as a study; of a model still without its regularization.

    Raises:
        SpecError: if there is no such study, or what is wanted has no effect.
    """
    subject, dataset, epochs = request.model, request.data, request.epochs
    for override in request.overrides:
        key = override.partition("=")[0].strip()
        if key in _HAS_NO_EFFECT:
            raise SpecError(f"override {shortened(override)} has no effect: {_HAS_NO_EFFECT[key]}")
        if epochs is not None and key in ("train.epochs", "task.settings.epochs"):
            raise SpecError(f"--epochs {epochs} and {shortened(override)} say it twice; leave one")
    if not _is_study(subject):
        if dataset is None:
            raise SpecError(
                f"recommend {shortened(_shown(subject))} needs a data set: --dataset cifar10"
            )
        assert not isinstance(subject, Mapping)
        raw: Mapping[str, Any] = {
            "name": "recommend",
            "factors": {
                "dataset": [dataset],
                "model": [level_of(subject, kind="model")],
                "regularization": [""],
                "activation": list(request.candidates or CANDIDATES),
            },
            "train": {"epochs": epochs or EPOCHS, "schedule": "onecycle", "learning_rate": 0.1},
        }
        return load_study(raw, request.overrides)
    assert isinstance(subject, str | Mapping)
    study = load_study(subject, request.overrides)
    factors = dict(study.factors)
    if dataset is not None and study.task is not None:
        raise SpecError(f"--dataset {dataset} has no effect on a training of your own")
    if dataset is not None:
        factors["dataset"] = (dataset,)
    if request.candidates is not None or len(factors["activation"]) == 1:
        factors["activation"] = tuple(request.candidates or CANDIDATES)
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
    if isinstance(subject, Mapping):
        return True
    is_named = isinstance(subject, str) and subject in shipped_studies()
    return is_named or (isinstance(subject, str) and subject.endswith(".toml"))


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
    if study.race is not None:
        raise SpecError("[race] is what `actwise recommend` notes itself; leave it out")
