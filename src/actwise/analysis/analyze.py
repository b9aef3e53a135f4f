"""From runs to one frozen :class:`Analysis`: every part asks its own module, in a fixed order."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import SpecError
from ..registry import format_value
from ..store import RunStore
from . import findings as find
from .asked import Pair
from .checks import all_findings, check_runs, due_runs
from .claim import Claim, ClaimResult, judge_claims
from .claim_files import read_claims
from .claims import PAPER_CLAIMS
from .coverage import coverage
from .decision import decide, no_run, nothing
from .differences import all_differences, cell_rows
from .divergence import divergence_rates
from .evidence import VARIANCES, Evidence, Variance, is_percent
from .factorial import SUMS, Sums
from .looks import Looks, looks_at
from .margins import margins
from .provenance import claims_origin
from .reading import (
    Row,
    Selection,
    StudyResults,
    count_flow,
    read_bank,
    read_file,
    read_table_rows,
    results_of,
    take_snapshot,
)
from .reasons import scope_of, unfinished
from .results import Analysis, Checks
from .rule_table import rule_table
from .scaled import results_on
from .scales import SCALES, Scale
from .summary_analysis import analyze_summaries
from .table import Cell, Observations


@dataclass(frozen=True)
class Question:
    """What is asked of the runs.

    Attributes:
        contrast: A pair (A, B) of levels of the compared factor, A minus B.
        claims: TOML file with claims of the user's own, judged beside the paper's.
        margin: Margin of equivalence in points for all data sets.
        scale: The scale that is shown.
        variance: Whether a data set has one residual variance, or each cell its own.
        sums: Type of the sums of squares of the decomposition.
        command: The command that looks at the results, for the record of looks.
    """

    contrast: Pair | None = None
    claims: Path | None = None
    margin: float | None = None
    scale: Scale = "points"
    variance: Variance = "pooled"
    sums: Sums = "II"
    command: str = "analyze"


def analyze(
    source: StudyResults | Observations | RunStore | Sequence[Row] | str | Path,
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
    variance: Variance = "pooled",
    sums: Sums = "II",
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
        variance: One residual variance a data set ("pooled"), or each cell its own ("cell").
        sums: Type of the sums of squares: "II", or "III" where no cell is missing.

    Raises:
        ActwiseError: if the source cannot be read, or a name in it is not known.
    """
    question = Question(contrast, Path(claims) if claims else None, margin, scale, variance, sums)
    selection = Selection(
        tuple(factors) if factors else None, response, lower_is_better, study, tuple(where)
    )
    with open_source(source, selection) as opened:
        if isinstance(opened, RunStore):
            return analyze_store(opened, selection, question)
        return analyze_source(opened, question)


@contextmanager
def open_source(
    given: StudyResults | Observations | RunStore | Sequence[Row] | str | Path, selection: Selection
) -> Iterator[StudyResults | RunStore]:
    """Whatever :func:`analyze` takes, as an open store or as a source that has been read."""
    if isinstance(given, StudyResults | RunStore):
        yield given
    elif isinstance(given, Observations):
        yield StudyResults("rows", "observations", "observations", given, count_flow(given))
    elif not isinstance(given, str | Path):
        yield read_table_rows(given, selection)
    elif str(given).startswith("bank:"):
        yield read_bank(str(given).removeprefix("bank:"), selection)
    elif str(given).endswith(".csv"):
        yield read_file(Path(given), selection)
    else:
        with RunStore.open(given) as store:
            yield store


def analyze_store(store: RunStore, selection: Selection, question: Question) -> Analysis:
    """Analyse an open store; the look is recorded where verdicts come out of it."""
    snapshot = take_snapshot(store, selection)
    source = results_of(snapshot, selection)
    analysis = analyze_source(source, question)
    if source.num_seeds and not store.is_read_only:
        store.record_look(
            snapshot,
            what=question.command,
            num_seeds=source.num_seeds,
            nominal_level=analysis.alpha,
        )
    return analysis


def analyze_source(source: StudyResults, question: Question) -> Analysis:
    """Analyse what was read.

    Raises:
        SpecError: for a scale, margin or pair that makes no sense here, and for an error or loss
            of which higher is said to be better.
        NotEstimableError: if the pair asked for was never run in one condition.
    """
    # Loaded first: limits hold only for libraries that are there when they are set.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    _check_question(question)
    if source.observed is not None:
        _check_direction(source.observed)
    # Many small matrices: on a busy machine waiting threads made this 4 times slower (1,000 cells).
    with threadpool_limits(1):
        return _analyze(source, question)


