"""Code that is handed over in Python instead of a level."""

from pathlib import Path
from typing import Any

import pytest
from torch import nn

import actwise as aw
from actwise.errors import ActwiseError
from actwise.usercode import level_of
from made import own_training
from made.own_networks import Net


class OfMain(nn.Module):
    """As a cell of a notebook or a script defines it."""

    __module__ = "__main__"


def study_of(**changes: Any) -> dict[str, Any]:
    levels = {"dataset": "digits", "model": "mlp", "regularization": "none", "activation": "relu"}
    factors = {name: [level] for name, level in {**levels, **changes}.items()}
    return {"name": "made", "factors": factors, "train": {"epochs": 1, "schedule": "onecycle"}}


def task_of(function: object) -> dict[str, Any]:
    return {"name": "made", "factors": {"activation": ["relu"]}, "task": {"train": function}}


def test_a_class_or_function_of_a_module_is_a_level_by_its_name() -> None:
    assert level_of("elu(0.5)", kind="activation") == "elu(0.5)"
    given = aw.load_study(study_of(model=Net, activation=nn.functional.relu))
    names = {"model": "made.own_networks:Net", "activation": "torch.nn.functional:relu"}
    assert given == aw.load_study(study_of(**names))
    task = aw.load_study(task_of(own_training.gives))
    assert task == aw.load_study(task_of("made.own_training:gives"))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Net(10), "one Net, and every training needs a new one; give its class or a function"),
        (lambda x: x, "'<lambda>' is not at the top of a module, where another process finds"),
        (Net.forward, "'Net.forward' is not at the top of a module"),
    ],
)
def test_what_no_other_process_finds_is_refused(given: object, sentence: str) -> None:
    for study in (study_of(model=given), study_of(activation=given), task_of(given)):
        with pytest.raises(ActwiseError, match=sentence):
            aw.load_study(study)


@pytest.mark.parametrize(
    "study",
    [study_of(model=OfMain), study_of(activation=OfMain), task_of(OfMain)],
    ids=["model", "activation", "task"],
)
def test_code_of_a_notebook_is_refused_with_the_remedy(
    study: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ActwiseError) as refused:
        aw.run(study, tmp_path / "store", executor="inline", device="cpu")
    assert "by %%writefile my_module.py) and write my_module:OfMain" in str(refused.value)
    assert not (tmp_path / "store").exists()
