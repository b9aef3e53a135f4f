"""Tables in LaTeX: what they are called, and what is said above them."""

import re
from pathlib import Path

import pytest

from actwise.analysis.table import Table, make_table
from actwise.errors import SpecError
from actwise.report import render, write
from made.rows import made_row


def cells_of(*datasets: str) -> Table:
    return make_table([made_row(name, dataset=name) for name in datasets])


def test_a_table_in_latex_has_a_label_and_the_caption_that_is_asked_for(tmp_path: Path) -> None:
    one, two = cells_of("digits"), cells_of("cifar10", "cifar100")
    assert re.findall(r"\\label\{(.*)\}", render(two, "latex")) == [
        "tab:made-cifar10",
        "tab:made-cifar100",
    ]
    for table, label, caption in (
        (one, "tab:main", "50 \\% of it"),
        (two, "tab:main-cifar10", "cifar10. 50 \\% of it"),
    ):
        write(table, "latex", tmp_path / "t.tex", caption="50 % of it", label="tab:main")
        text = (tmp_path / "t.tex").read_text()
        assert f"\\caption{{{caption}}}\n\\label{{{label}}}\n" in text
    with pytest.raises(SpecError, match="go with --format latex, not with csv"):
        write(one, "csv", tmp_path / "t.csv", label="x")
    with pytest.raises(SpecError, match="--label 'a}b': letters"):
        write(one, "latex", tmp_path / "t.tex", label="a}b")
