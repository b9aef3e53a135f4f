"""Tables as text, Markdown, LaTeX, CSV, Parquet and JSON."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from actwise.analysis.table import Table, make_table
from actwise.errors import OutputError, SpecError, UnknownNameError
from actwise.report import FORMATS, render, write
from actwise.spec import load_study
from made.rows import made_line, made_row

PROSE = ("text", "markdown", "latex")


def study_table(name: str, *overrides: str) -> Table:
    """A study's cells with made accuracies, no two activations alike."""
    study = load_study(name, overrides)
    rows = []
    for position, cell in enumerate(study.cells()):
        for seed in study.seeds:
            settings = cell.model_dump(mode="json") | {"seed": seed}
            row = made_row(f"{position}-{seed}", seed=seed, accuracy=60.0 + position + seed / 2)
            rows.append(row | {"study": name, "spec": json.dumps(settings)})
    return make_table(rows)


def lines_with(text: str, word: str) -> list[str]:
    return [line for line in text.splitlines() if word in line]


@pytest.mark.parametrize("format", PROSE)
def test_the_papers_study_takes_the_form_of_its_tables(format: str) -> None:
    text = render(study_table("paper"), format)
    for published in ("91.61", "88.95", "95.23", "67.71", "77.80"):
        assert f"paper {published}" in text
    assert text.index("cifar10") < text.index("cifar100")
    (heading, *_) = [line for line in text.splitlines() if "vgg16-table1" in line]
    assert heading.count("vgg16-table1") == heading.count("resnet18-table2") == 2


