"""The views of what limits a conclusion: claims, precision, assumptions, findings, looks, flow."""

import math
from collections.abc import Iterator

from ..analysis.claim import ClaimResult
from ..analysis.claims import PAPER_CLAIMS
from ..analysis.evidence import is_percent
from ..analysis.numbers import UNKNOWN, counted, degrees, number, p_text, percent, signed, span
from ..analysis.results import Analysis
from .views import View, digits_of, make_view

_PAPER = frozenset(claim.id for claim in PAPER_CLAIMS)


def check_views(analysis: Analysis) -> Iterator[View]:
    """Every table about claims, precision and findings, in the order of a report."""
    if analysis.claims:
        yield claims_view(analysis)
    if analysis.findings:
        yield findings_view(analysis)
    if analysis.checks.precisions:
        yield precision_view(analysis)
        yield _components_view(analysis)
    if analysis.checks.equal_variances or analysis.checks.seed_correlation:
        yield _assumptions_view(analysis)
    if analysis.checks.divergence:
        yield _divergence_view(analysis)
    yield flow_view(analysis)
    if analysis.looks:
        yield looks_view(analysis)


def claims_view(analysis: Analysis) -> View:
    """A line a claim; the eight claims are eight families."""
    rows = [(claim.id, claim.verdict, claim.reason, claim.statement) for claim in analysis.claims]
    note = (
        "Each claim is a family of its own, judged at "
        f"{percent(analysis.alpha)}: the more claims, the likelier that one errs. "
        f"{analysis.claims_origin}."
    )
    if not has_claims(analysis):
        names = ", ".join(claim.id for claim in analysis.claims)
        why = "where the cells that they compare are missing"
        observed = analysis.source.observed
        if observed is not None and not is_percent(observed):
            why = f"where the response, {observed.response}, is no percentage"
        note = f"{names}: none can be judged here, {why}."
        rows = []
    header = ("claim", "verdict", "reason", "statement")
    return make_view("Claims", header, rows, left=4, note=note)


def has_claims(analysis: Analysis) -> bool:
    """Whether the study has the cells of any claim, or a user asks for one."""
    return any(claim.reason != "missing-cells" or is_users(claim) for claim in analysis.claims)


def is_users(claim: ClaimResult) -> bool:
    """Whether it is none of the paper's, which have ids of their own."""
    return claim.id not in _PAPER


def components_view(claim: ClaimResult) -> View:
    """What a verdict rests on."""
    rows = [
        (
            component.name,
            signed(component.estimate),
            number(component.standard_error),
            degrees(component.df),
            number(component.lower),
            number(component.upper),
            number(component.bound),
            number(component.refutation),
        )
        for component in claim.components
    ]
    header = ("component", "estimate", "SE", "df", "lower", "upper", "must exceed", "refuted below")
    return make_view(claim.id, header, rows)


def findings_view(analysis: Analysis) -> View:
    """Code, title, evidence and what to do."""
    rows = [
        (finding.code, f"{finding.title}: {finding.evidence}. {finding.advice}")
        for finding in analysis.findings
    ]
    return make_view("Findings", ("code", "what, and what to do"), rows, left=2)


def precision_view(analysis: Analysis) -> View:
    """Run SD, and what it could have shown."""
    digits = digits_of(analysis, 3)
    rows = [
        (
            row.dataset,
            number(row.sd, digits),
            span(row.sd_lower, row.sd_upper, digits),
            degrees(row.df),
            number(row.detectable, digits_of(analysis)),
            number(row.detectable_change, digits_of(analysis)),
            number(row.power_equivalent),
            _seeds(row.seeds_for_margin) if float(number(row.sd, digits)) else UNKNOWN,
        )
        for row in analysis.checks.precisions
    ]
    own = analysis.variance == "cell"
    name = "pooled run SD" if own else "run SD"
    header = ("data set", name, "95 %", "df", "detects", "change", "P(equiv.)", "needed")
    note = (
        "Detects: the smallest difference of two cells found with 80 % power (one-sided "
        f"{percent(analysis.alpha)}); "
        "change: the same for a difference of differences. P(equiv.): power to conclude "
        "equivalence where there is no difference. Needed: runs a cell that find a difference of "
        "the margin, at the estimated SD and at its upper 80 % limit."
    )
    if own:
        note += " All of it is for the pooled run SD; verdicts use each cell's own."
    return make_view("Precision", header, rows, note=note)


