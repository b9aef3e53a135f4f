"""``actwise analyze``: what the runs say, with intervals, verdicts and findings."""

from .options import Artifacts, Json, StudyName, Where
from .output import print_json, print_renderables
from .reading import (
    ClaimsFile,
    Contrast,
    Factors,
    FromBank,
    FromCsv,
    FromStore,
    LowerIsBetter,
    Margin,
    Origin,
    Response,
    Scale,
    Sums,
    Variance,
    make_question,
    read_and_analyze,
)


def analyze(
    store: FromStore = None,
    csv: FromCsv = None,
    bank: FromBank = None,
    study: StudyName = None,
    where: Where = None,
    factors: Factors = None,
    response: Response = None,
    lower_is_better: LowerIsBetter = False,
    contrast: Contrast = None,
    claims: ClaimsFile = None,
    margin: Margin = None,
    scale: Scale = "points",
    variance: Variance = "pooled",
    sums: Sums = "II",
    artifacts: Artifacts = None,
    json: Json = False,
) -> None:
    """Effects, differences, ranking, verdicts on claims, and what limits them."""
    question = make_question(
        contrast=contrast,
        claims=claims,
        margin=margin,
        scale=scale,
        variance=variance,
        sums=sums,
        command="analyze",
    )
    analysis = read_and_analyze(
        Origin(store, csv, bank, artifacts),
        question=question,
        study=study,
        where=where or (),
        factors=factors,
        response=response,
        lower_is_better=lower_is_better,
    )
    if json:
        print_json(analysis.to_json())
        return
    from ..report.analysis_text import analysis_renderables

    print_renderables(analysis_renderables(analysis))
