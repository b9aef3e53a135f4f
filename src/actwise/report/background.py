"""What a report says besides the results: scope, what was fixed beforehand, limits, provenance."""

import json
from collections.abc import Iterator, Mapping

from ..analysis.families import EXPLORATORY_ROWS
from ..analysis.numbers import number
from ..analysis.provenance import minute, study_sentences
from ..analysis.reading import StudyResults, level_times
from ..analysis.results import Analysis
from .views import View, make_view
from .wording import ranges, setting_text

PAPER_SETTINGS: Mapping[str, tuple[str, str]] = {
    "width": ("1", "narrower networks are less accurate and depend more on the activation"),
    "train.epochs": ("200", "fewer epochs: lower accuracy, faster activations look better"),
    "train.train_size": ("none", "fewer images: lower accuracy, regularization matters more"),
    "train.schedule": ("plateau", "a fixed length: equal training for all cells"),
    "train.learning_rate": ("0.1", "another rate may favour another activation"),
    "train.batch_size": ("128", "more or less noise in a step"),
    "train.optimizer": ("sgd", "adaptive steps hide differences of scale between activations"),
    "train.validation_fraction": ("0", "fewer images for training: slightly lower accuracy"),
}
"""What the paper did, by setting, and what is expected of a difference."""

_NUMERICS = ("device", "threads", "memory_format", "cpu_capability")

_CIFAR = ("cifar10", "cifar100")


def limits(analysis: Analysis) -> Iterator[str]:
    """What no statistics can mend, a sentence each."""
    source = analysis.source
    if source.kind != "store":
        yield "Verdicts hold at the learning rate and schedule of these runs; others may differ."
    elif "train.learning_rate" in source.scope:
        yield (
            "One learning rate for all activations: verdicts hold at this rate and schedule. The "
            "study `tuning` probes it."
        )
    yield f"All runs are tested on one test set, again and again: {_error(analysis)}."
    datasets = _datasets(source)
    if not datasets or set(_CIFAR) & set(datasets):
        yield (
            "CIFAR test sets hold near-duplicates of training images (about 3 % of CIFAR-10 and "
            "10 % of CIFAR-100, Barz & Denzler 2020): absolute accuracies are slightly too high."
        )
    if analysis.logit is not None:
        yield (
            "Points shrink mechanically near 100 %: claims that gaps change are judged on both "
            "scales."
        )


def scope_view(analysis: Analysis) -> View:
    """The settings that all runs share: every verdict holds within them."""
    source = analysis.source
    rows = [(name, setting_text(value)) for name, value in source.scope.items()]
    if source.observed is not None:
        for name, levels in zip(source.observed.factors, source.observed.levels, strict=True):
            if len(levels) > 1 or name not in source.scope:
                rows.append((name, ", ".join(levels)))
    note = "Verdicts hold for these settings; nothing is known beyond them."
    return make_view("Scope", ("setting", "value"), rows, left=2, note=note)


def plan_sentences(analysis: Analysis) -> Iterator[str]:
    """What was fixed beforehand, by the record of the store, and what is exploratory."""
    source = analysis.source
    yield from study_sentences(source)
    if source.first_result:
        yield f"The first result came on {minute(source.first_result)}."
    if analysis.claims_origin:
        yield f"{analysis.claims_origin[0].upper()}{analysis.claims_origin[1:]}."
    yield (
        "Margins, the model of the error and blocking follow rules of this version of actwise that "
        "look at no result. Exploratory: everything that was chosen after looking, such as a pair "
        "asked for, --margin, --where and --factors."
    )
    if len(analysis.differences.simple) > EXPLORATORY_ROWS:
        yield f"The table of all pairs has over {EXPLORATORY_ROWS} rows: it is exploratory."


def time_view(analysis: Analysis) -> View | None:
    """Mean epochs and training time of each level."""
    source = analysis.source
    times = level_times(source)
    if source.observed is None or not times:
        return None
    rows = [(row.level, number(row.epochs, 1), number(row.train_seconds, 1)) for row in times]
    note = "Means over the cells; times depend on the machine and on what else it did."
    header = (source.observed.focus, "epochs", "seconds a run")
    return make_view("Epochs and time", header, rows, note=note)


def deviations_view(source: StudyResults) -> View | None:
    """Where the study differs from the paper, with the direction that is expected."""
    if source.kind != "store":
        return None
    rows = []
    datasets = _datasets(source)
    if datasets and not set(_CIFAR) & set(datasets):
        rows.append(("data set", ", ".join(datasets), ", ".join(_CIFAR), "other images"))
    for name, (paper, effect) in PAPER_SETTINGS.items():
        here = setting_text(source.scope[name]) if name in source.scope else None
        if here is not None and not _is_same(here, paper):
            rows.append((name, here, paper, effect))
    header = ("setting", "here", "paper", "expected")
    return make_view("Deviations from the paper", header, rows, left=4) if rows else None


def provenance_view(source: StudyResults) -> View:
    """Machines and versions, and which seeds were trained there."""
    names = ("cpu", "os", "python", "torch", "numpy", "actwise", "cpu_capability")
    rows = []
    for environment in source.environments:
        numerics = environment.get("fingerprint", {})
        machine = ", ".join(str(environment[name]) for name in names if name in environment)
        run = ", ".join(f"{name} {numerics[name]}" for name in _NUMERICS if name in numerics)
        rows.append((machine or "unknown", run, ranges(environment.get("seeds", ()))))
    return make_view("Environments", ("machine and versions", "numerics", "seeds"), rows, left=3)


def specs(source: StudyResults) -> list[tuple[str, str]]:
    """Each study with its spec, indented JSON."""
    return [
        (note.study, json.dumps(json.loads(note.spec_json), indent=2, ensure_ascii=False))
        for note in source.studies
    ]


def _error(analysis: Analysis) -> str:
    """Of what the standard errors are."""
    if analysis.points and analysis.points.evidence.is_single_run:
        return "the standard errors of single runs are those of its images and of runs elsewhere"
    return "the standard errors of verdicts are those of runs, not of new images"


def _datasets(source: StudyResults) -> tuple[str, ...]:
    """Names of the data sets; empty where the source does not tell."""
    observed = source.observed
    if observed is None or "dataset" not in observed.factors:
        return ()
    return observed.levels_of("dataset")


def _is_same(here: str, paper: str) -> bool:
    try:
        return float(here) == float(paper)
    except ValueError:
        return here == paper
