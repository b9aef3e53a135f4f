"""What is given for a study and is none."""

from pathlib import Path
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.spec import load_study

FACTORS = {
    "dataset": ["cifar10"],
    "model": ["vgg16", "resnet18"],
    "regularization": ["bn", "bn+aug"],
    "activation": ["relu", "elu(0.5)"],
}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"factors": FACTORS}, "study 'without a name': name is missing"),
        ({"name": "x"}, "study 'x': factors is missing"),
        ({"name": "x", "factors": FACTORS, "task": {}}, "study 'x': task.train is missing"),
        (
            5,
            "the study is 5; the name of a shipped study, the path of a .toml file, or a dict is "
            "expected",
        ),
        (
            Path("paper"),
            "study file 'paper' cannot be read: No such file or directory",
        ),
        (
            None,
            "the study is None; the name of a shipped study, the path of a .toml file, or a dict "
            "is expected",
        ),
    ],
)
def test_what_is_no_study_or_lacks_a_field_is_one_sentence(given: Any, sentence: str) -> None:
    with pytest.raises(SpecError) as refusal:
        load_study(given)
    assert str(refusal.value) == sentence
