"""The tables of docs/findings.md, from the results that come along.

Run: ``python -m benchmarks.findings.findings``. Every study under results/ is imported into a store
of its own that is deleted afterwards, and analysed as ``actwise analyze`` does; verdicts and
choices are in the words of its report. A test holds the page against what its commands print.
"""

import argparse
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import actwise
from actwise.analysis import Analysis
from actwise.numbers import counted
from actwise.report import words
from actwise.report.tables import View
from actwise.report.views import choice_view, sections
from actwise.store.exchange import import_folders
from benchmarks.findings.retrain import finished_runs, pieces
from benchmarks.printing import markdown

RESULTS = Path(__file__).parents[2] / "results"
PAPER = "the paper's 24 runs"
_WIDTH = 100


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    found = {PAPER: actwise.analyze("bank:paper")}
    for study in shipped():
        with store_of(RESULTS / study) as store:
            found[study] = actwise.analyze(store)
    rows = claims_rows(found)
    print(f"## Claims\n\n{claims_table(rows)}\n\n{claims_note(rows)}")
    for study in shipped():
        print(f"\n## {study}\n\n{choice_table(found[study])}\n\n{pairs_note(found[study])}")


def shipped() -> list[str]:
    """The studies under results/ that have a page, by name."""
    return sorted(path.parent.name for path in RESULTS.glob("*/README.md"))


def run_ids(study: str) -> set[str]:
    """Of the runs of a study under results/ that finished."""
    return {run["run_id"] for run in finished_runs(RESULTS / study)}


@contextmanager
def store_of(folder: Path) -> Iterator[actwise.RunStore]:
    """A store of a study's pieces, deleted afterwards."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        actwise.RunStore.open(Path(temporary) / folder.name, create=True) as store,
    ):
        import_folders(pieces(folder), store)
        yield store


def claims_rows(found: Mapping[str, Analysis]) -> list[list[str]]:
    """A row for every claim that can be judged on some runs, with what the verdict rests on.

    Of a study that trained another's runs again, only what it says besides.
    """
    ids = {PAPER: set[str](), **{name: run_ids(name) for name in shipped()}}
    rows: dict[str, list[list[str]]] = {}
    for runs, analysis in found.items():
        scale = words.claims_scale(analysis).removeprefix("Claims").removeprefix(" at ")
        parts = {row[0]: row for row in _view(analysis, "components").rows}
        for claim in words.judged_claims(analysis):
            _, part, estimate, _, _, lower, _, upper, _ = parts[claim.id]
            said = [runs, scale or "that of the claims", words.claim_verdict(claim), part]
            name = "" if claim.id in rows else f"{claim.id} {claim.statement}"
            row = [name, *said, estimate, lower, upper]
            same = (r for r in rows.get(claim.id, []) if ids[r[1]] == ids[runs])
            if not any(other[2:] == row[2:] for other in same):
                rows.setdefault(claim.id, []).append(row)
    return [row for key in sorted(rows) for row in rows[key]]


def claims_table(rows: Sequence[Sequence[str]]) -> str:
    """The rows, with their header."""
    header = ["claim", "runs", "scale", "verdict", "rests on", "estimate", "lower", "upper"]
    return markdown(header, rows, num_names=5)


def claims_note(rows: Sequence[Sequence[str]]) -> str:
    """How many verdicts the rows hold, and which studies share runs."""
    undecided = sum(row[3].startswith("undecided") for row in rows)
    said = f"{len(rows)} verdicts, {undecided} of them undecided."
    ids = {name: run_ids(name) for name in shipped()}
    for one, other in combinations(ids, 2):
        if shared := ids[one] & ids[other]:
            said += f" {counted(len(shared), 'run')} of {other} are runs of {one} too."
    return textwrap.fill(said, _WIDTH)


def choice_table(analysis: Analysis) -> str:
    """What to use in each network."""
    view = choice_view(analysis)
    assert view is not None, "every study under results/ compares activations"
    return markdown(view.header, view.rows, num_names=len(view.header))


def pairs_note(analysis: Analysis) -> str:
    """How many differences in single conditions are decided, and how many of those are fragile."""
    judged = [row.judged for row in analysis.pairs]
    undecided = sum(row.verdict == "undecided" for row in judged)
    fragile = sum(row.is_fragile for row in judged)
    looked_twice = any(row.own is not None for row in judged)
    second = (
        f"{fragile} of the others fragile" if looked_twice else "too few seeds for own variances"
    )
    return f"Differences in single conditions: {len(judged)}, {undecided} undecided, {second}."


def _view(analysis: Analysis, id: str) -> View:
    """A table of the report."""
    (view,) = (view for part in sections(analysis) for view in part.views if view.id == id)
    return view


if __name__ == "__main__":
    main()
