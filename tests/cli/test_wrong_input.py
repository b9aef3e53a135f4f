"""Wrong input, through the command line: one clear sentence, an exit code, nothing written.

The sentences stand in full in tests/data/pages/refusals.txt; after a change that is meant write
them anew by ``PYTHONPATH=src:tests python tests/cli/test_wrong_input.py``, and read the difference.
"""

import contextlib
import hashlib
import io
import os
import sys
import tempfile
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from made.mistakes import write_mistakes

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
    ("table --store sqlite:///x", 3, ("sqlite:///x", "--artifacts")),
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

# Further ones, of which the page has the sentence; most of them end with exit code 2.
FURTHER = [
    # Options of analyses and tables
    "analyze",
    "analyze --bank paper --store store",
    "analyze --bank paper --study paper",
    "analyze --bank paper --preset keras",
    "analyze --bank papr",
    "analyze --bank paper --contrast relu",
    "analyze --bank paper --contrast relu,relu",
    "analyze --bank paper --contrast relu,rleu",
    "analyze --bank paper --scale percent",
    "analyze --bank paper --sums I",
    "analyze --bank paper --strata colour",
    "analyze --bank paper --factors dataset,colour",
    "analyze --bank paper --margin -1",
    "analyze --bank paper --claims nowhere.toml",
    "analyze --csv nowhere.csv",
    "analyze --csv mine.toml",
    "analyze --csv mine.toml --map a",
    "analyze --csv mine.toml --map a=b,a=c",
    "report --bank mish -o a_file/r.html",
    "report --bank mish -o empty",
    "watch --store nowhere",
    "watch --store store --study mad",
    "table --store store --format txet",
    # Exports, copies
    "export --store store --what all --study made -o new",
    "export --store store --what all -o a_file/new",
    "export --store store --to tensorbord -o new",
    "export --store store --to tensorboard",
    "export --store store --to tensorboard --what runs -o new",
    "export --store store --to tensorboard -o store",
    "export --store store -o -",
    "export --store store -o store/store.sqlite",
    "export --store store --where activation=elu --where activation",
    "import --store store",
    "import --store new store",
    "import empty --store store",
    "store copy nothing/new --store store --to-artifacts a",
    "store copy sqlite:///x --store store",
    "store copy store --store store",
    "store copy a_file/new --store store",
    "store rm --store store --study made --run zzz --yes",
    "store gc --store nowhere",
    # Networks
    "audit mpl",
    "audit mlp --shape 3",
    "audit mlp --shape 0,32,32",
    "audit mlp --shape 1x28x28",
    "audit resnet(depth=9)",
    "audit mine:double",
    "swap mlp rleu",
    "swap mlp relu+elu",
    "diagnose",
    "diagnose mlp --store store",
    "diagnose --store store",
    "diagnose --store store --run zzz",
    "diagnose --store store --run zzz --shape 1,28,28",
    "diagnose --store store --run zzz --width 2",
    "diagnose mlp --width 0",
    "diagnose mlp --activation rleu",
    "diagnose mlp --dataset digts",
    "diagnose mlp --regularization bn+gn",
    # Races and costs
    "recommend convnet --dataset digits",
    "recommend convnet --dataset digits --store new --candidates relu,,elu",
    "recommend convnet --dataset digits --store new --candidates relu",
    "recommend convnet --dataset digits --store new --budget soon",
    "recommend convnet --dataset digits --store new --margin -1",
    "recommend convnet --dataset digits --store new --epochs 0",
    "recommend convnet --dataset digits --store new --incumbent rleu",
    "recommend convnet --store new",
    "recommend nowhere.toml --store new",
    # Studies
    "plan mine.toml analysis.strata=colour",
    "plan mine.toml looks=3,2",
    "plan mine.toml looks=1",
    "plan mine.toml labels.colour=x",
    "plan mine.toml factors=none",
    "plan mine.toml width=17",
    "plan mine.toml name=-x",
    "plan mine.toml seeds=0..9999999999",
    "plan mine.toml seeds=",
    "plan mine.toml seeds=0..1000001",
    "plan mine.toml train.epochs=1000001",
    "plan mine.toml train.epochs=1.5",
    "plan mine.toml train.momentum=1",
    "plan mine.toml train.momentum=-0.1",
    "plan mine.toml train.learning_rate=0",
    "plan mine.toml train.batch_size=0",
    "plan mine.toml train.weight_decay=-1",
    "plan mine.toml train.optimizer=adm",
    "plan mine.toml train.schedule=constant train.warmup_epochs=2",
    "plan mine.toml train.warmup_epochs=3",
    "plan mine.toml train.schedule=step train.step_milestones=0.75,0.5",
    "plan mine.toml train.schedule=step train.plateau_patience=3",
    "plan mine.toml train.schedule=cosine train.decay_factor=0.5",
    "plan mine.toml train.validation_fraction=1",
    "plan mine.toml train.validation_fraction=-0.1",
    "plan mine.toml train.plateau_monitor=validation_loss",
    "plan mine.toml train.plateau_monitor=loss",
    "plan mine.toml train.precision=float16",
    "plan mine.toml observe.validation_curve=last",
    "plan mine.toml observe.validation_curve=sometimes",
    "plan mine.toml observe.probes.every=0",
    "plan mine.toml observe.probes.images=0",
    "plan mine.toml factors.train.epoch=1,2",
    "plan mine.toml race.budget=3",
    "plan mine.toml exclude=relu",
    "plan mine.toml =3",
    "plan mine.toml train.=3",
    "plan mine.toml task.train=mine:double",
    # Levels
    "show activation elu(1,2)",
    "show activation elu(alpha=1,alpha=2)",
    "show activation elu(alpha=1,2)",
    "show activation elu(1,alpha=2)",
    "show activation elu(x)",
    "show activation elu(on)",
    "show activation elu((1))",
    "show activation rrelu(0.5,0.1)",
    "show activation pelu(0)",
    "show activation +",
    "plan mine.toml factors.model=resnet(depth=20.5)",
    "plan mine.toml factors.model=resnet(depth=2)",
    "plan mine.toml factors.model=resnet(post_add=1)",
    "plan mine.toml factors.regularization=crop(0)",
    "plan mine.toml factors.regularization=cutout(0)",
    "plan mine.toml factors.regularization=mixup(0)",
    "plan mine.toml factors.regularization=smooth(1)",
    "plan mine.toml factors.regularization=gn(0)",
    "plan mine.toml factors.regularization=dropconnect(1)",
    "plan mine.toml factors.dataset=folder(tiny_images",
    "plan mine.toml factors.dataset=folder(tiny_images,sise=32)",
    "plan mine.toml factors.dataset=folder(tiny_images,size=3)",
    "plan mine.toml factors.dataset=parquet:tiny_images",
    "plan mine.toml factors.dataset=arrays:a_file",
    # Runs
    f"{RUN} --time-limit 1d",
    f"{RUN} --gpus-per-worker 0.5",
    f"{RUN} --ray-address auto",
    f"{RUN} --executor ray --gpus-per-worker 0",
    f"{RUN} --artifacts a",
    # Data
    "data verify cifar10 --data a_file",
    "data verify folder:nowhere",
    "data verify folder:empty",
    "data verify parquet:nothing",
    "data verify arrays:nowhere.npz",
    "data verify mnist --data nothing",
    "data fetch cifar12 --data nothing",
    "data fetch folder:x --data nothing",
    "data fetch cifar10",
    "data fetch cifar10 --data a_file",
    "init study.toml --data nowhere",
]
PAGE = Path(__file__).parents[1] / "data" / "pages" / "refusals.txt"


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mistakes")
    write_mistakes(folder)
    return folder