def test_a_full_table_of_the_paper_fits_80_columns_in_one_block_a_data_set() -> None:
    text = render(study_table("paper"), "text", width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert len(lines_with(text, "prelu  ")) == 2


@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_the_usual_networks_stand_beside_the_papers_numbers_too(name: str) -> None:
    assert "paper" in render(study_table("paper-standard", f"factors.model={name}"), "text")


def test_cells_outside_the_papers_design_have_no_number_of_the_paper() -> None:
    assert "paper" not in render(study_table("identity"), "text")
    assert "paper" not in render(study_table("demo"), "text")


def test_the_heading_states_the_scope() -> None:
    text = render(study_table("cifar-mini"), "text", width=200)
    assert (
        "width 0.25; 6 epochs; onecycle schedule; learning rate 0.1; all training images; "
        "validation_fraction=0.1; seeds 0..2" in text
    )
    limited = study_table("paper", "train.train_size=500", "seeds=0,1,5")
    text = render(limited, "text", width=200)
    assert "at most 200 epochs" in text
    assert "500 training images; seeds 0..1, 5" in text


def test_settings_that_differ_stand_in_the_column_headings() -> None:
    text = render(study_table("tuning"), "text", width=200)
    assert all(f"learning_rate={rate}" in text for rate in (0.03, 0.1, 0.3))
    assert "learning rate" not in text


@pytest.mark.parametrize("width", [50, 80, 120])
def test_many_columns_wrap_into_blocks_instead_of_being_squeezed(width: int) -> None:
    text = render(study_table("depth"), "text", width=width)
    assert max(map(len, text.splitlines())) <= width
    words = text.split()
    assert all(f"{kind}{n}" in words for kind in ("resnet", "plain") for n in (20, 32, 56, 110))
    assert len(lines_with(text, "prelu ")) > 1


def test_a_terminal_too_narrow_for_one_column_still_shows_every_number() -> None:
    assert render(study_table("demo"), "text", width=20).count("±") >= 12


def test_the_best_of_a_column_is_bold_or_has_a_star() -> None:
    table = make_table(
        [
            made_row("a", accuracy=91.0),
            made_row("b", accuracy=93.0, activation="elu"),
            made_row("c", accuracy=92.0, activation="prelu"),
        ]
    )
    assert lines_with(render(table, "markdown"), "**93.00**")
    assert render(table, "markdown").count("**") == 4  # the title is bold too
    assert r"\textbf{93.00}" in render(table, "latex")
    assert lines_with(render(table, "text"), "93.00*")


def test_equal_accuracies_are_both_best_and_a_cell_without_a_rival_is_not() -> None:
    tied = [made_row("a"), made_row("b", activation="elu")]
    assert render(make_table(tied), "latex").count("textbf") == 2
    assert "textbf" not in render(make_table(tied[:1]), "latex")


def test_a_cell_with_diverged_runs_is_never_called_best() -> None:
    table = make_table(
        [
            made_row("a", accuracy=99.0),
            made_row("b", accuracy=None, status="diverged", seed=1),
            made_row("c", accuracy=50.0, activation="elu"),
            made_row("d", accuracy=40.0, activation="prelu"),
        ]
    )
    assert r"\textbf{50.00}" in render(table, "latex")


@pytest.mark.parametrize("format", PROSE)
def test_diverged_failed_and_missing_runs_are_told(format: str) -> None:
    rows = [
        made_row("a", accuracy=80.0),
        made_row("b", accuracy=None, status="diverged", seed=1),
        made_row("c", accuracy=None, status="failed", seed=2),
    ]
    planned = [made_line(name, seed=seed) for seed, name in enumerate("abcd")]
    text = render(make_table(rows, planned), format)
    assert all(f"{what} 1/4" in text for what in ("diverged", "failed", "missing"))


@pytest.mark.parametrize("format", PROSE)
def test_a_single_run_has_no_spread(format: str) -> None:
    text = render(make_table([made_row("a", accuracy=91.5)]), format)
    assert "91.50" in text
    assert "±" not in text
    assert "pm" not in text


@pytest.mark.parametrize(
    ("format", "mark"), [("text", "†"), ("markdown", "†"), ("latex", "dagger")]
)
def test_aliased_cells_are_marked_and_explained(format: str, mark: str) -> None:
    rows = [made_row("a", aliased=True), made_row("a", regularization="none", aliased=True)]
    text = render(make_table(rows), format)
    assert text.count(mark) == 3
    assert "trained once" in text
    assert mark not in render(make_table([made_row("a")]), format)


@pytest.mark.parametrize("format", PROSE)
def test_runs_of_several_fingerprints_are_told(format: str) -> None:
    rows = [made_row("a"), made_row("b", seed=1, environment="two")]
    assert "2 numerics fingerprints" in render(make_table(rows), format)


@pytest.mark.parametrize("format", [*PROSE, "csv", "json"])
def test_a_table_without_runs_is_rendered_too(format: str) -> None:
    assert render(make_table([]), format)


@pytest.mark.parametrize("format", PROSE)
def test_a_design_with_holes_leaves_them_empty(format: str) -> None:
    rows = [made_row("a"), made_row("b", model="convnet", activation="elu")]
    assert render(make_table(rows), format).count("50.00") == 2


HOSTILE = {
    "text": "[red]x[/red]",
    "markdown": "<script>alert(1)</script>|**x**",
    "latex": r"\input{x}%$&_#^~",
    "csv": "=cmd()",
    "json": '"}\n',
}


def test_markup_in_names_is_printed_as_it_is() -> None:
    assert "[red]x[/red]" in render(made_hostile("text"), "text")


def test_names_cannot_move_the_cursor() -> None:
    table = make_table([made_row("a", dataset="folder:\x1b[2J\nx")])
    for format in PROSE:
        text = render(table, format)
        assert "\x1b" not in text
        assert "\nx" not in text


def test_html_and_markdown_in_names_come_out_inert() -> None:
    text = render(made_hostile("markdown"), "markdown")
    assert "<script>" not in text
    assert r"&lt;script&gt;alert(1)&lt;/script&gt;\|\*\*x\*\*" in text


def test_commands_in_names_are_not_executed_by_latex() -> None:
    text = render(made_hostile("latex"), "latex")
    assert r"\input" not in text
    assert r"\textbackslash{}input\{x\}\%\$\&\_\#\textasciicircum{}\textasciitilde{}" in text


def test_commands_in_the_notes_are_set_as_code() -> None:
    table = make_table([made_row("a", accuracy=None, status="failed")])
    assert "`actwise show run ID` prints it" in render(table, "markdown")
    assert r"\texttt{actwise show run ID} prints it" in render(table, "latex")
    assert r"\`" not in render(table, "markdown")


def test_the_notes_of_a_latex_table_stand_below_it() -> None:
    text = render(study_table("paper"), "latex")
    first = text[: text.index(r"\end{table}")]
    caption = lines_with(first, r"\caption")[0]
    assert "standard deviation" not in caption
    assert first.index(r"\bottomrule") < first.index("standard deviation over seeds")


def test_a_name_in_a_note_cannot_begin_code() -> None:
    rows = [made_row("a", environment="`x"), made_row("b", seed=1, environment="two")]
    text = render(make_table(rows), "markdown")
    assert "('x: seed 0; two: seed 1)" in text and text.count("`") == 0


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@"])
def test_a_spreadsheet_does_not_run_names_as_formulas(beginning: str) -> None:
    table = make_table([made_row("a", dataset=f"{beginning}cmd()")])
    (row,) = csv.DictReader(io.StringIO(render(table, "csv")))
    assert row["dataset"] == f"'{beginning}cmd()"


def test_json_has_the_scope_the_factors_and_the_cells() -> None:
    value = json.loads(render(study_table("cifar-mini"), "json"))
    assert value["scope"]["width"] == 0.25
    assert value["seeds"] == [0, 1, 2]
    assert value["factors"] == ["dataset", "model", "regularization", "activation"]
    assert len(value["cells"]) == 24
    assert value["cells"][0]["paper"] == 91.61
    assert value["cells"][0]["n"] == 3
    assert json.loads(render(made_hostile("json"), "json"))["cells"][0]["dataset"] == '"}\n'


def test_csv_has_a_row_a_cell_with_every_setting() -> None:
    rows = list(csv.DictReader(io.StringIO(render(study_table("tuning"), "csv"))))
    assert len(rows) == 18
    assert rows[0]["train.learning_rate"] == "0.03"
    assert rows[0]["train.train_size"] == ""
    assert (rows[0]["mean"], rows[0]["n"], rows[0]["sd"]) == ("60.5", "3", "0.5")


def test_parquet_keeps_the_types(tmp_path: Path) -> None:
    target = tmp_path / "table.parquet"
    write(study_table("paper"), "parquet", target)
    row = pq.read_table(target).to_pylist()[0]
    assert (row["width"], row["n"], row["aliased"], row["paper"]) == (1.0, 3, False, 91.61)
    with pytest.raises(SpecError, match="binary"):
        render(study_table("paper"), "parquet")


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"parquet"}))
def test_a_file_holds_what_is_rendered(
    format: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    table = study_table("demo")
    write(table, format, tmp_path / "table")
    write(table, format)
    assert (tmp_path / "table").read_text(encoding="utf-8") == render(table, format)
    assert capfdbinary.readouterr().out.decode() == render(table, format)


def test_an_unknown_format_and_an_unwritable_file_are_refused(tmp_path: Path) -> None:
    table = study_table("demo")
    with pytest.raises(UnknownNameError, match="markdown"):
        render(table, "markdwon")
    with pytest.raises(OutputError, match="cannot be written"):
        write(table, "csv", tmp_path / "absent" / "table.csv")


def made_hostile(format: str) -> Table:
    name: dict[str, Any] = {"dataset": HOSTILE[format]}
    return make_table([made_row("a", **name)])