def _components_view(analysis: Analysis) -> View:
    digits = digits_of(analysis, 3)
    rows = [
        (
            row.dataset,
            component.name,
            number(component.sd, digits),
            span(math.sqrt(component.lower), math.sqrt(component.upper), digits),
        )
        for row in analysis.checks.precisions
        for component in row.components
    ]
    header = ("data set", "component", "SD", "95 % interval")
    note = "Standard deviations; a negative estimate is shown as 0."
    return make_view("Variance components", header, rows, left=2, note=note)


def _assumptions_view(analysis: Analysis) -> View:
    checks = analysis.checks
    rows = [
        (
            f"equal variances on {test.dataset} (Brown-Forsythe)",
            f"F({test.df1}, {test.df2}) = {number(test.f)}, p = {p_text(test.p)}"
            if math.isfinite(test.f)
            else "no test: nothing varies within the cells",
        )
        for test in checks.equal_variances
    ]
    if (found := checks.seed_correlation) is not None:
        rows.append(
            (
                "correlation of runs with one seed",
                f"{number(found.value)} ({span(found.lower, found.upper)}); pairing gains above "
                f"{number(found.break_even)} at {found.num_seeds:g} seeds (two cells alone), above "
                f"{number(found.pooled_break_even)} with one variance for {found.num_cells} cells",
            )
        )
    note = "Reported, and never used to choose the model: that was fixed beforehand."
    return make_view("Assumptions", ("check", "result"), rows, left=2, note=note)


def _divergence_view(analysis: Analysis) -> View:
    rows = [
        (
            ", ".join(row.cell),
            f"{row.diverged}/{row.runs}",
            f"{span(100 * row.lower, 100 * row.upper, 0)} %",
        )
        for row in analysis.checks.divergence
    ]
    header = ("cell", "diverged", "95 % interval of the rate")
    note = "Accuracies are given completion; verdicts on such cells also hold at chance accuracy."
    return make_view("Diverged runs", header, rows, note=note)


def flow_view(analysis: Analysis) -> View:
    """What became of the runs."""
    flow = analysis.source.flow
    rows = [tuple(str(count) for count in flow.values())] if flow else []
    remarks = (*analysis.source.excluded, *analysis.source.not_computed)
    view = make_view("Run flow", tuple(flow), rows, left=0, note=" ".join(_sentences(remarks)))
    return view if flow else make_view("Run flow", ("runs",), [(UNKNOWN,)], left=0)


def looks_view(analysis: Analysis) -> View:
    """Looks before this one."""
    looks = analysis.looks
    assert looks is not None
    rows = [
        (look.looked_at[:16].replace("T", " "), look.what, str(look.num_seeds))
        for look in looks.taken
    ]
    planned = ", ".join(map(str, looks.planned)) or "none"
    note = f"Planned: {planned}. {_now(analysis, looks.num_seeds)}."
    if looks.nominal_level is not None and looks.unshared_error is not None:
        note += (
            f" Each planned look decides at {looks.nominal_level:.3f}, so that all together err in "
            f"5 %, not in the {percent(looks.unshared_error)} of 5 % at each."
        )
    if not looks.is_planned:
        note += " This look was not planned: intervals and p values are nominal."
    return make_view("Looks", ("time (UTC)", "command", "seeds"), rows, left=2, note=note)


def _now(analysis: Analysis, count: int) -> str:
    if not count:
        return "No verdict was printed, so no look is recorded"
    observed = analysis.source.observed
    if observed is not None and observed.seeds_R is None:
        return f"Now {counted(count, 'run')} in the largest cell; only looks at stores are recorded"
    return f"Now {counted(count, 'seed')}"


def _seeds(needed: tuple[int | None, int | None]) -> str:
    first, last = (">1000" if value is None else str(value) for value in needed)
    return first if first == last else f"{first} to {last}"


def _sentences(parts: tuple[str, ...]) -> list[str]:
    return [f"{part[0].upper()}{part[1:]}." for part in parts]
