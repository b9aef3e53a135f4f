import re
from pathlib import Path

import numpy as np
import pytest

from actwise.analysis.claim import judge_claims
from actwise.analysis.claim_files import read_claims
from actwise.analysis.table import Observations
from actwise.errors import SpecError, UnknownNameError
from made.studies import made_study

CLAIM = """
[[claim]]
id = "U1"
statement = "ELU beats ReLU in VGG."
[[claim.component]]
name = "elu - relu"
bound = 0.5
terms = [
  {{ weight = 1, where = {{ model = "vgg*", activation = "{high}" }} }},
  {{ weight = -1, where = {{ model = "vgg*", activation = "relu" }} }},
]
"""

WEIGHT = r"claim.0.component.0.terms.0.weigth: no key is named 'weigth'; did you mean weight"
STATISTICS = Path(__file__).parents[1] / "docs" / "statistics.md"


def written(folder: Path, text: str) -> Path:
    path = folder / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


def study() -> Observations:
    return made_study(
        seeds=5,
        generator=np.random.default_rng(0),
        truth=lambda cell: 80.0 + (cell["activation"] == "elu") * (cell["model"] == "vgg16"),
    )


def test_a_claim_of_ones_own_is_judged_like_the_papers(tmp_path: Path) -> None:
    (result,) = judge_claims(study(), read_claims(written(tmp_path, CLAIM.format(high="elu"))))
    assert (result.id, result.verdict, result.reason) == ("U1", "supported", "ok")
    assert result.components[0].estimate == pytest.approx(1.0, abs=0.3)
    assert result.components[0].bound == 0.5


def test_the_example_of_the_documentation_is_judged(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", STATISTICS.read_text(encoding="utf-8"), re.DOTALL)
    (result,) = judge_claims(study(), read_claims(written(tmp_path, example)))
    assert (result.id, result.verdict) == ("U1", "supported")
    assert result.components[0].estimate == pytest.approx(1.0, abs=0.3)


def test_a_level_that_was_not_run_is_a_missing_cell(tmp_path: Path) -> None:
    (result,) = judge_claims(study(), read_claims(written(tmp_path, CLAIM.format(high="gelu"))))
    assert result.reason == "missing-cells"
    assert ("cifar10", "vgg16", "bn", "gelu") in result.missing


def test_a_pattern_that_matches_nothing_is_missing_too(tmp_path: Path) -> None:
    text = CLAIM.format(high="elu").replace("vgg*", "vit*")
    (result,) = judge_claims(study(), read_claims(written(tmp_path, text)))
    assert result.reason == "missing-cells"
    assert result.missing[0] == ("model=vit*", "activation=elu")


def test_an_unknown_factor_is_named(tmp_path: Path) -> None:
    text = CLAIM.format(high="elu").replace("model =", "modle =")
    with pytest.raises(UnknownNameError, match="did you mean model"):
        judge_claims(study(), read_claims(written(tmp_path, text)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[claim", "cannot be read"),
        ("", "claim: Field required"),
        ('[[claim]]\nid = "U1"\nstatement = ""\n', "component: Field required"),
        (CLAIM.format(high="elu").replace("bound", "bond"), "'bond'; did you mean bound"),
        (CLAIM.format(high="elu").replace("weight = 1,", "weigth = 1,"), WEIGHT),
        (CLAIM.format(high="elu").replace("statement", "statment"), "did you mean statement"),
        ("[[clam]]\nid = 1\n", "clam: no key is named 'clam'; did you mean claim"),
        (CLAIM.format(high="elu") * 2, "U1 is there twice"),
        (CLAIM.format(high="elu").replace("weight = 1", "weight = nan"), "finite number"),
    ],
)
def test_a_malformed_file_is_refused_in_one_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        read_claims(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        read_claims(tmp_path / "none.toml")
