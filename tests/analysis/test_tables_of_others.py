"""Tables of others, as a user reads what becomes of them: on the terminal, in JSON, in the page."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.cli.main import run_command
from actwise.errors import DataError
from made.pages import Page

RELU, ELU = (88.0, 90.1, 92.0, 94.0), (89.1, 91.0, 93.0, 95.1)
HEADER = "activation,seed,test_accuracy"


def lines_of(relu: str = "relu", elu: str = "elu", *, seed: str = "{}") -> list[str]:
    values = [
        *((relu, n, v) for n, v in enumerate(RELU)),
        *((elu, n, v) for n, v in enumerate(ELU)),
    ]
    return [f"{name},{seed.format(n)},{value}" for name, n, value in values]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "runs.csv"


class Reading:
    """What the command line makes of a table."""

    def __init__(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._file, self._capsys = file, capsys

    def __call__(self, *rows: str, header: str = HEADER) -> dict[str, Any]:
        self._file.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        self.exit_code = run_command(["analyze", "--csv", "runs.csv"])
        self.text, self.error = self._capsys.readouterr()
        run_command(["analyze", "--csv", "runs.csv", "--json"])
        out = self._capsys.readouterr().out
        values: dict[str, Any] = json.loads(out) if out else {}
        return values


@pytest.fixture
def read(file: Path, capsys: pytest.CaptureFixture[str]) -> Reading:
    return Reading(file, capsys)


@pytest.mark.parametrize(
    "header",
    [
        "Activation,Seed,Test_Accuracy",
        "ACTIVATION,SEED,TEST ACCURACY",
        " activation , seed , test-accuracy ",
        "Activation,SEED,TestAccuracy",
    ],
)
def test_a_column_is_found_however_its_name_is_written(read: Reading, header: str) -> None:
    plain, other = read(*lines_of()), read(*lines_of(), header=header)
    assert other["cells"] == plain["cells"]
    assert (other["response"], other["factors"]) == (plain["response"], plain["factors"])
    assert "4 seeds" in read.text


def test_rows_at_hand_are_read_as_a_file_is() -> None:
    rows = [
        {
            "Activation": f" {level} ",
            "SEED": seed,
            "Test Accuracy": values[int(seed)],
            "State": "ok",
        }
        for level, values, seeds in (
            ("relu", RELU, ("0", "1", "2", "3")),
            ("elu", ELU, (0, 1.0, "02", 3)),
        )
        for seed in seeds
    ]
    observed = aw.analyze(rows).observed
    assert observed is not None and observed.seeds_R is not None
    assert observed.levels_of("activation") == ("relu", "elu")
    assert observed.seeds_R.tolist() == ["0", "1", "2", "3"] * 2


def test_columns_asked_for_are_found_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("Depth,Error\n20,8.5\n20,8.4\n56,7.1\n56,7.3\n")
    asked = ["--factors", "depth", "--response", "error", "--lower-is-better", "--json"]
    assert run_command(["analyze", "--csv", "runs.csv", *asked]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["factors"] == {"depth": ["20", "56"]}


@pytest.mark.parametrize(
    "header", ["activation,seed,Seed,test_accuracy", "activation,seed ,SEED,test_accuracy"]
)
def test_two_columns_that_are_one_are_refused(read: Reading, header: str) -> None:
    read("relu,0,1,90", header=header)
    assert read.exit_code == 3
    assert "which are one; keep one" in read.error


@pytest.mark.parametrize("seed", ["0{}", "{}.0", " {} ", "{}e0", "+{}"])
def test_a_seed_is_one_however_it_is_written(read: Reading, seed: str) -> None:
    plain = read(*lines_of())
    mixed = read(*lines_of()[:4], *lines_of(seed=seed)[4:])
    assert mixed["contrasts"] == plain["contrasts"]
    read(*lines_of(), *lines_of(seed=seed))
    assert read.exit_code == 3
    assert "relu has more than one row of seed 0" in read.error
    assert "(runs.csv, line 2: 88.0 and runs.csv, line 10: 88.0)" in read.error


def test_two_results_of_one_run_are_named_with_their_places(read: Reading) -> None:
    read(*lines_of(), "elu,2,99.9")
    assert "(runs.csv, line 8: 93.0 and runs.csv, line 10: 99.9)" in read.error
    assert read.error.endswith("name what tells the rows apart by --factors\n")
    rows = [f"a{n // 2},{n % 2},{row}" for n, row in enumerate((*lines_of(), "relu,0,88.0"))]
    header = f"run_id,study,{HEADER}"
    read(*(row.replace(",88.0", ",88.7") if n == 8 else row for n, row in enumerate(rows)))
    shared = ["r0,a,relu,0,88.0", "r1,a,elu,0,89.1", "r0,b,relu,0,88.0", "r1,b,elu,0,89.2"]
    read(*shared, header=header)
    assert read.exit_code == 3
    assert "line 5: test_accuracy=89.2 of run r1, which has 89.1 in another row" in read.error
    assert read(*shared[:3], header=header)["flow"]["planned"] == 2


@pytest.mark.parametrize("levels", [(" relu", "relu "), ("relu", "\trelu"), ("\u00a0relu", "relu")])
def test_blanks_around_a_level_make_no_other(levels: tuple[str, str]) -> None:
    rows = [
        {"activation": level, "seed": seed, "test_accuracy": 90.0 + seed}
        for seed, level in enumerate((*levels, "elu", "elu "))
    ]
    observed = aw.analyze(rows).observed
    assert observed is not None
    assert observed.levels_of("activation") == ("relu", "elu")


@pytest.mark.parametrize(
    ("one", "other"), [("relu", "ReLU"), ("ELU", "elu"), ("leaky-relu", "Leaky_ReLU")]
)
def test_levels_that_differ_in_case_only_are_named(
    read: Reading, file: Path, one: str, other: str
) -> None:
    values = read(*lines_of(one, other))
    named = f"activation {one} and {other}"
    assert f"Levels that differ in case or hyphens only: {named}." in read.text
    assert [f["evidence"] for f in values["findings"] if f["code"] == "A023"] == [named]
    assert values["factors"]["activation"] == [one, other]
    run_command(["report", "--csv", "runs.csv", "-o", "r.html"])
    assert f"hyphens only: {named}." in Page(Path("r.html").read_text("utf-8")).text


def test_levels_that_differ_in_more_are_not_named(read: Reading) -> None:
    read(*lines_of("relu", "prelu"))
    assert "differ in case" not in read.text
    read(*lines_of("1e-5", "1e5"))
    assert "differ in case" not in read.text


@pytest.mark.parametrize(
    ("texts", "shown"),
    [(("0.1", "0.10"), "0.1"), (("1", "1.0"), "1"), (("1e-3", "0.001"), "1e-3")],
)
def test_a_number_is_one_level_however_it_is_written(
    read: Reading, texts: tuple[str, str], shown: str
) -> None:
    values = read(
        *(f"{texts[n % 2]},{row}" for n, row in enumerate(lines_of())),
        *(f"0.5,{row}" for row in lines_of()),
        header=f"train.learning_rate,{HEADER}",
    )
    assert sorted(values["factors"]["train.learning_rate"]) == sorted([shown, "0.5"])


def test_names_that_look_like_numbers_among_others_stay(read: Reading) -> None:
    assert read(*lines_of("1", "1.0x"))["factors"]["activation"] == ["1", "1.0x"]
    large = ("9007199254740992", "9007199254740993")
    assert read(*lines_of(*large))["factors"]["activation"] == [*large]


@pytest.mark.parametrize("column", ["status", "state", "State", "STATUS", " Status "])
@pytest.mark.parametrize("stopped", ["KILLED", "crashed", "running", "0"])
def test_a_run_that_did_not_finish_is_left_out_and_counted(
    read: Reading, column: str, stopped: str
) -> None:
    good = ("finished", "Completed", "ok", "FINISHED", "COMPLETE", "", "OK", "complete")
    rows = [f"{row},{word}" for row, word in zip(lines_of(), good, strict=True)]
    values = read(*rows, f"elu,4,41.5,{stopped}", header=f"{HEADER},{column}")
    assert values["flow"]["finished"] == 8
    assert values["flow"]["excluded"] == 1
    assert values["flow"]["reasons"] == [f"1 run not finished but {stopped}"]
    assert f"Left out: 1 run not finished but {stopped}." in read.text
    assert values["cells"][1]["mean"] == pytest.approx(np.mean(ELU))


def test_failed_runs_and_those_without_a_result_are_counted_too(read: Reading, file: Path) -> None:
    rows = [f"{row},ok" for row in lines_of()]
    read(*rows, "elu,4,,ok", "elu,5,12.5,Failed", "elu,6,1,FAILED", header=f"{HEADER},status")
    assert "Left out: 1 finished run without test_accuracy and 2 failed runs." in read.text
    run_command(["report", "--csv", "runs.csv", "-o", "r.html"])
    assert "and 2 failed runs." in Page(Path("r.html").read_text("utf-8")).text


def test_a_run_needs_every_status_that_a_table_has(read: Reading) -> None:
    rows = [f"{row},finished,ok" for row in lines_of()[:-1]]
    values = read(*rows, f"{lines_of()[-1]},finished,crashed", header=f"{HEADER},State,status")
    assert values["flow"]["reasons"] == ["1 run not finished but crashed"]


@pytest.mark.parametrize(
    ("percent", "fraction"),
    [("90.0", "0.91"), ("90.0", "0.75"), ("55.1", "0.5512"), ("99.5", "0.999")],
)
@pytest.mark.parametrize(
    "name",
    ["test_accuracy", "Test Accuracy", "val_acc", "acc", "top1", "testAcc", "Acc@1", "error (%)"],
)
def test_a_fraction_among_percentages_is_named(
    file: Path, capsys: pytest.CaptureFixture[str], percent: str, fraction: str, name: str
) -> None:
    file.write_text(f"activation,seed,{name}\nrelu,0,{percent}\nelu,0,{fraction}\n")
    assert run_command(["analyze", "--csv", "runs.csv", "--response", name]) == 3
    error = capsys.readouterr().err
    shown = {"Test Accuracy": "test_accuracy"}.get(name, name)
    assert f"line 3: {shown}={fraction} stands in one column" in error


@pytest.mark.parametrize("name", ["test_loss", "mean_squared_error", "reward", "score"])
def test_a_column_that_is_no_share_may_hold_any_numbers(
    file: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    largest = 250 if name == "score" else 95
    file.write_text(f"activation,seed,{name}\nrelu,0,90\nelu,0,0.91\nrelu,1,{largest}\n")
    is_lower = ["--lower-is-better"] * (name in ("test_loss", "mean_squared_error"))
    assert run_command(["analyze", "--csv", "runs.csv", "--response", name, *is_lower]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("header", ["activation", "model", "dataset", "regularization"])
@pytest.mark.parametrize("empty", ["", "  ", '""'])
def test_an_empty_level_is_named_with_its_row(read: Reading, header: str, empty: str) -> None:
    names = dict.fromkeys(("dataset", "model", "regularization", "activation"), "x")
    rows = [",".join([*names.values(), "0", "90"]), ",".join([*names.values(), "1", "91"])]
    rows.append(",".join([*({**names, header: empty}).values(), "2", "92"]))
    read(*rows, header=f"{','.join(names)},seed,test_accuracy")
    assert read.exit_code == 3
    assert read.error == f"actwise: runs.csv, line 4: {header} is empty; fill in the level\n"


def test_a_missing_level_in_rows_at_hand_is_named() -> None:
    rows = [{"activation": "relu", "test_accuracy": 90.0} for _ in range(3)]
    for missing in (None, float("nan"), " "):
        with pytest.raises(DataError, match=r"^row 3: activation is empty"):
            aw.analyze([*rows[:2], {**rows[2], "activation": missing}])


def test_a_setting_that_is_absent_is_a_level(read: Reading) -> None:
    rows = [f"{size},{row}" for size in ("", "5000") for row in lines_of()]
    values = read(*rows, header=f"train.train_size,{HEADER}")
    assert values["factors"]["train.train_size"] == ["", "5000"]


def test_semicolons_tabs_and_decimal_commas_give_the_same_analysis(
    read: Reading, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = read(*lines_of())
    for separator, point in ((";", "."), (";", ","), ("\t", "."), ("\t", ",")):
        rows = [HEADER, *lines_of()]
        text = "\n".join(row.replace(",", separator).replace(".", point) for row in rows)
        file.write_text(text, encoding="utf-8-sig")
        assert run_command(["analyze", "--csv", "runs.csv", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == plain
    tabs = file.with_suffix(".tsv")
    tabs.write_bytes(file.read_bytes())
    assert aw.analyze(tabs).results.flow["finished"] == 8
