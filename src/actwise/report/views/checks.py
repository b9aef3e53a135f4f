"""The views of what limits a conclusion and where runs come from."""

from collections.abc import Iterator

from ...analysis import Analysis
from ...analysis.reading import level_times
from ...numbers import degrees, number, percent, span
from .. import words
from ..tables import View, make_view

_NUMERICS = ("device", "threads", "memory_format", "cpu_capability")
_MACHINE = ("cpu", "os", "python", "torch", "numpy", "actwise", "cpu_capability")


def findings_view(analysis: Analysis) -> View | None:
    """Code, what was found, and what to do."""
    rows = [(row.code, f"{row.title}: {row.evidence}", row.advice) for row in analysis.findings]
    return make_view("findings", "Findings", ("code", "finding", "what to do"), rows)


def check_views(analysis: Analysis) -> Iterator[View | None]:
    """Every table of checks and provenance."""
    yield _precision_view(analysis)
    yield _lost_view(analysis)
    yield _seeds_view(analysis)
    far = [
        (", ".join(row.cell), row.seed, row.residual, number(row.deviations, 1))
        for row in analysis.checks.outliers
    ]
    header = ("cell", "seed", words.unit(analysis), "robust SDs")
    yield make_view("outliers", "Outlying runs", header, far, "Flagged, never removed.")
    flow = {name: count for name, count in analysis.results.flow.items() if count}
    note = " ".join(f"{part[0].upper()}{part[1:]}." for part in analysis.results.excluded)
    yield make_view("flow", "Run flow", tuple(flow), [tuple(flow.values())] * bool(flow), note)
    looks = [
        (look.looked_at[:16].replace("T", " "), look.what, look.num_seeds)
        for look in (analysis.looks.taken if analysis.looks else ())
    ]
    yield make_view("looks", "Looks before this one", ("time (UTC)", "command", "seeds"), looks)
    times = level_times(analysis.results)
    note = "Means over the cells; times depend on the machine and on what else it did."
    names = (words.focus(analysis), "epochs", "seconds a run")
    yield make_view("times", "Epochs and time", names, times, note, digits=1)
    header = ("setting", "here", "paper", "expected")
    departures = words.deviations(analysis)
    yield make_view("deviations", "Deviations from the paper", header, departures)
    yield _environments_view(analysis)


def _precision_view(analysis: Analysis) -> View | None:
    """The residual variance of each stratum, and what it could have shown."""
    digits = words.digits_of(analysis)
    rows = []
    for row in analysis.precisions:
        within, total = row.stratum.within, row.stratum.total
        deviations = (within.sd, degrees(within.df), total.sd, degrees(total.df))
        detected = (number(row.detectable, digits), number(row.detectable_change, digits))
        rows.append((words.place(row.stratum.name), *deviations, *detected))
    header = ("stratum", "within SD", "df", "total SD", "df", "detects", "change")
    note = (
        "Within SD: of one run beside its seed's effect, for differences of levels; total SD: "
        "around its cell's mean. Detects: the smallest difference of two cells found with 80 % "
        f"power (one-sided {percent(analysis.alpha)}); change: of two differences."
    )
    return make_view("precision", "Precision", header, rows, note, digits=max(3, digits))


def _lost_view(analysis: Analysis) -> View | None:
    rows = [
        (
            ", ".join(row.cell),
            f"{row.diverged}/{row.runs}",
            f"{row.stuck}/{row.runs}",
            f"{span(100 * row.lower, 100 * row.upper, 0)} %",
        )
        for row in (analysis.model.lost if analysis.model else ())
    ]
    header = ("cell", "diverged", "stuck at chance", "95 % interval of the rate")
    note = "Accuracies are given completion; verdicts on such cells also hold at chance accuracy."
    return make_view("lost", "Lost runs", header, rows, note)


def _seeds_view(analysis: Analysis) -> View | None:
    """What changes without each seed; a seed without which nothing does has no row."""
    varying = words.varying_factors(analysis.observed)
    rows = [
        (
            f"seed {row.seed}",
            words.listed([words.place(levels, varying) for levels in row.leaders], most=4),
            words.listed(
                [f"{words.place(p.condition, varying)} {p.a} - {p.b}" for p in row.verdicts], most=4
            ),
        )
        for row in analysis.checks.without_seed
        if row.leaders or row.verdicts
    ]
    header = ("without", "another leads in", "another verdict on")
    note = "Standard errors and critical values stay those of all runs."
    return make_view("seeds", "Without each seed", header, rows, note)


def _environments_view(analysis: Analysis) -> View | None:
    rows = []
    for environment in analysis.results.environments:
        numerics = environment.get("fingerprint", {})
        machine = [environment[name] for name in _MACHINE if name in environment]
        run = [f"{name} {numerics[name]}" for name in _NUMERICS if name in numerics]
        rows.append((machine or "unknown", run, words.ranges(environment.get("seeds", ()))))
    header = ("machine and versions", "numerics", "seeds")
    return make_view("environments", "Environments", header, rows)
