"""The tables of docs/findings.md, from the results that come along.

Run: ``python benchmarks/findings.py [STUDY ...]``. Every study under results/ is imported into a
store of its own that is deleted afterwards, analysed as ``actwise analyze`` does, and printed as
Markdown. A test holds the page against it.
"""

import argparse
import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import actwise
import short_races
from actwise.analysis.claim import ClaimResult
from actwise.analysis.numbers import number, p_text, signed, span
from actwise.analysis.results import Analysis
from actwise.store.exchange import export_table, import_folders
from printing import markdown
from retrain import finished

RESULTS = Path(__file__).parents[1] / "results"
LENGTH = "train.epochs"
SIZE = "train.train_size"
MOST_CONDITIONS = 8
"""That are still printed one by one."""
FEWEST_SEEDS = 4
"""Of a study whose claims are judged without each seed in turn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="*", default=shipped(), help="default: all of results/")
    studies = parser.parse_args().studies
    if unknown := set(studies) - set(shipped()):
        parser.error(
            f"no results of {', '.join(sorted(unknown))}; there are {', '.join(shipped())}"
        )
    for study in studies:
        print(f"## {study}\n")
        with store_of(RESULTS / study) as store:
            print("\n\n".join(tables(store, actwise.analyze(store))) + "\n")


def shipped() -> list[str]:
    """The studies under results/, by name."""
    return sorted(path.parent.name for path in RESULTS.glob("*/study.toml"))


@contextmanager
def store_of(folder: Path) -> Iterator[actwise.RunStore]:
    """A store of a study's pieces, deleted afterwards."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        actwise.RunStore.open(Path(temporary) / folder.name, create=True) as store,
    ):
        import_folders(sorted(folder.glob("seed-*")), store)
        yield store


def tables(store: actwise.RunStore, analysis: Analysis) -> Iterator[str]:
    """What the page shows of a study: the analysis; of one with races, what each of them says."""
    yield from analysis_tables(analysis)
    if analysis.source.num_seeds >= FEWEST_SEEDS:
        yield sensitivity_table(store, analysis)
    observed = analysis.source.observed
    levels = dict(zip(observed.factors, observed.levels, strict=True)) if observed else {}
    if {LENGTH, SIZE} <= levels.keys():
        yield length_table(store, analysis, lengths=levels[LENGTH], size=levels[SIZE][-1])
        yield short_races.table(finished(export_table(store, "runs")))


def sensitivity_table(store: actwise.RunStore, whole: Analysis) -> str:
    """Verdicts on the claims with a variance for each cell, and without each seed in turn."""
    observed = whole.source.observed
    assert observed is not None and observed.seeds_R is not None
    seeds = sorted(set(observed.seeds_R.tolist()))
    found = {"all": whole, "a variance for each cell": actwise.analyze(store, variance="cell")}
    for left_out in seeds:
        where = [f"seed={seed}" for seed in seeds if seed != left_out]
        found[f"without seed {left_out}"] = actwise.analyze(store, where=where)
    judged = [claim.id for claim in whole.claims if claim.reason != "missing-cells"]
    rows = [[name, *answers(analysis, judged)] for name, analysis in found.items()]
    return markdown(["part", "may be best", *judged], rows, num_names=2 + len(judged))


def length_table(
    store: actwise.RunStore, whole: Analysis, *, lengths: Sequence[str], size: str
) -> str:
    """What ``analyze --where`` says of each length of training, and of the largest training."""
    parts = {f"{length} epochs": [f"{LENGTH}={length}"] for length in lengths}
    parts[f"{lengths[-1]} epochs, {size} images"] = [f"{LENGTH}={lengths[-1]}", f"{SIZE}={size}"]
    found = {"all": whole}
    found |= {name: actwise.analyze(store, where=where) for name, where in parts.items()}
    judged = ("C2", "C3", "C8")
    rows = []
    for name, analysis in found.items():
        gains = [gain.estimate.value for gain in analysis.points.gains] if analysis.points else []
        gained = f"{signed(min(gains))} to {signed(max(gains))}" if gains else ""
        rows.append([name, *answers(analysis, judged), gained])
    return markdown(["part", "may be best", *judged, "gains by augmentation"], rows, num_names=5)


def answers(analysis: Analysis, claims: Sequence[str]) -> list[str]:
    """The levels that may be best, and the verdict on each of these claims."""
    best = [row.level for row in analysis.differences.ranking if row.may_be_best]
    verdicts = {claim.id: claim.verdict for claim in analysis.claims}
    return [", ".join(best), *(verdicts[claim] for claim in claims)]


def analysis_tables(analysis: Analysis) -> Iterator[str]:
    """The ranking, the conditions where they are few, what augmentation adds, and the claims."""
    if analysis.differences.ranking:
        yield markdown(
            ["activation", "mean", "behind the best other", "95 % interval", "may be best"],
            [
                [
                    row.level,
                    number(row.mean),
                    signed(row.behind_best.value),
                    span(*row.behind_best.interval()),
                    "yes" if row.may_be_best else "no",
                ]
                for row in analysis.differences.ranking
            ],
        )
    if 0 < len(analysis.differences.separations) <= MOST_CONDITIONS:
        yield conditions_table(analysis)
    if analysis.points and analysis.points.gains:
        yield markdown(
            ["activation", "with augmentation minus without", "95 % interval"],
            [
                [gain.activation, signed(gain.estimate.value), span(*gain.estimate.interval())]
                for gain in analysis.points.gains
            ],
        )
    claims = [row for claim in analysis.claims for row in _claim_rows(claim)]
    header = ["claim", "verdict", "component", "estimate", "lower", "upper"]
    yield markdown(header, claims, num_names=3)


def conditions_table(analysis: Analysis) -> str:
    """Means in each condition, and the best against the second best."""
    means: dict[tuple[str, ...], dict[str, str]] = {}
    for row in analysis.cells:
        *condition, activation = row.cell
        means.setdefault(tuple(condition), {})[activation] = (
            "" if row.mean is None else number(row.mean.value)
        )
    activations = [row.level for row in analysis.differences.ranking]
    rows = []
    for found in analysis.differences.separations:
        condition = tuple(level for _, level in found.condition)
        lead = found.estimates[-1]
        rows.append(
            [
                ", ".join(condition),
                *(means[condition][activation] for activation in activations),
                found.best,
                number(lead.value),
                span(*lead.interval()),
                p_text(found.p[-1].adjusted),
            ]
        )
    header = ["condition", *activations, "best", "lead", "95 % interval", "p"]
    return markdown(header, rows)


def _claim_rows(claim: ClaimResult) -> Iterator[list[str]]:
    """A row for every component that is judged; one without numbers where cells are missing."""
    said = f"{claim.verdict} ({claim.reason})"
    judged = [part for part in claim.components if not math.isnan(part.bound)]
    if claim.reason == "missing-cells" or not judged:
        yield [claim.id, said, "", "", "", ""]
        return
    for place, part in enumerate(judged):
        names = [claim.id, said] if place == 0 else ["", ""]
        limits = (signed(part.estimate), number(part.lower), number(part.upper))
        yield [*names, part.name, *limits]


if __name__ == "__main__":
    main()
