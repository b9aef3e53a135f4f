"""CSV files as spreadsheets and other programs write them: read as they are meant, or named."""

import gzip
from pathlib import Path

import pytest

from actwise.errors import DataError
from actwise.rows import read_rows

PLAIN = [
    {"activation": "relu", "seed": "0", "test_accuracy": "88.5"},
    {"activation": "elu(0.5, x)", "seed": "1", "test_accuracy": "9e1"},
]


def read(folder: Path, content: str | bytes) -> list[dict[str, str]]:
    path = folder / "runs.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_rows(path)


@pytest.mark.parametrize(
    "content",
    [
        'activation,seed,test_accuracy\nrelu,0,88.5\n"elu(0.5, x)",1,9e1\n',
        "activation;seed;test_accuracy\nrelu;0;88.5\nelu(0.5, x);1;9e1\n",
        "activation\tseed\ttest_accuracy\nrelu\t0\t88.5\nelu(0.5, x)\t1\t9e1\n",
        "activation;seed;test_accuracy\nrelu;0;88,5\nelu(0.5, x);1;9e1\n",
        "activation\tseed\ttest_accuracy\nrelu\t0\t88,5\nelu(0.5, x)\t1\t9e1\n",
        '"activation";"seed";"test_accuracy"\n"relu";"0";"88,5"\n"elu(0.5, x)";"1";"9e1"\n',
        '\ufeffactivation,seed,test_accuracy\r\nrelu,0,88.5\r\n"elu(0.5, x)",1,9e1\r\n',
        '\ufeff"activation";seed;test_accuracy\nrelu;0;88,5\nelu(0.5, x);1;9e1\n',
        ' activation , seed,test_accuracy \n relu , 0,88.5\n"elu(0.5, x)" , 1,9e1\n',
        'activation, "seed", test_accuracy\nrelu, 0, 88.5\n\n"elu(0.5, x)", "1", 9e1\n,,\n',
    ],
    ids=[
        "commas",
        "semicolons",
        "tabs",
        "decimal commas",
        "tabs and decimal commas",
        "quoted",
        "byte order mark",
        "byte order mark and quotes",
        "blanks around names",
        "blanks before quotes, empty lines",
    ],
)
def test_separators_marks_and_blanks_do_not_change_a_table(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == PLAIN


def test_a_comma_between_digits_stays_where_commas_separate(tmp_path: Path) -> None:
    assert read(tmp_path, 'a,b\n"1,5",2\n') == [{"a": "1,5", "b": "2"}]
    assert read(tmp_path, "a;b\n1,5,2;x1,5\n") == [{"a": "1,5,2", "b": "x1,5"}]


def test_a_quoted_line_break_is_part_of_a_value(tmp_path: Path) -> None:
    rows = read(tmp_path, 'note;activation\n"two\nlines";relu\n"a ""b""\r\nc";elu\n')
    assert [row["note"] for row in rows] == ["two\nlines", 'a "b"\r\nc']
    assert [getattr(row, "place", "") for row in rows] == ["runs.csv, line 3", "runs.csv, line 5"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"a,b\n1,2\n"), "is packed (gzip or zip); unpack it first"),
        ("a,b\n1,2\n".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "it is UTF-16; save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-be"), "it is UTF-16; save it as UTF-8"),
        ("a,b\n1,ü\n".encode("latin-1"), "line 2 is not UTF-8; save it as UTF-8"),
        ("a,b,a\n1,2,3\n", "runs.csv has 2 columns named 'a'"),
        ("a; b;b \n1;2;3\n", "runs.csv has 2 columns named 'b'"),
        ('"a"\ta\n1\t2\n', "runs.csv has 2 columns named 'a'"),
        ("a;b\n1;2;3\n", "runs.csv, line 2: 3 fields instead of the header's 2"),
        ('a,b\n"1,2\n3,4\n', "runs.csv, line 3: 1 field instead of the header's 2; the file"),
        (
            "a,b,c\n1,2,3\n1,2\n",
            "line 3: 2 fields instead of the header's 3; the file may be cut off",
        ),
        ("\n\n", "no rows below its header"),
        ("", "no rows below its header"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, content)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_only_a_short_last_line_may_be_where_a_file_is_cut_off(tmp_path: Path) -> None:
    for content in ("a,b\n1\n1,2\n", "a,b\n1,2,3\n"):
        with pytest.raises(DataError) as refused:
            read(tmp_path, content)
        assert "cut off" not in str(refused.value)


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "folder", "loop", "file/below", "absent"])
def test_a_path_that_is_no_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(DataError, match="cannot be read as a CSV file"):
        read_rows(tmp_path / name)
