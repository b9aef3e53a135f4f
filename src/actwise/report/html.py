"""The report: one HTML file that needs nothing else, the decision first.

No script, no network: the policy in its head forbids everything but its own style sheet, whose
hash it names. Every text is escaped by the template; pictures are inline SVG.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..analysis.analyze import Question, analyze_source, analyze_store, open_source
from ..analysis.asked import Pair
from ..analysis.evidence import Variance
from ..analysis.factorial import Sums
from ..analysis.numbers import counted
from ..analysis.reading import Selection
from ..analysis.results import Analysis
from ..analysis.scales import Scale
from ..store import RunStore
from ..store.exchange import write_file
from . import figures
from .background import (
    deviations_view,
    limits,
    plan_sentences,
    provenance_view,
    scope_view,
    specs,
    time_view,
)
from .cell_views import cell_views, published_views
from .check_views import check_views, components_view, has_claims
from .drawing import Drawing, svg_style, to_svg
from .result_views import measured_text, result_views, scale_text
from .views import View
from .wording import code_parts

MOST_ROWS = 400
"""Rows of one table in a report; ``analyze --json`` has them all."""
_FOLDER = Path(__file__).parent


_OF_DIFFERENCES = (
    *("Differences", "Means", "The pair", "Not estimable", "Published"),
    *("Seeds and test images", "Robustness"),
)


@dataclass(frozen=True)
class Part:
    """A section: a heading, sentences, pictures and tables."""

    id: str
    title: str
    sentences: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    views: tuple[View, ...] = ()


def report(
    source: Any,
    target: str | Path,
    *,
    figures_dir: str | Path | None = None,
    factors: Sequence[str] | None = None,
    response: str | None = None,
    lower_is_better: bool = False,
    study: str | None = None,
    where: Sequence[str] = (),
    contrast: Pair | None = None,
    claims: str | Path | None = None,
    margin: float | None = None,
    scale: Scale = "points",
    variance: Variance = "pooled",
    sums: Sums = "II",
) -> Analysis:
    """Analyse a source and write its report.

    Args:
        source: A store, a CSV file, ``bank:NAME``, or rows.
        target: The HTML file.
        figures_dir: Folder for the figures as SVG and PNG.
        factors: As for :func:`actwise.analyze`, like all that follow.
        response: The measured column.
        lower_is_better: Whether a low response is good.
        study: Only this study of a store.
        where: Conditions ``FIELD=VALUE`` on the rows.
        contrast: A pair (A, B) of levels of the compared factor, A minus B.
        claims: TOML file with further claims.
        margin: Margin of equivalence in points for all data sets.
        scale: Of the gains; "logit" adds the differences of pairs on it.
        variance: One residual variance a data set ("pooled"), or each cell its own ("cell").
        sums: Type of the sums of squares: "II", or "III" where no cell is missing.

    Raises:
        ActwiseError: if the source cannot be read or the file cannot be written.
    """
    question = Question(
        contrast, Path(claims) if claims else None, margin, scale, variance, sums, command="report"
    )
    selection = Selection(
        tuple(factors) if factors else None, response, lower_is_better, study, tuple(where)
    )
    with open_source(source, selection) as opened:
        if isinstance(opened, RunStore):
            analysis = analyze_store(opened, selection, question)
        else:
            analysis = analyze_source(opened, question)
    write_report(analysis, Path(target), command="aw.report(...)")
    if figures_dir is not None:
        figures.write_figures(analysis, Path(figures_dir))
    return analysis


def write_report(analysis: Analysis, target: Path, *, command: str) -> None:
    """Write the report of an analysis.

    Raises:
        StoreError: if the file cannot be written.
    """
    write_file(target, render_html(analysis, command=command).encode())


def render_html(analysis: Analysis, *, command: str, now: datetime | None = None) -> str:
    """The report as text.

    Args:
        analysis: From :func:`actwise.analyze`.
        command: What made it, for the provenance.
        now: The time that it bears; absent = this moment, UTC.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    observed = analysis.source.observed
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (_FOLDER / "report.css").read_text(encoding="utf-8") + svg_style(root=":root")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("template.html.j2").render(
        analysis=analysis,
        measured=measured_text(observed) if observed else "",
        scale_text=scale_text(analysis),
        title=_title(analysis),
        parts=parts(analysis),
        claims=[(claim, components_view(claim)) for claim in analysis.claims]
        if has_claims(analysis)
        else [],
        specs=specs(analysis.source),
        limits=tuple(limits(analysis)),
        # Both are ours: the style sheet is a file beside this one, pictures escape their texts.
        style=Markup(style),
        picture=Markup,
        code_parts=code_parts,
        counted=counted,
        digest=digest,
        command=command,
        version=__version__,
        most_rows=MOST_ROWS,
        now=(now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
    )


def parts(analysis: Analysis) -> list[Part]:
    """The sections of a report that have something to say, in order."""
    results = {view.title: view for view in result_views(analysis)}
    checks = {view.title: view for view in check_views(analysis)}
    found = [
        Part("cells", "Results", views=(*cell_views(analysis), *published_views(analysis))),
        Part(
            "ranking",
            "Ranking",
            pictures=_svg(figures.ranking_figures(analysis)),
            views=_take(results, "Ranking", "Best against second best"),
        ),
        Part("interactions", "Interactions", (), _svg(figures.margin_figures(analysis))),
        Part(
            "effects",
            "Effects",
            pictures=_svg(figures.effect_figures(analysis)),
            views=tuple(v for title, v in results.items() if title.startswith("Effects"))
            + _take(results, "Gain by augmentation"),
        ),
        Part(
            "differences",
            "Differences",
            pictures=_svg(figures.forest_figures(analysis)),
            views=tuple(
                view for title, view in results.items() if title.startswith(_OF_DIFFERENCES)
            ),
        ),
        Part("curves", "Learning curves", (), _svg(figures.curve_figures(analysis))),
        Part("rules", "Rules of choice", views=_take(results, "Regret of rules of choice")),
        Part("claims", "Claims", views=_take(checks, "Claims")),
        Part("findings", "Findings", views=_take(checks, "Findings")),
        _background(analysis, checks),
        Part("provenance", "Provenance", views=_machines(analysis)),
    ]
    return [part for part in found if part.sentences or part.pictures or part.views]


def _background(analysis: Analysis, checks: dict[str, View]) -> Part:
    rest = [view for title, view in checks.items() if title not in ("Claims", "Findings")]
    others = (scope_view(analysis), time_view(analysis), deviations_view(analysis.source))
    views = tuple(view for view in (*others, *rest) if view is not None)
    return Part("scope", "Scope and limits", tuple(plan_sentences(analysis)), (), views)


def _machines(analysis: Analysis) -> tuple[View, ...]:
    return (provenance_view(analysis.source),) if analysis.source.environments else ()


def _take(views: dict[str, View], *titles: str) -> tuple[View, ...]:
    return tuple(views[title] for title in titles if title in views)


def _svg(drawings: Sequence[Drawing]) -> tuple[str, ...]:
    return tuple(to_svg(drawing) for drawing in drawings)


def _title(analysis: Analysis) -> str:
    names = list(dict.fromkeys(note.study for note in analysis.source.studies))
    return f"{', '.join(names) or analysis.source.name}: which activation?"
