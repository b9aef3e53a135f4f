"""The results that come along: whole, of one numerics a seed, with a report that is not stale."""

import html
import json
import re
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import actwise
from actwise.analysis import Analysis
from actwise.models import make_describe
from actwise.report import words
from actwise.report.views import choice_view, sections
from actwise.spec import RunSpec, cell_hash, load_study, run_id, spec_hash
from actwise.store.exchange import Exported, read_exported
from actwise.sweep import Plan, make_plan
from benchmarks.findings import picture
from benchmarks.findings.findings import RESULTS, shipped, store_of
from benchmarks.findings.retrain import pieces as pieces_of

DESCRIBE = make_describe(None)
PIECES = sorted(path.parent for path in RESULTS.glob("*/*/manifest.json"))


@cache
def plan_of(study: Path) -> Plan:
    return make_plan(load_study(str(study / "study.toml")), DESCRIBE)


@pytest.fixture(scope="module", params=shipped())
def folder(request: pytest.FixtureRequest) -> Path:
    return RESULTS / str(request.param)


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return plan_of(folder)


@pytest.fixture(scope="module")
def pieces(folder: Path) -> list[Exported]:
    return [read_exported(path) for path in pieces_of(folder)]


@pytest.fixture(scope="module")
def analysis(folder: Path) -> Analysis:
    with store_of(folder) as store:
        return actwise.analyze(store)


@pytest.mark.parametrize("piece", PIECES, ids=[f"{p.parent.name}-{p.name}" for p in PIECES])
def test_a_piece_comes_with_its_answers_and_is_part_of_its_study(piece: Path) -> None:
    exported = read_exported(piece)
    assert {result.data_digest for result in exported.results} == set(exported.answers)
    planned = {run.run_id for run in plan_of(piece.parent).runs}
    assert {result.record.run_id for result in exported.results} <= planned


@pytest.mark.parametrize("piece", PIECES, ids=[f"{p.parent.name}-{p.name}" for p in PIECES])
def test_a_piece_names_no_folder_of_a_machine(piece: Path) -> None:
    assert not [
        s for s in read_exported(piece).studies if Path((*s.started_as, "")[0]).is_absolute()
    ]


@pytest.mark.parametrize("piece", PIECES, ids=[f"{p.parent.name}-{p.name}" for p in PIECES])
def test_ids_of_results_follow_from_their_specs(piece: Path) -> None:
    rows = pq.read_table(
        piece / "study_runs.parquet", columns=["asked", "seed", "engine_version", "run_id"]
    ).to_pylist()
    for row in rows:
        spec = RunSpec.model_validate({**json.loads(row["asked"]), "seed": row["seed"]})
        cell = cell_hash(spec, DESCRIBE(spec))
        assert run_id(spec_hash(cell, spec.seed), row["engine_version"]) == row["run_id"]


def test_every_study_is_listed(folder: Path) -> None:
    listed = (RESULTS / "README.md").read_text(encoding="utf-8")
    assert f"]({folder.name}/README.md)" in listed
    assert (folder / "README.md").is_file() and (folder / "report.html").is_file()


def test_the_pieces_hold_every_planned_run_once(plan: Plan, pieces: list[Exported]) -> None:
    ids = [result.record.run_id for piece in pieces for result in piece.results]
    assert sorted(ids) == sorted({run.run_id for run in plan.runs})


def test_a_piece_has_one_numerics_fingerprint(pieces: list[Exported]) -> None:
    for piece in pieces:
        fingerprints = {
            json.dumps(result.record.environment["fingerprint"], sort_keys=True)
            for result in piece.results
        }
        assert len(fingerprints) == 1


def test_no_run_is_missing_from_the_analysis(analysis: Analysis, pieces: list[Exported]) -> None:
    num_results = sum(len(piece.results) for piece in pieces)
    flow = analysis.results.flow
    assert (flow["started"], flow["failed"]) == (num_results, 0)


def test_the_report_says_what_the_analysis_says_and_names_no_folder(
    folder: Path, analysis: Analysis
) -> None:
    report = html.unescape((folder / "report.html").read_text(encoding="utf-8"))
    report = report.replace("\N{NO-BREAK SPACE}", " ")
    choice = choice_view(analysis)
    assert choice is not None
    assert words.headline(analysis) in report
    assert all(cell in report for row in choice.rows for cell in row)
    assert f"actwise report --store {folder.name} -o report.html" in report
    assert not re.search(r"[\s\"'>(](/[\w.-]+){2,}", report)


@pytest.fixture(scope="module")
def pictured() -> Analysis:
    with store_of(RESULTS / picture.STUDY) as store:
        return actwise.analyze(store)


def test_a_report_says_which_seeds_were_trained_where(pictured: Analysis) -> None:
    (view,) = (
        view for part in sections(pictured) for view in part.views if view.id == "environments"
    )
    assert {row[-1]: "cuda" in row[1] for row in view.rows} == {
        "0": False,
        "1": False,
        "2..4": True,
    }


def test_the_picture_of_the_readme_is_what_its_study_says(pictured: Analysis) -> None:
    drawn = picture.pictures(pictured)
    assert drawn == {
        path.name: path.read_text(encoding="utf-8") for path in picture.PICTURES.glob("*.svg")
    }
