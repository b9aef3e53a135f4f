"""Findings: properties of the table, and each of them planted in a study that is else sound.

Their words are kept in tests/data/wholes/findings.txt; who changes them writes it anew by
``PYTHONPATH=src:tests python tests/analysis/test_checks_findings.py``, and reads its difference.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.analysis.checks import FINDINGS, Facts, check_published, find_all, outlier_runs
from actwise.analysis.effects import effects_of
from actwise.analysis.model import fit_model, is_percent
from actwise.analysis.precision import Seen, looks_at
from actwise.analysis.reading import StudyResults, load_bank
from actwise.analysis.table import Observations
from actwise.store import Look
from made.cases import paper
from made.studies import LEVELS, made_rows
from made.wholes import differences, keep

FACTORS = tuple(LEVELS)


def sound_rows() -> list[dict[str, Any]]:
    return made_rows(
        seeds=5,
        generator=np.random.default_rng(0),
        truth=lambda cell: 80.0 + (cell["activation"] == "elu"),
    )


def facts_of(
    rows: list[dict[str, Any]], *, factors: tuple[str, ...] = FACTORS, **changes: Any
) -> Facts:
    return facts(Observations.from_rows(rows, factors=factors, **changes))


def facts(observed: Observations, **changes: Any) -> Facts:
    """What an analysis knows; ``changes`` are attributes of the results."""
    results = StudyResults("rows", "made", "made", observed, **changes)
    model = fit_model(observed)
    models = [model]
    if not model.cells:
        return Facts(results, observed, model)
    if is_percent(observed):
        models.append(fit_model(observed, scale="logit"))
    outliers = outlier_runs(model)
    return Facts(results, observed, model, effects_of(models), outliers=outliers)


def evidence(found: Facts) -> dict[str, str]:
    return {finding.code: finding.evidence for finding in find_all(found)}


def changed(**values: Any) -> Callable[[], Facts]:
    """A sound study of which some runs have other values."""

    def made() -> Facts:
        rows = sound_rows()
        rows[3] |= values
        return facts_of(rows)

    return made


def with_records(**records: Any) -> Callable[[], Facts]:
    return lambda: facts(Observations.from_rows(sound_rows(), factors=FACTORS), **records)


def confounded() -> Facts:
    rows = [{**row, "width": "1.0" if row["model"] == "vgg16" else "0.5"} for row in sound_rows()]
    return facts_of(rows, factors=(*FACTORS, "width"))


def looked_at_before() -> Facts:
    look = Look("2026-01-01T00:00", None, "analyze", 3, 36, 0.05)
    return replace(with_records()(), looks=looks_at(Seen(5, 60), taken=[look]))


def few_seeds() -> Facts:
    return facts_of([row for row in sound_rows() if row["seed"] < 2])


def one_condition_at_three_seeds() -> Facts:
    chosen = {"dataset": "cifar10", "model": "vgg16", "regularization": "bn"}
    rows = [r for r in sound_rows() if r["seed"] < 3 and chosen.items() <= r.items()]
    return facts_of(rows)


def near_the_ceiling() -> Facts:
    """Gaps of 2 points at 80 % and of .5 points at 98 %."""
    rows = made_rows(
        seeds=5,
        generator=np.random.default_rng(0),
        sd=0.05,
        truth=lambda cell: (
            (80.0 if cell["dataset"] == "cifar100" else 98.0)
            + (2.0 if cell["dataset"] == "cifar100" else 0.5) * (cell["activation"] == "elu")
        ),
    )
    return facts_of(rows)


def fractions() -> Facts:
    return facts_of([{**r, "test_accuracy": r["test_accuracy"] / 100} for r in sound_rows()])


def hardly_learned() -> Facts:
    rows = sound_rows()
    for row in rows:
        if (row["model"], row["activation"]) == ("vgg16", "relu"):
            row["test_accuracy"] /= 4
    return facts_of(rows)


def no_variance() -> Facts:
    return facts_of(made_rows(seeds=5, generator=np.random.default_rng(0), sd=0.0))


def selected() -> Facts:
    rows = [{**row, "best_test_accuracy": row["test_accuracy"]} for row in sound_rows()]
    return facts_of(rows, response="best_test_accuracy")


def written_in_two_ways() -> Facts:
    rows = [
        {**r, "activation": "ReLU" if r["activation"] == "prelu" else r["activation"]}
        for r in sound_rows()
    ]
    return facts_of(rows)


def contradicting() -> Facts:
    return Facts(
        StudyResults("bank", "mish", "mish", None), published=check_published(load_bank("mish"))
    )


def missing_cells() -> Facts:
    rows = [r for r in sound_rows() if r["model"] == "vgg16" or r["activation"] == "relu"]
    return facts_of(rows)


def outlying() -> Facts:
    rows = made_rows(seeds=12, generator=np.random.default_rng(5))
    rows[3]["test_accuracy"] += 4
    return facts_of(rows)


PLANTED: dict[str, tuple[Callable[[], Facts], str]] = {
    "A001": (confounded, "model and width"),
    "A002": (few_seeds, "24 of 24 cells with fewer than 3 runs"),
    "A003": (outlying, "cifar10, vgg16, bn, relu, seed 3: "),
    "A004": (selected, "best_test_accuracy"),
    "A005": (looked_at_before, "before: 3 seeds (36 runs); now: 5 seeds (60 runs)"),
    "A006": (
        with_records(epochs={("vgg16", "relu"): 80.0, ("vgg16", "elu"): 120.0}),
        "from 80 (vgg16, relu) to 120 epochs (vgg16, elu)",
    ),
    "A007": (
        with_records(
            fingerprints={("net", 0): {"a", "b"}, ("net", 10): {"a", "c"}, ("other", 0): {"c"}}
        ),
        "seeds 0, 10 of net",
    ),
    "A008": (
        changed(status="diverged", test_accuracy=None),
        "cifar10, vgg16, bn, relu: 1/5 (1% to 72%)",
    ),
    "A009": (near_the_ceiling, "mean accuracies from 80.0 to 98.5 %: beyond the ceiling (90 %)"),
    "A010": (contradicting, "SoftPlus(β = 1): lower limit -4.7778, recomputed -5.0878"),
    "A011": (missing_cells, "8 of 24; cifar10, resnet18, bn, prelu"),
    "A014": (no_variance, "cifar10, vgg16; cifar10, resnet18; cifar100, vgg16"),
    "A015": (
        with_records(flow={"planned": 12, "failed": 1, "missing": 2}),
        "1 failed; 2 missing; 12 planned",
    ),
    "A017": (fractions, "test_accuracy from 0.79"),
    "A018": (hardly_learned, "4 of 24 cells; cifar10, vgg16, bn, relu: 20.0"),
    "A019": (changed(test_accuracy=10.0), "cifar10, vgg16, bn, relu: 1/5 (1% to 72%)"),
    "A020": (one_condition_at_three_seeds, "cifar10, vgg16: 2 degrees of freedom"),
    "A022": (with_records(twins=("a = b, seed 0",)), "a = b, seed 0"),
    "A023": (written_in_two_ways, "activation relu and ReLU"),
    "A024": (with_records(shifts=("a: 1 of 1 run",)), "a: 1 of 1 run"),
}


def test_codes_rise_and_are_never_used_again() -> None:
    codes = [entry.code for entry in FINDINGS]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"A\d{3}", code) for code in codes)
    assert not {"A012", "A013", "A016", "A021"} & set(codes)
    assert len({entry.title for entry in FINDINGS}) == len(FINDINGS)


@pytest.mark.parametrize("entry", FINDINGS, ids=lambda entry: entry.code)
def test_every_finding_is_found_where_it_is_planted(entry: Any) -> None:
    made, beginning = PLANTED[entry.code]
    found = evidence(made())
    assert found.get(entry.code, "").startswith(beginning)
    assert entry.title
    assert entry.advice.endswith(".")


def all_words(folder: Path | None = None) -> Iterator[str]:
    """Each finding where it is planted, in full."""
    for code, (made, _) in PLANTED.items():
        for found in find_all(made()):
            if found.code == code:
                yield f"{code} {found.title}: {found.evidence}. {found.advice}"


def test_every_finding_reads_as_it_did() -> None:
    assert differences("findings", all_words()) == []


def test_a_sound_study_has_no_finding() -> None:
    assert evidence(facts_of(sound_rows())) == {}


def test_the_paper_has_single_runs_and_a_ceiling() -> None:
    found = evidence(facts(paper()))
    assert set(found) == {"A002", "A009"}
    assert "regularization:activation: 42.3 % in points, 58.4 %" in found["A009"]


def test_long_evidence_is_cut_and_counted() -> None:
    assert evidence(missing_cells())["A011"].endswith("; and 1 more")


def test_aliased_labels_change_together() -> None:
    found = evidence(with_records(aliases=("elu and elu(1)",))())
    assert found == {"A001": "one network: elu and elu(1)"}


def test_lengths_that_the_study_asks_for_are_no_finding() -> None:
    factors = ("train.epochs", "activation")
    asked = {("3", "relu"): 3.0, ("3", "elu"): 3.0, ("27", "relu"): 27.0, ("27", "elu"): 27.0}
    rows = [
        {"train.epochs": epochs, "activation": level, "seed": seed, "test_accuracy": 80 + seed}
        for epochs, level in asked
        for seed in range(5)
    ]
    runs = Observations.from_rows(rows, factors=factors)
    assert "A006" not in evidence(facts(runs, epochs=asked))
    stopped = evidence(facts(runs, epochs={**asked, ("27", "elu"): 20.0}))
    assert stopped["A006"] == "from 20 (27, elu) to 27 epochs (27, relu)"


def test_no_runs_and_lost_runs_alone_give_what_can_be_said() -> None:
    assert evidence(facts_of([])) == {}
    rows = [{**row, "status": "diverged", "test_accuracy": None} for row in sound_rows()[:2]]
    assert evidence(facts_of(rows)) == {"A008": "cifar10, vgg16, bn, relu: 2/2 (16% to 100%)"}


@pytest.mark.parametrize(("dataset", "points"), [("cifar10", 0.48), ("cifar100", 1.38)])
def test_the_optimism_that_the_finding_quotes_follows_from_the_bank(
    dataset: str, points: float
) -> None:
    bank = load_bank("trottier")
    curves_RE = bank.curves()[[row["dataset"] == dataset for row in bank.rows()]]
    complete_RE = curves_RE[~np.isnan(curves_RE).any(axis=1)]
    optimism = np.mean(complete_RE[:, -1] - complete_RE.min(axis=1))
    assert optimism == pytest.approx(points, abs=5e-3)
    (entry,) = (entry for entry in FINDINGS if entry.code == "A004")
    assert f"{points}" in entry.advice


if __name__ == "__main__":
    keep({"findings": all_words})
