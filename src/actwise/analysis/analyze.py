"""From runs to one frozen :class:`Analysis`: every room is asked for its part, in a fixed order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import SpecError, UnknownNameError
from ..rows import says_lower_is_better
from ..store import RunStore
from ..store.tables import conditions, in_full
from .analysis import Analysis, Question
from .cell_rows import cell_rows
from .checks import (
    Checks,
    Facts,
    check_published,
    due_runs,
    find_all,
    outlier_runs,
    without_each_seed,
)
from .claims import (
    ClaimResult,
    claims_origins,
    judge_claims,
    mechanism_claims,
    paper_claims,
    read_claims,
)
from .decision import Decision, choose_rates, decide
from .differences import Pair, against_incumbent, all_pairs, choose_incumbent, one_pair, separations
from .effects import SUMS, Sums, associations, effects_of
from .model import SCALES, Model, Scale, fit_model, hardly_learned, is_percent
from .precision import Seen, image_errors, looks_at, precisions
from .reading import MOST_RUNS, Results, Selection, StudyResults, open_source, results_of
from .rules import regret_table
from .table import Observations, runs_at_largest_budget


def analyze(
    source: Results,
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
    strata: Sequence[str] | None = None,
    sums: Sums = "II",
    preset: str | None = None,
    columns: Mapping[str, str] | None = None,
    command: str = "analyze",
) -> Analysis:
    """Analyse a store, a CSV file, a bank (``"bank:paper"``), rows of runs or a DataFrame.

    A store keeps a record that its verdicts were looked at.

    Args:
        source: Path of a store or of a ``.csv`` file, ``bank:NAME``, an open store, rows, or a
            DataFrame of pandas or polars.
        factors: Columns that tell cells apart; by default those that differ.
        response: The measured column; by default ``test_accuracy``.
        lower_is_better: Whether a low response is good.
        study: Only this study of a store.
        where: Conditions ``FIELD=VALUE`` on the rows.
        contrast: A pair (A, B) of levels of the compared factor, A minus B.
        claims: TOML file with further claims.
        margin: Margin of equivalence in points for all data sets.
        scale: The scale of effects and gains that are shown.
        strata: Factors whose combinations share one residual variance; by default a network's do.
        sums: Type of the sums of squares: "II", or "III" where no cell is missing.
        preset: The program that wrote a table, a name of :data:`actwise.rows.PROGRAMS`; found out
            by default.
        columns: Of a table, what its columns are: ``{"seed": "run_seed"}``.
        command: What looks at the results, for a store's record of looks.

    Raises:
        ActwiseError: if the source cannot be read, or a name in it is not known.
    """
    question = Question(
        contrast,
        Path(claims) if claims else None,
        margin,
        scale,
        None if strata is None else tuple(strata),
        sums,
        command,
    )
    selection = Selection(
        tuple(factors) if factors else None,
        response,
        lower_is_better,
        study,
        conditions(where),
        preset,
        dict(columns or {}),
    )
    with open_source(source, selection) as opened:
        if isinstance(opened, RunStore):
            return analyze_store(opened, selection, question)
        return analyze_results(opened, question)


def analyze_store(store: RunStore, selection: Selection, question: Question) -> Analysis:
    """Analyse an open store; the look is recorded where verdicts come out of it."""
    snapshot = store.snapshot(
        study=selection.study, where=selection.where, most_predictions=MOST_RUNS
    )
    results = results_of(snapshot, selection)
    analysis = analyze_results(results, question)
    if results.num_seeds and not store.is_read_only:
        store.record_look(
            snapshot,
            what=question.command,
            num_seeds=results.num_seeds,
            nominal_level=analysis.alpha,
        )
    return analysis


def analyze_results(results: StudyResults, question: Question) -> Analysis:
    """Analyse what was read.

    Raises:
        SpecError: for a scale, margin, stratum or pair that makes no sense here, and for an error
            or loss of which higher is said to be better.
        NotEstimableError: if the pair asked for was never run in one condition.
    """
    # Loaded first: limits hold only for libraries that are there when they are set.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    _check(results, question)
    # Many small matrices: on a busy machine waiting threads made this 4 times slower (1,000 cells).
    with threadpool_limits(1):
        return _analyze(results, question)


def _analyze(results: StudyResults, question: Question) -> Analysis:
    looks = looks_at(
        Seen(results.num_seeds, results.num_results or 0),
        taken=results.looks,
        planned=results.planned_looks,
        study=results.study,
    )
    part = Analysis(results, question, Decision("nothing"), looks.alpha, looks)
    if results.observed is None:
        assert results.bank is not None, "results are runs or published summary statistics"
        published = check_published(results.bank, pair=question.contrast)
        facts = Facts(results, looks=looks, published=published)
        return replace(part, published=published, findings=find_all(facts))
    chosen = choose_rates(replace(results.observed, strata=_strata(results, question)))
    observed = chosen.observed
    model = fit_model(observed, alpha=looks.alpha)
    part = replace(part, observed=observed)
    if not model.cells:
        return replace(part, findings=find_all(Facts(results, observed, model, looks=looks)))
    models = [model]
    if is_percent(observed):
        models.append(fit_model(observed, scale="logit", alpha=looks.alpha))
    elif question.scale == "logit":
        raise SpecError(f"{observed.response} is no percentage: it has no logit scale")
    decided = runs_at_largest_budget(observed)
    at_largest = model if decided is observed else fit_model(decided, alpha=looks.alpha)
    signals = {
        name: runs_at_largest_budget(choose_rates(found).observed)
        for name, found in results.signals.items()
    }
    effects = effects_of(models, sums=question.sums)
    every_pair = all_pairs(model, margin=question.margin, direction=question.contrast)
    checks = Checks(outlier_runs(model), without_each_seed(model, every_pair))
    hardly = hardly_learned(model.observed)
    incumbent = choose_incumbent(model)
    part = replace(
        part,
        model=model,
        decision=decide(
            model,
            hardly_learned=hardly,
            margin=question.margin,
            num_missing=due_runs(results, looks).get("missing", 0),
            rates=chosen.rates,
        ),
        cells=cell_rows(results, model, observed, hardly),
        effects=effects[0],
        logit=effects[1] if len(effects) > 1 else None,
        pairs=every_pair,
        incumbent=against_incumbent(model, incumbent, margin=question.margin) if incumbent else (),
        separations=separations(model, margin=question.margin),
        rules=regret_table(at_largest),
        claims=_claims(results, decided, question, looks.alpha, signals),
        associations=associations(at_largest.observed, signals),
        claims_origins=claims_origins(
            [entry for study in results.studies for entry in study.registrations],
            first_result=results.first_result,
            claims=question.claims,
            is_probed=bool(signals),
        ),
        findings=find_all(Facts(results, observed, model, effects, looks, checks.outliers)),
        precisions=precisions(model),
        checks=checks,
    )
    return _with_the_pair_asked_for(part, model, at_largest)


def _claims(
    results: StudyResults,
    observed: Observations,
    question: Question,
    alpha: float,
    signals: Mapping[str, Observations],
) -> tuple[ClaimResult, ...]:
    users = read_claims(question.claims) if question.claims is not None else ()
    mechanisms = mechanism_claims() if signals else ()
    return judge_claims(
        observed,
        (*paper_claims(), *mechanisms, *users),
        margin=question.margin,
        alpha=alpha,
        bank=results.name if results.kind == "bank" else None,
        signals=signals,
    )


def _with_the_pair_asked_for(part: Analysis, model: Model, at_largest: Model) -> Analysis:
    """The pairs that are shown, with their errors on new test images."""
    pair, pairs = part.question.contrast, part.pairs
    if pair is not None:
        asked, refusals = one_pair(at_largest, pair, margin=part.question.margin)
        pairs = tuple(row for row in pairs if (row.a, row.b) == pair)
        part = replace(part, pairs=pairs, asked=asked, refusals=refusals)
    named = [
        (f"{r.a} - {r.b}", model.cell_at(r.condition, r.a), model.cell_at(r.condition, r.b))
        for r in pairs
    ]
    return replace(part, images=image_errors(part.results.correct, named))


def _check(results: StudyResults, question: Question) -> None:
    if question.scale not in SCALES:
        raise SpecError(f"scale {question.scale!r} is not one of {', '.join(SCALES)}")
    if question.sums not in SUMS:
        raise SpecError(f"sums {question.sums!r} is not one of {', '.join(SUMS)}")
    if question.margin is not None and not question.margin > 0:
        raise SpecError(f"margin {question.margin} is not a positive number of points")
    if results.observed is not None:
        _check_direction(results.observed)
    elif question.sums != "II" or question.strata:
        option = "--strata" if question.strata else "--sums"
        raise SpecError(f"{option} changes nothing here: these are published means, not runs")


def _strata(results: StudyResults, question: Question) -> tuple[str, ...] | None:
    """Those asked for now, else those that all of the study's specs fixed with their plans."""
    observed = results.observed
    assert observed is not None
    if question.strata is None:
        planned = {note.spec.analysis.strata for note in results.studies}
        fixed = planned.pop() if len(planned) == 1 else observed.strata
        # A factor that does not vary here, or is compared, tells no strata apart.
        telling = set(observed.factors) - {observed.focus}
        if fixed is None:
            return None
        named = (in_full(name, observed.factors) for name in fixed)
        return tuple(name for name in named if name in telling)
    asked = tuple(in_full(name, observed.factors) for name in question.strata)
    for name in asked:
        if name not in observed.factors:
            raise UnknownNameError("factor", name, observed.factors)
        if name == observed.focus:
            raise SpecError(f"--strata {name} is the compared factor: its levels share a variance")
    return asked


def _check_direction(observed: Observations) -> None:
    if observed.higher_is_better and says_lower_is_better(observed.response):
        raise SpecError(
            f"{observed.response} has the name of an error or a loss: rename it if higher is "
            "better, or else add ",
            option=("lower_is_better=True", "--lower-is-better"),
        )
