"""From runs to one frozen :class:`Analysis`: every part asks its own module, in a fixed order."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import __version__
from ..errors import SpecError
from ..store import RunStore
from . import findings as find
from .asked import Pair, PairReport, pair_report
from .checks import all_findings, check_runs, robustness_of
from .claim import Claim, ClaimResult, judge_claims
from .claim_files import read_claims
from .claims import PAPER_CLAIMS
from .conditions import PairRow, separations, simple_effects
from .decision import decide, nothing
from .divergence import divergence_rates
from .evidence import Evidence, is_percent
from .image_errors import image_errors
from .incumbent import against_incumbent, choose_incumbent
from .looks import nominal_level, unplanned_looks
from .margins import margins
from .observations import Observations
from .precision import cell_deviations
from .ranking import ranking
from .readers import read_bank, read_file, read_table_rows
from .results import Analysis, CellRow, Checks, Differences, Looks
from .rule_table import rule_table
from .scaled import results_on
from .scales import SCALES, Scale
from .source import Reading, Row, Source, count_flow
from .stored import read_store
from .summary_analysis import analyze_summaries

SEED = 20_261_123
"""Of the draws behind P(best) and random sign flips: fixed, so that a report can be repeated."""


@dataclass(frozen=True)
class Question:
    """What is asked of the runs.

    Attributes:
        contrast: A pair (A, B) of levels of the compared factor, A minus B.
        claims: TOML file with claims of the user's own, judged beside the paper's.
        margin: Margin of equivalence in points for all data sets.
        scale: The scale that is shown.
        command: The command that looks at the results, for the record of looks.
    """

    contrast: Pair | None = None
    claims: Path | None = None
    margin: float | None = None
    scale: Scale = "points"
    command: str = "analyze"


def analyze(
    source: Source | Observations | RunStore | Sequence[Row] | str | Path,
    *,
    factors: Sequence[str] | None = None,
    response: str | None = None,
    lower_is_better: bool = False,
    study: str | None = None,
    where: Sequence[str] = (),
    contrast: Pair | None = None,
    claims: Path | str | None = None,
    margin: float | None = None,
    scale: Scale = "points",
) -> Analysis:
    """Analyse a store, a CSV file, a bank (``"bank:paper"``) or rows of runs.

    A store keeps a record that its verdicts were looked at.

    Args:
        source: Path of a store or of a ``.csv`` file, ``bank:NAME``, an open store, or rows.
        factors: Columns that tell cells apart; by default those that differ.
        response: The measured column; by default ``test_accuracy``.
        lower_is_better: Whether a low response is good.
        study: Only this study of a store.
        where: Conditions ``FIELD=VALUE`` on the rows.
        contrast: A pair (A, B) of levels of the compared factor, A minus B.
        claims: TOML file with further claims.
        margin: Margin of equivalence in points for all data sets.
        scale: The scale that is shown.

    Raises:
        ActwiseError: if the source cannot be read, or a name in it is not known.
    """
    question = Question(contrast, Path(claims) if claims else None, margin, scale)
    reading = Reading(
        tuple(factors) if factors else None, response, lower_is_better, study, tuple(where)
    )
    with open_source(source, reading) as opened:
        if isinstance(opened, RunStore):
            return analyze_store(opened, reading, question)
        return analyze_source(opened, question)


@contextmanager
def open_source(
    given: Source | Observations | RunStore | Sequence[Row] | str | Path, reading: Reading
) -> Iterator[Source | RunStore]:
    """Whatever :func:`analyze` takes, as an open store or as a source that has been read."""
    if isinstance(given, Source | RunStore):
        yield given
    elif isinstance(given, Observations):
        yield Source("rows", "observations", "observations", given, count_flow(given))
    elif not isinstance(given, str | Path):
        yield read_table_rows(given, reading)
    elif str(given).startswith("bank:"):
        yield read_bank(str(given).removeprefix("bank:"), reading)
    elif str(given).endswith(".csv"):
        yield read_file(Path(given), reading)
    else:
        with RunStore.open(given) as store:
            yield store


def analyze_store(store: RunStore, reading: Reading, question: Question) -> Analysis:
    """Analyse an open store; the look is recorded where verdicts come out of it."""
    source = read_store(store, reading)
    analysis = analyze_source(source, question)
    if source.num_seeds and not store.is_read_only:
        store.record_look(study=reading.study, what=question.command, num_seeds=source.num_seeds)
    return analysis


def analyze_source(source: Source, question: Question) -> Analysis:
    """Analyse what was read.

    Raises:
        SpecError: for a scale, margin or pair that makes no sense here.
        NotEstimableError: if the pair asked for was never run in one condition.
    """
    # Loaded first: limits hold only for libraries that are there when they are set.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    _check_question(question)
    # Many small matrices: on a busy machine waiting threads made this 4 times slower (1,000 cells).
    with threadpool_limits(1):
        return _analyze(source, question)


def _analyze(source: Source, question: Question) -> Analysis:
    if source.summaries:
        return analyze_summaries(source, contrast=question.contrast)
    assert source.observed is not None, "a source has runs or summaries"
    observed, looks = source.observed, _looks(source)
    if not observed.completed().num_runs:
        return _without_results(source, observed, question, looks)
    points = results_on(observed, "points", question.margin)
    evidence = points.evidence
    differences, every_pair = _differences(source, evidence, question.contrast)
    logit = None
    if is_percent(observed):
        logit = results_on(observed, "logit", question.margin, differences.simple)
    elif question.scale == "logit":
        raise SpecError(f"{observed.response} is no percentage: it has no logit scale")
    checks = check_runs(observed, evidence)
    claims, origin = _claims(source, observed, question)
    return Analysis(
        source=source,
        scale=question.scale,
        margin=question.margin,
        decision=decide(
            evidence,
            differences.ranking,
            differences.separations,
            every_pair,
            sizes=points.pooled.sizes if points.pooled else (),
        ),
        cells=_cells(source, evidence),
        points=points,
        logit=logit,
        margins=margins(evidence),
        differences=differences,
        rules=rule_table(observed),
        claims=claims,
        claims_origin=origin,
        findings=all_findings(source, looks, checks, [points, *([logit] if logit else [])]),
        checks=checks,
        looks=looks,
    )


def _check_question(question: Question) -> None:
    if question.scale not in SCALES:
        raise SpecError(f"scale {question.scale!r} is not one of {', '.join(SCALES)}")
    if question.margin is not None and not question.margin > 0:
        raise SpecError(f"margin {question.margin} is not a positive number of points")


def _without_results(
    source: Source, observed: Observations, question: Question, looks: Looks
) -> Analysis:
    """Nothing has completed: what became of the runs is all there is."""
    why = f"all {observed.num_runs} runs diverged" if observed.num_runs else "no run has completed"
    found = (find.diverged_runs(observed), find.incomplete_runs(source.flow))
    return Analysis(
        source=source,
        scale=question.scale,
        margin=question.margin,
        decision=nothing(why),
        findings=tuple(finding for finding in found if finding),
        checks=Checks(divergence=divergence_rates(observed)),
        looks=looks,
    )


def _differences(
    source: Source, evidence: Evidence, contrast: Pair | None
) -> tuple[Differences, tuple[PairRow, ...]]:
    """Every comparison, and the pairs that the decision rests on (all, whatever was asked for)."""
    every_pair = simple_effects(evidence)
    asked = pair_report(evidence, contrast) if contrast else PairReport(every_pair, (), ())
    incumbent = choose_incumbent(evidence)
    found = Differences(
        simple=asked.simple,
        robustness=robustness_of(evidence.observed, asked.simple, seed=SEED),
        images=image_errors(evidence.observed, source.correct, asked.simple, seed=SEED),
        asked=asked.rows,
        refusals=asked.refusals,
        incumbent=against_incumbent(evidence, incumbent) if incumbent else (),
        separations=separations(evidence),
        ranking=ranking(evidence, generator=np.random.default_rng(SEED)),
    )
    return found, every_pair


def _cells(source: Source, evidence: Evidence) -> tuple[CellRow, ...]:
    """Every cell with runs; one without a completed run has no mean."""
    observed, model = evidence.observed, evidence.model
    deviations = cell_deviations(observed)
    diverged = np.bincount(observed.run_cells[observed.diverged_R], minlength=len(observed.cells))
    rows = []
    for cell, count in zip(observed.cells, diverged.tolist(), strict=True):
        sd, num_runs = deviations.get(cell, (math.nan, 0))
        mean = model.mean(cell) if num_runs else None
        epochs, seconds = source.epochs.get(cell), source.seconds.get(cell)
        rows.append(CellRow(cell, num_runs, mean, sd, count, epochs, seconds))
    return tuple(rows)


def _claims(
    source: Source, observed: Observations, question: Question
) -> tuple[tuple[ClaimResult, ...], str]:
    origin = f"C1 to C8 are shipped with actwise {__version__}"
    if source.kind == "bank":
        origin += " and were read off published results, the bank paper's among them"
    elif source.kind == "store":
        origin += ": fixed before the runs of this store"
    claims: tuple[Claim, ...] = PAPER_CLAIMS
    if question.claims is not None:
        claims = (*claims, *read_claims(question.claims))
        digest = hashlib.sha256(question.claims.read_bytes()).hexdigest()[:12]
        origin += f"; those of {question.claims.name} (SHA-256 {digest}) carry no date: exploratory"
    return judge_claims(observed, claims, margin=question.margin), origin


def _looks(source: Source) -> Looks:
    taken = tuple((look.looked_at, look.what, look.num_seeds) for look in source.looks)
    planned = tuple(count for count in source.planned_looks if count > 1)
    now = source.num_seeds
    unplanned = unplanned_looks(planned, [*(count for _, _, count in taken), now])
    level = nominal_level(planned) if planned else None
    return Looks(taken, planned, now, level, now not in unplanned)