@pytest.fixture(autouse=True)
def in_the_folder(mistakes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mistakes)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    # Other tests may have decoded the data that these commands lack.
    monkeypatch.setenv("ACTWISE_CACHE", f"{mistakes}-cache")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


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
    assert refusal(command, exit_code, err) == page().get(command, refusal(command, exit_code, err))


@pytest.mark.parametrize("command", FURTHER)
def test_a_refusal_reads_as_it_did(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_command(command.split())
    out, err = capsys.readouterr()
    assert out == ""
    assert refusal(command, code, err) == page()[command]


def test_refusals_write_nothing(mistakes: Path) -> None:
    assert not (mistakes / "new").exists()


def refusal(command: str, code: int, err: str) -> str:
    return f"$ actwise {command[:99]} (exit {code})\n{err.replace(str(Path.cwd()), 'HERE')}"


def page() -> dict[str, str]:
    """What is printed, by command."""
    pieces = PAGE.read_text(encoding="utf-8").split("$ actwise ")[1:]
    found = {piece.split(" (exit ")[0]: f"$ actwise {piece}" for piece in pieces}
    return {command: found[command[:99]] for command in all_commands()}


def all_commands() -> list[str]:
    """Those whose sentence is the same on every machine."""
    return [*(command for command, *_ in WRONG_INPUT if "://" not in command), *FURTHER]


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with the digest of its content; folders too."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in folder.rglob("*")
    }


def written() -> str:
    """The page."""
    os.environ |= {"COLUMNS": "100"}
    os.environ.pop("ACTWISE_DATA", None)
    sys.dont_write_bytecode = True
    text = ""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["ACTWISE_CACHE"] = f"{folder}-cache"
        write_mistakes(Path.cwd())
        for command in all_commands():
            with contextlib.redirect_stderr(io.StringIO()) as err:
                code = run_command(command.split())
            text += refusal(command, code, err.getvalue())
    return text


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
