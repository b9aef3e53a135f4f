"""Refused commands and their sentences in full, as tests/data/pages/further-refusals.txt has them.

After a change that is meant write the page anew by
``PYTHONPATH=src:tests python tests/cli/test_refusals.py``, and read its difference.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from made.mistakes import write_mistakes
from made.refusals import keep_sentences, kept_sentences, refusal, stand_in

PAGE = "further-refusals"
RUN = "run mine.toml --store new"
COMMANDS = [
    f"{RUN} --threads 1025",
    "diagnose mlp --report a_file/r.html",
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
    "analyze --bank mish --sums III",
    "analyze --bank mish --strata activation",
    "analyze --bank mish --where dataset=cifar10",
    "analyze --bank mish --response test_loss",
    "analyze --bank paper --response test_loss",
    "analyze --store store --response loss",
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
    "table --store store --format latex --label {x}",
    "table --store store --caption x",
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
    "cost mpl",
    "cost mlp --candidates relu,rleu",
    "cost mlp --candidates relu,,elu",
    "cost mlp --incumbent rleu",
    "cost mlp --width 0",
    "cost mlp --batch-size 0",
    "cost mlp --threads 0",
    "cost mlp --regularization gn+bn",
    "recommend convnet --dataset digits",
    "recommend convnet --dataset digits --store new --candidates relu,,elu",
    "recommend convnet --dataset digits --store new --candidates relu",
    "recommend convnet --dataset digits --store new --budget soon",
    "recommend convnet --dataset digits --store new --budget 0%",
    "recommend convnet --dataset digits --store new --budget 101%",
    "recommend convnet --dataset digits --store new --budget 0.2runs",
    "recommend convnet --dataset digits --store new --epochs 9 train.epochs=9",
    "recommend convnet --dataset digits --store new seeds=0",
    "recommend convnet --dataset digits --store new observe.test_curve=on",
    "recommend convnet --dataset digits --store new factors.model=mlp",
    "recommend mine.toml --store new --dataset digits",
    "recommend mine.toml --store new factors.width=0.5,1",
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
    "plan mine.toml labels.activation=x",
    "plan mine.toml labels.relu=",
    "plan mine.toml labels.relu=mlp",
    "plan mine.toml factors.activation=relu,elu labels.relu=x labels.elu=x",
    "plan mine.toml factors=none",
    "plan mine.toml width=17",
    "plan mine.toml name=-x",
    "plan mine.toml seeds=0..9999999999",
    "plan mine.toml seeds=",
    "plan mine.toml seeds=1.5",
    "plan mine.toml seeds.first=1",
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
    "plan mine.toml factors.dataset=digits:a/b",
    "plan mine.toml factors.dataset=cifar12:a/b",
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


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("mistakes")
    write_mistakes(folder)
    yield folder
    assert not (folder / "new").exists()


@pytest.fixture(autouse=True)
def in_the_folder(mistakes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(mistakes, monkeypatch)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refusal_reads_as_it_did(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_command(command.split())
    out, err = capsys.readouterr()
    assert out == ""
    assert refusal(command, code, err) == kept_sentences(PAGE)[command[:99]]


if __name__ == "__main__":
    keep_sentences(PAGE, COMMANDS)