def _analyze(source: StudyResults, question: Question) -> Analysis:
    if source.summaries:
        if question.variance == "cell":
            raise SpecError("--variance changes nothing here: both Welch's and pooled are shown")
        if question.sums != "II":
            raise SpecError("--sums changes nothing here: without runs nothing is decomposed")
        return analyze_summaries(source, contrast=question.contrast)
    assert source.observed is not None, "a source has runs or summaries"
    observed, looks = source.observed, looks_at(source)
    if not observed.completed().num_runs:
        return _without_results(source, observed, question, looks)
    on_scale = partial(
        results_on,
        observed,
        margin=question.margin,
        variance=question.variance,
        sums=question.sums,
        alpha=looks.alpha,
    )
    points = on_scale("points")
    evidence = points.evidence
    if evidence.is_single_run and question.variance == "cell":
        raise SpecError("--variance cell needs replicates: of no cell is a deviation known")
    differences, every_pair = all_differences(source, evidence, question.contrast)
    logit = None
    if is_percent(observed):
        logit = on_scale("logit", pairs=differences.simple, like=points)
    elif question.scale == "logit":
        raise SpecError(f"{observed.response} is no percentage: it has no logit scale")
    checks = check_runs(observed, evidence, source.correct)
    claims = _claims(evidence, question)
    return Analysis(
        source=source,
        scale=question.scale,
        margin=question.margin,
        decision=decide(
            evidence,
            differences.ranking,
            differences.ranking_at_chance,
            differences.separations,
            every_pair,
            coverage=coverage(evidence, pending=_pending(source, observed)),
            sizes=points.pooled.sizes if points.pooled else (),
            unfinished=unfinished(due_runs(source, looks)),
            scope=scope_of(source.scope),
        ),
        cells=cell_rows(source, evidence),
        points=points,
        logit=logit,
        margins=margins(evidence),
        differences=differences,
        rules=rule_table(observed),
        claims=claims,
        claims_origin=claims_origin(source, claims=question.claims, margin=question.margin),
        findings=all_findings(source, looks, checks, [points, *([logit] if logit else [])]),
        checks=checks,
        looks=looks,
        variance=question.variance,
        alpha=evidence.alpha,
    )


def _check_question(question: Question) -> None:
    if question.scale not in SCALES:
        raise SpecError(f"scale {question.scale!r} is not one of {', '.join(SCALES)}")
    if question.variance not in VARIANCES:
        raise SpecError(f"variance {question.variance!r} is not one of {', '.join(VARIANCES)}")
    if question.sums not in SUMS:
        raise SpecError(f"sums {question.sums!r} is not one of {', '.join(SUMS)}")
    if question.margin is not None and not question.margin > 0:
        raise SpecError(f"margin {question.margin} is not a positive number of points")


def _check_direction(observed: Observations) -> None:
    words = re.split(r"[\W_]+", observed.response.lower())
    if observed.higher_is_better and not {"error", "errors", "loss"}.isdisjoint(words):
        raise SpecError(
            f"{observed.response} has the name of an error or a loss: add --lower-is-better (in "
            "Python lower_is_better=True), or rename it if higher is better"
        )


def _without_results(
    source: StudyResults, observed: Observations, question: Question, looks: Looks
) -> Analysis:
    """Nothing has completed: what became of the runs is all there is."""
    found = (find.diverged_runs(observed), find.incomplete_runs(source.flow))
    return Analysis(
        source=source,
        scale=question.scale,
        margin=question.margin,
        decision=nothing(no_run(observed)),
        findings=tuple(finding for finding in found if finding),
        checks=Checks(divergence=divergence_rates(observed)),
        looks=looks,
    )


def _claims(evidence: Evidence, question: Question) -> tuple[ClaimResult, ...]:
    claims: tuple[Claim, ...] = PAPER_CLAIMS
    if question.claims is not None:
        claims = (*claims, *read_claims(question.claims))
    return judge_claims(
        evidence.observed,
        claims,
        margin=question.margin,
        variance=question.variance,
        alpha=evidence.alpha,
    )


def _pending(source: StudyResults, observed: Observations) -> list[Cell]:
    """Planned cells without any result."""
    return [
        tuple(format_value(cell[name]) for name in observed.factors)
        for cell in (source.table.cells if source.table else ())
        if not (cell.num_finished or cell.num_diverged)
    ]
