"""Wrong input, through the command line: one clear sentence, an exit code, nothing written.

The sentences stand in full in tests/data/pages/refusals.txt; after a change that is meant write
them anew by ``PYTHONPATH=src:tests python tests/cli/test_wrong_input.py``, and read the difference.
"""

import hashlib
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from made.mistakes import write_mistakes
from made.refusals import keep_sentences, kept_sentences, refusal, stand_in

RUN = "run mine.toml --store new"

# Command; exit code; what the sentence names: the value, what was expected or the nearest name.
WRONG_INPUT: list[tuple[str, int, tuple[str, ...]]] = [
    # Commands and options
    ("tabel --store store", 2, ("tabel", "table")),
    ("run", 2, ("STUDY",)),
    ("table", 2, ("--store",)),
    ("table --stor store", 2, ("--stor", "--store")),
    ("table --store store surplus", 2, ("surplus",)),
    ("show activations", 2, ("activations", "activation")),
    ("list activation", 2, ("activation", "activations")),
    (f"{RUN} --workers two", 2, ("two", "--workers", "whole number")),
    (f"{RUN} --workers 0", 2, ("workers=0", "at least 1")),
    (f"{RUN} --threads 0", 2, ("threads=0", "at least 1")),
    (f"{RUN} --device gpu", 2, ("gpu", "cpu, cuda or auto")),
    (f"{RUN} --executor dask", 2, ("dask", "inline, process or ray")),
    (f"{RUN} --executor inline --workers 2", 2, ("workers=2", "inline")),
    (f"{RUN} --time-limit soon", 2, ("soon", "10m")),
    (f"{RUN} --time-limit 0s", 2, ("0s", "10m")),
    ("run mine.toml", 2, ("--store",)),
    ("analyze --store one --store two", 2, ("--store is given 2 times", "one value")),
    ("status --store one --study a --study b", 2, ("--study is given 2 times",)),
    (f"{RUN} --quiet --verbose", 2, ("--quiet", "--verbose", "one of them")),
    ("report --bank mish -o r.html --pdf", 2, ("--pdf", "--figures DIR")),
    ("init a_file.txt", 2, ("a_file.txt", ".toml")),
    ("init mine.toml", 2, ("mine.toml", "is there already")),
    # Studies
    ("plan papr", 2, ("papr", "paper")),
    ("plan mine", 2, ("mine", "demo", ".toml file")),
    ("plan nowhere.toml", 2, ("nowhere.toml", "No such file")),
    ("plan truncated.toml", 2, ("truncated.toml", "TOML", "string")),
    ("plan duplicate.toml", 2, ("duplicate.toml", "TOML")),
    ("plan binary.toml", 2, ("binary.toml", "UTF-8")),
    ("plan no_model.toml", 2, ("no_model.toml", "model")),
    ("plan one_string.toml", 2, ("factors.activation='relu'", "a list is expected", '["relu"]')),
    ("plan misspelt_key.toml", 2, ("epoch", "epochs")),
    ("plan unknown_table.toml", 2, ("trian", "train")),
    ("plan mine.toml factors.activatoin=relu", 2, ("activatoin", "activation")),
    ("plan mine.toml train.epoch=3", 2, ("epoch", "epochs")),
    ("plan mine.toml observe.test_curv=on", 2, ("test_curv", "test_curve")),
    ("plan mine.toml train.epochs", 2, ("train.epochs", "key=value")),
    ("plan mine.toml train.epochs=ten", 2, ("epochs", "ten", "integer")),
    ("plan mine.toml train.epochs=0", 2, ("epochs", "0", "greater than or equal to 1")),
    ("plan mine.toml train.learning_rate=nan", 2, ("learning_rate", "nan", "finite")),
    ("plan mine.toml train.schedule=linear", 2, ("schedule", "linear", "cosine")),
    ("plan mine.toml train.nesterov=on train.momentum=0", 2, ("nesterov", "no effect")),
    ("plan mine.toml nmae=x", 2, ("nmae", "name")),
    ("plan mine.toml width=0", 2, ("width", "0", "greater than 0")),
    ("plan table_level.toml", 2, ("factors.activation", "is not a level")),
    ("plan mine.toml seeds=4..1", 2, ("4..1", "1..4")),
    ("plan mine.toml seeds=1,1", 2, ("seeds", "distinct")),
    ("plan mine.toml seeds=-1", 2, ("seeds", "from 0")),
    ("plan mine.toml seeds=0..x", 2, ("0..x", "0..9")),
    ("plan mine.toml seeds=true", 2, ("seeds", "a number is expected, not true")),
    ("plan mine.toml seeds=0,on", 2, ("seeds", "a number is expected, not true")),
    ("plan true_seed.toml", 2, ("true_seed.toml", "seeds", "a number is expected, not true")),
    ("plan mine.toml train.epochs=on", 2, ("train.epochs", "a number is expected, not true")),
    ("plan mine.toml factors.width=off", 2, ("width", "a number is expected, not false")),
    ("plan mine.toml looks=true", 2, ("looks", "a number is expected, not true")),
    ("plan mine.toml seeds=0,9223372036854775808", 2, ("seeds", "2**63 - 1")),
    ("plan empty_rule.toml", 2, ("empty_rule.toml", "exclude", "empty")),
    ("plan lost_rule.toml", 2, ("activation=elu", "relu", "exclude=none")),
    ("plan no_cell.toml", 2, ("no_cell.toml", "leave no cell")),
    ("plan mine.toml train.validation_fraction=0.4", 2, ("0.4", "0.333333 or 0.5")),
    ("plan mine.toml factors.width=1,1.0", 2, ("width", "twice")),
    ("plan mine.toml train.train_size=5000", 2, ("5000", "1437", "digits")),
    ("plan mine.toml train.batch_size=2000", 2, ("2000", "1437")),
    ("run mine.toml observe.probes.evry=2 --store new", 2, ("evry", "every")),
    # Levels
    ("plan mine.toml factors.activation=rleu", 2, ("rleu", "relu")),
    ("plan mine.toml factors.model=resnet19", 2, ("resnet19", "resnet18")),
    ("plan mine.toml factors.dataset=cifar11", 2, ("cifar11", "cifar10")),
    ("plan mine.toml factors.regularization=bn+dropuot", 2, ("dropuot", "dropout")),
    ("plan mine.toml factors.regularization=bn+gn", 2, ("bn", "gn")),
    ("plan mine.toml factors.regularization=flip+aug", 2, ("flip", "twice")),
    ("plan mine.toml factors.model=resnet(depth=21)", 2, ("21", "6n + 2")),
    ("plan mine.toml factors.activation=elu(0)", 2, ("elu(0)", "alpha=0", "above 0")),
    ("plan mine.toml factors.activation=elu(beta=1)", 2, ("beta", "alpha")),
    (f"plan mine.toml factors.activation=elu({10**399})", 2, ("alpha", "finite number")),
    ("plan mine.toml factors.activation=elu(1e308)", 2, ("alpha=1e+308", "32 bits")),
    ("plan mine.toml factors.activation=leaky_relu(-1e39)", 2, ("=-1e+39", "32 bits")),
    ("show activation elu(3.5e38)", 2, ("alpha=3.5e+38", "32 bits")),
    ("show activation softplus(1e-40)", 2, ("beta=1e-40", "32 bits")),
    ("plan mine.toml factors.activation=elu(", 2, ("elu(", "name(value, key=value)")),
    ("plan mine.toml factors.activation=relu(1)", 2, ("relu(1)", "no arguments")),
    ("plan mine.toml factors.regularization=dropout(2)", 2, ("between=2", "below 1")),
    ("plan mine.toml factors.activation=__main__:double", 2, ("__main__:double",)),
    ("plan mine.toml factors.activation=nowhere:double", 2, ("nowhere:double", "nowhere")),
    ("plan mine.toml factors.activation=mine:duble", 2, ("mine:duble", "double")),
    (
        "plan mine.toml factors.activation=raises:anything",
        2,
        ("RuntimeError: at import (raises.py, line 1)",),
    ),
    ("show activation rleu", 2, ("rleu", "relu")),
    ("show activation relu --figure a_file/x.png", 74, ("a_file/x.png",)),
    ("show activation relu --figure x.docx", 2, ("x.docx", "png")),
    # Data
    ("run paper --store new --data missing", 3, ("missing",)),
    ("run paper --store new", 3, ("cifar10", "--data DIR")),
    ("run paper --store new --data nothing", 3, ("cifar10", "nothing", "data fetch")),
    ("data verify cifar12", 2, ("cifar12", "cifar10")),
    ("data verify folder:two_sizes", 3, ("two_sizes", "40x40")),
    ("data fetch digits --data nothing", 2, ("digits", "nothing to fetch")),
    (
        "data verify mnist --data bad_idx",
        3,
        ("t10k-labels-idx1-ubyte", "is not the published file", "MD5"),
    ),
    ("data verify cifar10 --data no_labels", 3, ("train-0.parquet", "label")),
    ("data verify tiny --data gadget", 3, ("batch_1", "os.system")),
    ("data verify tiny --data truncated_archive", 3, ("tiny-python.tar.gz", "truncated")),
    ("plan mine.toml factors.dataset=folder:tiny_images", 3, ("8x8", "28 to 64")),
    ("plan mine.toml factors.dataset=folder:", 2, ("folder:", "folder:PATH")),
    ("run mine.toml factors.dataset=tiny --data gadget --store new", 3, ("batch_1", "os.system")),
    # Stores
    ("run mine.toml --store a_file/new", 3, ("a_file/new", "Not a directory")),
    ("status --store nowhere", 3, ("nowhere", "missing")),
    ("status --store empty", 3, ("empty", "missing")),
    ("status --store songs", 3, ("songs", "another SQLite database")),
    ("table --store newer", 3, ("newer", "999", "newer actwise")),
    ("table --store corrupt", 3, ("corrupt", "damaged")),
    ("table --store mysql://host/runs --artifacts a", 3, ("mysql", "sqlite:///FILE")),
    ("table --store postgresql://no.such.host/runs --artifacts a", 3, ("cannot be reached",)),
    ("run mine.toml --store sqlite:///x", 3, ("sqlite:///x", "--artifacts")),
    ("table --store store --study mad", 2, ("mad", "made")),
    ("table --store store --where activaton=relu", 2, ("activaton", "activation")),
    ("table --store store --where relu", 2, ("relu", "FIELD=VALUE")),
    ("table --store store --format html", 2, ("html", "latex")),
    ("table --store store -o a_file/t.txt", 74, ("a_file/t.txt",)),
    ("export --store store --what rnus", 2, ("rnus", "runs")),
    ("export --store store --format xlsx", 2, ("xlsx", "csv")),
    ("export --store store -o a_file/r.csv", 74, ("a_file/r.csv",)),
    ("export --store store --what all --format csv -o new", 2, ("csv", "Parquet")),
    ("export --store store --json --format csv", 2, ("--json", "csv")),
    ("table --store store --json --format latex", 2, ("--json", "latex")),
    ("export --store store -o t.tex", 2, ("latex", "csv")),
    ("export --store store --what all", 2, ("all", "-o DIR")),
    ("export --store store --what all -o store", 2, ("store", "new folder")),
    ("import nothing --store new", 3, ("nothing",)),
    ("show run zzz --store store", 3, ("zzz",)),
    ("store copy --store store nothing/../store", 2, ("store", "new folder")),
    ("store rm --store store --study mad --yes", 2, ("mad", "made")),
    ("store rm --store store --study made", 2, ("--yes",)),
]
SAID = kept_sentences("refusals")


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mistakes")
    write_mistakes(folder)
    return folder


@pytest.fixture(autouse=True)
def in_the_folder(mistakes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(mistakes, monkeypatch)


@pytest.mark.parametrize(("command", "exit_code", "names"), WRONG_INPUT)
def test_wrong_input_gets_one_sentence_and_writes_nothing(
    command: str,
    exit_code: int,
    names: tuple[str, ...],
    mistakes: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = contents(mistakes)
    assert run_command(command.split()) == exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("actwise: ")
    assert err.count("\n") == 1
    assert [name for name in names if name not in err] == []
    assert "Traceback" not in err
    assert "pydantic" not in err
    assert contents(mistakes) == before
    if "://" not in command:  # what cannot be reached is said in the system's words
        assert refusal(command, exit_code, err) == SAID[command[:99]]


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with the digest of its content; folders too."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in folder.rglob("*")
    }


if __name__ == "__main__":
    keep_sentences("refusals", [command for command, *_ in WRONG_INPUT if "://" not in command])
