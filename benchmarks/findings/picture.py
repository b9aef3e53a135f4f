"""The picture of README: what our trainings say against the activation in use, with intervals.

Run: ``python -m benchmarks.findings.picture``. It writes ``docs/pictures/decision-light.svg`` and
``decision-dark.svg``; a test holds them against what it would write.
"""

import argparse
from pathlib import Path

import actwise
from actwise.analysis import Analysis
from actwise.report.figures import summary_figure, to_svg
from benchmarks.findings.findings import RESULTS, store_of

STUDY = "cifar-mini"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
_WIDTH = 860.0


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with store_of(RESULTS / STUDY) as store:
        found = actwise.analyze(store)
    PICTURES.mkdir(exist_ok=True)
    for name, text in pictures(found).items():
        (PICTURES / name).write_text(text, encoding="utf-8")


def pictures(analysis: Analysis) -> dict[str, str]:
    """The files and what is in them."""
    (drawing,) = summary_figure(analysis, width=_WIDTH)
    return {
        f"decision-{theme}.svg": to_svg(drawing, theme=theme) + "\n" for theme in ("light", "dark")
    }


if __name__ == "__main__":
    main()
