"""Judging the paper's claims, for the tests of claims."""

from actwise.analysis.claim import ClaimResult, judge_claims
from actwise.analysis.claims import PAPER_CLAIMS
from actwise.analysis.table import Observations


def judged(observed: Observations, margin: float | None = None) -> dict[str, ClaimResult]:
    return {result.id: result for result in judge_claims(observed, PAPER_CLAIMS, margin=margin)}
