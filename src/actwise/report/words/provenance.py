"""What was fixed beforehand, what no statistics can mend, where a study departs from the paper."""

from collections.abc import Iterator, Mapping

from ...analysis import Analysis
from ...analysis.claims import plan_origins
from ...store import StoredStudy
from .labels import level_of
from .names import listed, setting_text
from .scope import decided_values, settings_text, values_of

_PAPER_SETTINGS: Mapping[str, tuple[str, str]] = {
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
_CIFAR = ("cifar10", "cifar100")
_DIGITS = 12
"""Of a digest: enough to tell two apart."""
_ORDER = {True: "before", False: "after"}


def provenance(analysis: Analysis) -> Iterator[str]:
    """Where verdicts hold, what was fixed beforehand by the record of the store, what was not."""
    results = analysis.results
    if settings := "; ".join(settings_text(decided_values(analysis))):
        yield f"Verdicts hold for {settings}; nothing is known beyond."
    first = results.first_result
    later = [note for note in results.studies if _came_later(note, first)]
    for note in results.studies:
        if note in later and len(later) > 1:
            continue
        order = _ORDER[first is None or note.started_at < first]
        spec = f"Study {note.study}, spec {note.study_hash[:_DIGITS]}"
        yield f"{spec}, was started on {_minute(note.started_at)}, {order} the first result."
        plans = [*plan_origins(note.registrations, first_result=first)]
        for plan in plans:
            order = f"{_minute(plan.recorded_at)}, {_ORDER[plan.is_beforehand]} the first result"
            yield f"Its plan, SHA-256 {plan.sha256[:_DIGITS]}, was recorded on {order}."
        if not plans:
            yield "Its plan was not recorded beforehand: the store is older than such records."
    if len(later) > 1:
        times = sorted(_minute(note.started_at) for note in later)
        yield (
            f"{len(later)} specs more, and their plans, came after the first result, from "
            f"{times[0]} to {times[-1]} (`analyze --json` has each)."
        )
    if first:
        yield f"The first result came on {_minute(first)}."
    yield from (f"{sentence[0].upper()}{sentence[1:]}." for sentence in results.not_computed)
    yield from _claims(analysis)
    yield from _looks(analysis)
    if analysis.question.margin is not None:
        yield f"The margin of {analysis.question.margin:g} was asked for now: exploratory."
    yield (
        "Margins, the model of the error and its strata follow rules of this version of actwise "
        "that look at no result. Exploratory: everything that was chosen after looking, such as a "
        "pair asked for, --margin, --strata, --where and --factors."
    )


def limits(analysis: Analysis) -> Iterator[str]:
    """What no statistics can mend, a sentence each."""
    results = analysis.results
    if "train.learning_rate" in results.scope:
        yield (
            "One learning rate for all activations: verdicts hold at this rate and schedule. The "
            "study `tuning` probes it."
        )
    model = analysis.model
    is_single = model is not None and not any(s.has_replicates for s in model.strata)
    if model is not None and model.observed.is_task:
        yield (
            "The trainings are your own: on which data they were judged is not recorded, so the "
            "standard errors of verdicts are those of runs; no margin is usual, and nobody knows "
            "what guessing would give."
        )
        return
    errors = (
        "the standard errors of single runs are those of its images and of runs elsewhere"
        if is_single
        else "the standard errors of verdicts are those of runs, not of new images"
    )
    yield f"All runs are tested on one test set, again and again: {errors}."
    if set(_CIFAR) & {*map(level_of, values_of(analysis).get("dataset", ()))}:
        yield (
            "CIFAR test sets hold near-duplicates of training images (about 3 % of CIFAR-10 and "
            "10 % of CIFAR-100, Barz & Denzler 2020): absolute accuracies are slightly too high."
        )
    if analysis.logit is not None:
        yield "Points shrink mechanically near 100 %: changes of gaps are judged on both scales."


def deviations(analysis: Analysis) -> list[tuple[str, str, str, str]]:
    """(setting, here, in the paper, what is expected of it) of a store's study."""
    observed = analysis.results.observed
    if analysis.results.kind != "store" or (observed is not None and observed.is_task):
        return []
    rows = []
    values = values_of(analysis)
    datasets = values.get("dataset", ())
    if datasets and not set(_CIFAR) & {*map(level_of, datasets)}:
        rows.append(("data set", ", ".join(datasets), ", ".join(_CIFAR), "other images"))
    for name, (paper, effect) in _PAPER_SETTINGS.items():
        here = [setting_text(value) for value in values.get(name, (paper,))]
        if not all(_is_same(level_of(text), paper) for text in here):
            rows.append((name, ", ".join(here), paper, effect))
    return rows


def _claims(analysis: Analysis) -> Iterator[str]:
    for origin in analysis.claims_origins:
        shown = f"Claims {origin.name} (SHA-256 {origin.sha256[:_DIGITS]})"
        at = origin.recorded_at
        when = f"recorded with the plan on {_minute(at)}" if at else "not recorded beforehand"
        yield {
            "beforehand": f"{shown}: {when}, before the first result.",
            "earlier-edition": (
                f"{shown}: second edition, written after these results; the first edition was "
                f"recorded on {_minute(origin.earlier_at or '')}, before the first result."
            ),
            "afterwards": f"{shown}: {when}, after the first result: exploratory.",
            "not-recorded": f"{shown}: {when}: exploratory.",
        }[origin.fixed]


def _looks(analysis: Analysis) -> Iterator[str]:
    """What planned and unplanned looks do to the level, a sentence each."""
    looks = analysis.looks
    if looks.nominal_level is not None:
        yield (
            f"Looks are planned at {listed([*map(str, looks.planned)])} seeds: each decides at "
            f"{looks.nominal_level:.3f}, so that all together err in 5 %."
        )
    if not looks.is_planned:
        yield "This look was not planned: intervals and p values are nominal."


def _came_later(note: StoredStudy, first_result: str | None) -> bool:
    """Whether a spec was started, and its plan recorded, after there was a result."""
    plans = [*plan_origins(note.registrations, first_result=first_result)]
    is_late = first_result is not None and note.started_at >= first_result
    return is_late and bool(plans) and not any(plan.is_beforehand for plan in plans)


def _minute(time: str) -> str:
    """A time of day as people read it."""
    return f"{time[:16].replace('T', ' ')} UTC"


def _is_same(here: str, paper: str) -> bool:
    try:
        return float(here) == float(paper)
    except ValueError:
        return here == paper
