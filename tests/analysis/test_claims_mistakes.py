"""Every mistake in a file of claims is told in one sentence."""

from pathlib import Path

import numpy as np
import pytest

from actwise.analysis.claims import judge_claims, read_claims
from actwise.errors import SpecError, UnknownNameError
from made.claims import ELU_BEATS_RELU as CLAIM
from made.studies import made_study


def written(folder: Path, text: str) -> Path:
    path = folder / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed(old: str, new: str) -> str:
    assert old in CLAIM
    return CLAIM.replace(old, new, 1)


MISTAKES = [
    ("[[claim", "cannot be read"),
    ("", "claim: Field required"),
    ('[[claim]]\nid = "U1"\nstatement = ""\n', r"claim\.0\.component: Field required"),
    ('[[clam]]\nid = "a"\n', "clam: no key is named 'clam'; did you mean claim"),
    (changed("bound", "bond"), r"component\.0\.bond: .*'bond'; did you mean bound"),
    (changed("statement", "statment"), "did you mean statement"),
    (
        changed("weight = 1,", "weigth = 1,"),
        r"claim\.0\.component\.0\.terms\.0\.weigth: .*did you mean weight",
    ),
    (CLAIM * 2, "U1 is there twice"),
    (changed('"U1"', '""'), r"id='': string should have at least 1"),
    (changed('"U1"', "7"), r"claim\.0\.id=7: .*valid string"),
    (changed("weight = 1,", "weight = nan,"), "weight=nan: a number other than 0 is expected"),
    (changed("weight = 1,", "weight = 0,"), "weight=0: a number other than 0 is expected"),
    (changed("weight = 1,", "weight = true,"), "weight=True: a number other than 0"),
    (changed("weight = 1,", 'weight = "1",'), "weight='1': a number other than 0"),
    (changed("weight = 1,", "weight = [1],"), r"weight=\[1\]: a number other than 0"),
    (changed("bound = 0.5", 'bound = "large"'), 'bound=\'large\': a number, "margin", "-margin"'),
    (changed("bound = 0.5", "bound = inf"), "bound=inf: a number"),
    (changed("bound = 0.5", "bound = [1]"), r"bound=\[1\]: a number"),
    (changed("bound = 0.5", "refuted_below = true"), "refuted_below=True: a number"),
    (changed("bound = 0.5", 'bound = "none"'), 'every bound is "none"'),
    (changed("bound = 0.5", 'gap_change = "yes"'), "gap_change='yes': .*valid boolean"),
    (changed('"vgg*"', "16"), r"where\.model=16: .*valid string"),
    (changed("bound = 0.5", "each = { dataset = [] }"), r"dataset=\[\]: .*at least 1"),
    (changed("bound = 0.5", "each = { dataset = 3 }"), "dataset=3: "),
    (changed("bound = 0.5", 'each = { dataset = "*" }'), r"dataset='\*': "),
    (changed("bound = 0.5", "each = 3"), "each=3: "),
    (changed("bound = 0.5", 'each = { dataset = ["a", "b"] }'), r"\{dataset\} is expected in it"),
    (
        changed("bound = 0.5", 'each = { model = ["a"] }\nmean_over = { model = ["a"] }'),
        "model stands in each and mean_over",
    ),
    (changed('where = { model = "vgg*", activation = "elu" }', "where = {}"), "where is empty"),
    (
        changed("[[claim.component]]", 'in_sample = ["papr"]\n[[claim.component]]'),
        "no bank is named 'papr'; did you mean paper",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_malformed_file_is_refused_in_one_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        read_claims(written(tmp_path, text))
    said = str(caught.value)
    assert "claims.toml" in said
    assert "\n" not in said.removesuffix("\n") or "cannot be read" in said
    assert len(said) < 300


def combined(num_datasets: int, num_regularizations: int) -> str:
    """A claim about each of so many data sets, in the mean over so many regularizations."""
    datasets = [f"data-{place}" for place in range(num_datasets)]
    means = [f"part-{place}" for place in range(num_regularizations)]
    groups = f"each = {{ dataset = {datasets} }}\nmean_over = {{ regularization = {means} }}"
    named = changed('name = "elu - relu"', 'name = "{dataset}: elu - relu"')
    return named.replace("bound = 0.5", groups)


def test_more_combinations_than_are_ever_meant_are_refused(tmp_path: Path) -> None:
    (claim,) = read_claims(written(tmp_path, combined(100, 100)))
    assert claim.head.id == "U1"
    for text, count in ((combined(100, 101), 10_100), (combined(99, 102), 10_098)):
        with pytest.raises(SpecError) as caught:
            read_claims(written(tmp_path, text))
        said = str(caught.value)
        assert said.startswith("claims file claims.toml: ")
        assert said.endswith(
            f"claims.toml: each and mean_over make {count} combinations; at most 10000 are expected"
        )


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        read_claims(tmp_path / "none.toml")


def judge(folder: Path, text: str) -> None:
    study = made_study(seeds=2, generator=np.random.default_rng(0))
    judge_claims(study, read_claims(written(folder, text)))


def test_an_unknown_factor_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean model"):
        judge(tmp_path, CLAIM.replace("model =", "modle ="))
    with pytest.raises(UnknownNameError, match=r"answer to augmented is named 'maybe'.*yes, no"):
        judge(tmp_path, CLAIM.replace('model = "vgg*"', 'augmented = "maybe"'))


def test_terms_that_cancel_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the terms of 'elu - relu' cancel"):
        judge(tmp_path, CLAIM.replace('"relu"', '"elu"'))
