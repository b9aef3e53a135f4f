"""Which column of a table of others is taken for the response."""

from pathlib import Path

import pytest

import actwise as aw
from actwise.errors import DataError

VALUES = {("relu", 0): 88.0, ("relu", 1): 90.0, ("elu", 0): 91.0, ("elu", 1): 93.0}


def table(folder: Path, header: str, state: str) -> Path:
    lines = [
        f"{number},{state},{level},{seed},95.0,{value}"
        for number, ((level, seed), value) in enumerate(VALUES.items())
    ]
    path = folder / "runs.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "state"),
    [
        ("Name,State,config.activation,config.seed,config.target_acc,summary/val_acc", "finished"),
        ("Name,State,config.activation,config.seed,config.accuracy,summary/test_acc", "finished"),
        ("number,state,params_activation,params_seed,params_accuracy,value", "COMPLETE"),
        (
            "run_id,status,params.activation,params.seed,params.accuracy,metrics.test_acc",
            "FINISHED",
        ),
        ("name,kind,activation,seed,target_acc,val_acc", "made"),
        ("name,kind,activation,seed,val_top1_err,val_acc", "made"),
    ],
)
def test_what_was_set_and_what_counts_errors_is_no_response(
    header: str, state: str, tmp_path: Path
) -> None:
    # Optuna does not write down whether high values are good.
    columns = {"test_accuracy": "value"} if header.endswith(",value") else None
    found = aw.analyze(table(tmp_path, header, state), columns=columns).to_dict()
    means = {cell["activation"]: cell["mean"] for cell in found["cells"]}
    assert means == pytest.approx({"relu": 89.0, "elu": 92.0})


def test_an_error_alone_is_no_accuracy(tmp_path: Path) -> None:
    path = table(tmp_path, "name,kind,activation,seed,width,val_top1_err", "made")
    with pytest.raises(DataError, match="test_accuracy"):
        aw.analyze(path)
