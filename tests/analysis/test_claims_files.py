"""Claims in TOML: what each key means, and one sentence for every mistake."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.analysis.claims import ClaimResult, judge_claims, read_claims
from actwise.analysis.claims.entries import ENTRIES
from actwise.analysis.table import Observations
from made.claims import ELU_BEATS_RELU as CLAIM
from made.studies import LEVELS, at, made_rows, made_study

FACTORS = tuple(LEVELS)
PAIR = """
terms = [
  { weight = 1, where = { activation = "elu" } },
  { weight = -1, where = { activation = "relu" } },
]
"""
STATISTICS = Path(__file__).parents[2] / "docs" / "statistics.md"


def written(folder: Path, text: str) -> Path:
    path = folder / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


def component(keys: str, *, claim: str = "") -> str:
    """A claim of one component."""
    return f'[[claim]]\nid = "U"\nstatement = ""\n{claim}\n[[claim.component]]\n{keys}'


def truth(cell: dict[str, str]) -> float:
    return 80.0 + (cell["activation"] == "elu") * (cell["model"] == "vgg16")


@pytest.fixture(scope="module")
def study() -> Observations:
    return made_study(seeds=5, generator=np.random.default_rng(0), truth=truth)


def judge(folder: Path, text: str, observed: Observations, **settings: Any) -> ClaimResult:
    (result,) = judge_claims(observed, read_claims(written(folder, text)), **settings)
    return result


def test_a_claim_of_ones_own_is_judged_like_the_papers(tmp_path: Path, study: Observations) -> None:
    result = judge(tmp_path, CLAIM, study)
    assert (result.id, result.verdict, result.reason) == ("U1", "supported", "ok")
    assert result.components[0].estimate == pytest.approx(1.0, abs=0.3)
    assert result.components[0].bound == 0.5
    assert not result.is_shipped


def test_the_examples_of_the_documentation_are_judged(tmp_path: Path, study: Observations) -> None:
    text = STATISTICS.read_text(encoding="utf-8")
    examples = [e for e in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "[[claim]]" in e]
    assert examples
    for example in examples:
        for result in judge_claims(study, read_claims(written(tmp_path, example))):
            assert (result.verdict, result.reason) == ("supported", "ok"), result.id


def test_the_documentation_tells_every_key() -> None:
    text = STATISTICS.read_text(encoding="utf-8")
    for entry in ENTRIES.values():
        for key in entry.model_fields:
            assert re.search(rf"[`{{\[ \n.]{key}[` \]]", text), key


def test_a_level_that_was_not_run_is_a_missing_cell(tmp_path: Path, study: Observations) -> None:
    result = judge(tmp_path, CLAIM.replace('"elu"', '"gelu"'), study)
    assert result.reason == "missing-cells"
    assert ("cifar10", "vgg16", "bn", "gelu") in result.missing


def test_a_pattern_that_matches_nothing_is_missing_too(tmp_path: Path, study: Observations) -> None:
    result = judge(tmp_path, CLAIM.replace("vgg*", "vit*"), study)
    assert result.reason == "missing-cells"
    assert result.missing[0] == ("model=vit*", "activation=elu")


def test_the_response_is_taken_as_it_is_given(tmp_path: Path) -> None:
    rows = made_rows(seeds=4, generator=np.random.default_rng(1), truth=truth)
    losses = [{**row, "test_loss": row["test_accuracy"] / 100} for row in rows]
    observed = Observations.from_rows(
        losses, factors=FACTORS, response="test_loss", higher_is_better=False
    )
    result = judge(tmp_path, CLAIM.replace("bound = 0.5", "gap_change = true"), observed)
    assert (result.verdict, result.notes) == ("supported", ("lower-is-better",))
    assert result.components[0].estimate == pytest.approx(0.01, abs=0.003)


def test_a_diverged_run_without_known_chance_leaves_a_claim_undecided(tmp_path: Path) -> None:
    rows = made_rows(seeds=5, generator=np.random.default_rng(1), truth=truth)
    rows = [{**row, "dataset": f"my-{row['dataset']}"} for row in rows]
    rows[0].update(status="diverged", test_accuracy=None)  # vgg16, relu
    result = judge(tmp_path, CLAIM, Observations.from_rows(rows, factors=FACTORS))
    assert (result.verdict, result.reason) == ("undecided", "diverged")


def test_each_makes_a_component_of_every_combination(tmp_path: Path, study: Observations) -> None:
    text = component(
        'name = "{dataset}: elu - {activation}"\nbound = -5\n'
        'each = { dataset = ["cifar10", "cifar100"], activation = ["relu", "prelu"] }\n'
        'terms = [{ weight = 1, where = { activation = "elu" } }, { weight = -1 }]'
    )
    result = judge(tmp_path, text, study)
    assert [row.name for row in result.components] == [
        "cifar10: elu - relu",
        "cifar10: elu - prelu",
        "cifar100: elu - relu",
        "cifar100: elu - prelu",
    ]
    assert result.verdict == "supported"
    assert result.components[0].upper_level == pytest.approx(1 - 0.05 / 4)


@pytest.mark.parametrize(("if_run", "reason"), [("true", "ok"), ("false", "missing-cells")])
def test_a_combination_that_was_not_run_is_missing_unless_it_may_be(
    tmp_path: Path, study: Observations, if_run: str, reason: str
) -> None:
    text = component(
        f'name = "{{dataset}}"\nbound = -5\nif_run = {if_run}\n'
        f'each = {{ dataset = ["cifar10", "svhn"] }}{PAIR}'
    )
    assert judge(tmp_path, text, study).reason == reason


def test_mean_over_weighs_alike_what_the_study_has(tmp_path: Path) -> None:
    def by_model(cell: dict[str, str]) -> float:
        leads = {"vgg11": 1.0, "vgg16": 3.0, "resnet18": 8.0}
        return 60.0 + (cell["activation"] == "elu") * leads[cell["model"]]

    levels = {**LEVELS, "model": ("vgg11", "vgg16", "resnet18")}
    observed = made_study(
        seeds=3, generator=np.random.default_rng(2), truth=by_model, levels=levels, sd=0.01
    )
    groups = ('["vgg*", "resnet*", "vit*"]', 5.0), ('["*"]', 4.0), ('["vgg*"]', 2.0)
    for patterns, expected in groups:
        text = component(f'name = "lead"\nmean_over = {{ model = {patterns} }}{PAIR}')
        result = judge(tmp_path, text, observed)
        assert result.components[0].estimate == pytest.approx(expected, abs=0.05), patterns


def test_a_term_of_another_level_does_not_count_in_a_part(tmp_path: Path) -> None:
    """A rule of choice: ELU in VGG, ReLU elsewhere, against always ReLU."""
    text = component(
        'name = "rule"\nmean_over = { model = ["vgg*", "resnet*"] }\nterms = [\n'
        '{ weight = 1, where = { model = "vgg*", activation = "elu" } },\n'
        '{ weight = -1, where = { model = "vgg*", activation = "relu" } }]'
    )
    observed = made_study(seeds=5, generator=np.random.default_rng(0), truth=truth, sd=0.01)
    assert judge(tmp_path, text, observed).components[0].estimate == pytest.approx(0.5, abs=0.05)
    only = judge(tmp_path, text, at(observed, model="resnet18"))
    assert only.missing == (
        ("model=vgg*", "activation=elu"),
        ("model=vgg*", "activation=relu"),
    )


def test_matched_settings_agree_in_all_that_is_not_named(tmp_path: Path) -> None:
    rows = made_rows(
        seeds=3,
        generator=np.random.default_rng(3),
        truth=lambda cell: 60.0 + 2 * ("aug" in cell["regularization"]),
        levels={**LEVELS, "regularization": ("bn", "bn+aug", "none", "bn+dropout+aug")},
        sd=0.01,
    )
    for row in rows:  # levels without a counterpart, which lie elsewhere
        row["test_accuracy"] -= 20.0 * (row["regularization"] in ("none", "bn+dropout+aug"))
    text = component(
        'name = "gain"\nmatched = true\n'
        'terms = [{ weight = 1, where = { augmented = "yes" } }, '
        '{ weight = -1, where = { augmented = "no" } }]'
    )
    result = judge(tmp_path, text, Observations.from_rows(rows, factors=FACTORS))
    assert result.components[0].estimate == pytest.approx(2.0, abs=0.05)
    assert set(result.scope["regularization"]) == {"bn", "bn+aug"}


def test_a_bound_may_be_the_margin_of_the_data_set(tmp_path: Path, study: Observations) -> None:
    both = '["cifar10", "cifar100"]'
    text = component(
        f'name = "{{dataset}}"\nbound = "-margin"\neach = {{ dataset = {both} }}{PAIR}'
    )
    result = judge(tmp_path, text, study)
    assert [row.bound for row in result.components] == [-0.5, -1.0]
    assert result.margin == 0.5
    asked = judge(tmp_path, text, study, margin=2.0)
    assert [row.bound for row in asked.components] == [-2.0, -2.0]


def test_a_margin_that_is_a_tenth_of_the_error_is_as_uncertain(tmp_path: Path) -> None:
    observed = made_study(
        seeds=5, generator=np.random.default_rng(4), truth=lambda cell: 97.0, sd=0.2
    )
    plain, against = (
        judge(tmp_path, component(f'name = "d"\nbound = {bound}{PAIR}'), observed).components[0]
        for bound in ("0", '"-margin"')
    )
    assert against.bound == pytest.approx(-0.3, abs=0.03)
    assert against.lower < plain.lower
    assert against.standard_error == plain.standard_error


def test_what_is_only_shown_decides_nothing(tmp_path: Path, study: Observations) -> None:
    shown = '[[claim.component]]\nname = "shown"\nbound = "none"\nterms = [{ weight = 1, where = '
    for level, num_rows in (("prelu", 2), ("gelu", 1)):
        text = f'{CLAIM}{shown}{{ activation = "{level}" }} }}]'
        result = judge(tmp_path, text, study)
        assert (result.verdict, len(result.components)) == ("supported", num_rows)
        assert result.components[0].upper_level == 0.95
        assert result.scope["activation"] == ("elu", "relu")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("aliased = true", "aliased"),
        ("half_measured = true", "missing-cells"),
        ('in_sample = ["paper"]', "in-sample"),
        ("accuracy = true", "ok"),
    ],
)
def test_a_claim_can_be_kept_from_being_decided(
    tmp_path: Path, study: Observations, key: str, reason: str
) -> None:
    text = CLAIM.replace("[[claim.component]]", f"{key}\n[[claim.component]]")
    result = judge(tmp_path, text, study, bank="paper")
    assert result.reason == reason
    assert result.by_model == ("supported",)
    assert (result.verdict == "supported") == (reason == "ok")
