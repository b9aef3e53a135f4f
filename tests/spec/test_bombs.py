"""Bombs: what would take hours or all memory to expand is counted, and refused, before."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from actwise.analysis import analyze
from actwise.analysis.claims import read_claims
from actwise.errors import ActwiseError, SpecError
from actwise.registry import split_outside
from actwise.spec import StudySpec, load_study, parse_stored_study, parse_study

FACTORS = {
    "dataset": ["digits"],
    "model": ["mlp"],
    "regularization": ["none"],
    "activation": ["relu"],
}
THOUSAND = [(number + 1) / 1e5 for number in range(1000)]
MOST_BYTES = 60_000_000
NINES = "9" * 4000

# Factors beside the four, seeds, further settings; what the sentence says.
STUDIES: dict[str, tuple[dict[str, Any], Any, dict[str, Any], str]] = {
    "one range": ({}, "0..9999999999", {}, "more than 1000000 seeds"),
    "a range below zero": ({}, "-5..9999999999", {}, "more than 1000000 seeds"),
    "ranges, each allowed": (
        {},
        [f"{n}000000..{n}999999" for n in range(200)],
        {},
        "more than 1000000 seeds",
    ),
    "a range of thousands of digits": ({}, f"0..{NINES}", {}, "more than 1000000 seeds"),
    "more digits than Python reads": ({}, f"0..{NINES}{NINES}", {}, "not a list of numbers"),
    "a range backwards": ({}, f"{NINES}..0", {}, "a range goes upwards"),
    "a seed of thousands of digits": ({}, [int(NINES)], {}, "numbers from 0 to"),
    "three factors of a thousand": (
        {"train.learning_rate": THOUSAND, "train.weight_decay": THOUSAND, "width": THOUSAND},
        [0],
        {},
        "make 1,000,000,000 runs (1 x 1 x 1 x 1 x 1,000 x 1,000 x 1,000 levels, 1 seed)",
    ),
    "factors of two, and seeds": (
        {"width": THOUSAND, "train.nesterov": [False, True]},
        "0..99999",
        {},
        "make 200,000,000 runs",
    ),
    "runs that rules would leave out": (
        {"train.learning_rate": THOUSAND, "train.weight_decay": THOUSAND, "width": THOUSAND},
        [0],
        {"exclude": [{"width": width} for width in THOUSAND[1:]]},
        "more than 10,000,000; split the study",
    ),
    "many kinds of rules": (
        {"train.learning_rate": THOUSAND, "train.weight_decay": THOUSAND},
        [0],
        {
            "exclude": [
                {name: FACTORS[name][0] for name in names}
                for names in (
                    ["dataset"],
                    ["model"],
                    ["activation"],
                    ["dataset", "model"],
                    ["model", "dataset"],  # the same set
                    ["dataset", "activation"],
                    ["model", "activation"],
                    ["regularization"],
                    ["regularization", "model"],
                    ["regularization", "dataset"],
                    ["regularization", "activation"],
                    ["regularization", "activation", "model"],
                )
            ]
        },
        "exclude: rules on 11 sets of factors",
    ),
    "parentheses": ({"activation": ["relu" + "(" * 100_000]}, [0], {}, "at most 5,000"),
    "parts": ({"regularization": ["+".join(["bn"] * 50_000)]}, [0], {}, "at most 5,000"),
    "a name": ({"model": ["x" * 100_000]}, [0], {}, "at most 5,000"),
}


def refused(values: dict[str, Any], *, stored: bool) -> str:
    """The sentence with which a study is refused, in little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(SpecError) as caught:
            if stored:
                parse_stored_study(json.dumps(values))
            else:
                parse_study(values, source="test")
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    return str(caught.value)


@pytest.mark.parametrize("stored", [False, True], ids=["file", "stored"])
@pytest.mark.parametrize("name", STUDIES)
def test_a_study_too_large_is_refused_before_it_is_expanded(name: str, stored: bool) -> None:
    factors, seeds, more, sentence = STUDIES[name]
    said = refused(
        {"name": "x", "seeds": seeds, "factors": FACTORS | factors, **more}, stored=stored
    )
    assert sentence in said
    assert len(said) < 700


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000, '{"a":' * 100_000, "{}"])
def test_a_stored_study_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="a stored study is damaged: ") as caught:
        parse_stored_study(text)
    assert len(str(caught.value)) < 300


def test_as_many_runs_as_are_allowed_are_counted_not_made() -> None:
    def study(num_levels: int, seeds: Any) -> StudySpec:
        factors = FACTORS | {"train.learning_rate": THOUSAND[:num_levels]}
        return parse_study({"name": "x", "factors": factors, "seeds": seeds}, source="test")

    assert len(study(10, "0..999999").seeds) == 1_000_000
    with pytest.raises(SpecError, match="make 11,000,000 runs"):
        study(11, "0..999999")
    with pytest.raises(SpecError, match="more than 1000000 seeds"):
        study(1, range(10**15))


def test_ten_thousand_rules_on_a_thousand_levels_are_checked_once_a_factor() -> None:
    values = {
        "name": "x",
        "factors": FACTORS | {"train.learning_rate": THOUSAND, "train.momentum": [0.1, 0.2, 0.3]},
        "exclude": [
            {"train.learning_rate": rate, "train.momentum": momentum}
            for rate in THOUSAND[1:]
            for momentum in (0.1, 0.2, 0.3)
        ]
        * 4,
    }
    cells = list(parse_study(values, source="test").cells())
    assert [cell.train.learning_rate for cell in cells] == [THOUSAND[0]] * 3


TEXTS = {
    "20 MB": ("#" * 20_000_000, "larger than 250,000 bytes"),
    "nested lists": ("seeds = " + "[" * 100_000, "nested too deeply"),
    "nested tables": ("seeds = " + "{a = " * 40_000, "nested too deeply"),
    "a key of many parts": (".".join("a" * 100_000) + " = 1", "more than 32 parts"),
    "a header of many parts": ("[" + " . ".join("a" * 60_000) + "]", "more than 32 parts"),
    "quoted parts": (".".join(['"a b"'] * 30_000) + " = 1", "more than 32 parts"),
    "a number of many digits": (
        "seeds = " + "1" * 100_000,
        "a number has more digits than are read",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_toml_file_too_large_or_too_deep_is_refused(name: str, tmp_path: Path) -> None:
    text, sentence = TEXTS[name]
    path = tmp_path / "bomb.toml"
    path.write_text(text, encoding="utf-8")
    for read in (lambda: load_study(str(path)), lambda: read_claims(path)):
        with pytest.raises(SpecError) as caught:
            read()
        said = str(caught.value)
        assert "bomb.toml" in said
        assert sentence in said or ("digits" in name and "cannot be read" in said)
        assert len(said) < 700


def test_many_parts_in_a_text_are_no_key(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    levels = "".join(f"{name} = {json.dumps(levels)}\n" for name, levels in FACTORS.items())
    text = ".".join(["one"] * 50)
    path.write_text(f'name = "x"\ndescription = "{text}"\n[factors]\n{levels}', encoding="utf-8")
    assert load_study(str(path)).description == text


@pytest.mark.parametrize(
    "override",
    [
        "seeds=0..9999999999",
        f"seeds=0..{NINES}",
        "factors.width=" + ",".join(str(number / 1e4) for number in range(1, 15_000)),
        "factors.activation=relu" + "(" * 100_000,
        "width." + ".".join("x" * 50_000) + "=1",
        "train." + ".".join("x" * 50_000) + "=1",
        "x" * 100_000,
    ],
    ids=["range", "digits", "levels", "parentheses", "no table", "deep", "no value"],
)
def test_an_override_too_large_is_refused(override: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_study("paper-standard", ["seeds=0..999", override])
    assert len(str(caught.value)) < 700


def test_a_claim_of_too_many_combinations_is_refused(tmp_path: Path) -> None:
    patterns = json.dumps([f"p{number}" for number in range(200)])
    path = tmp_path / "claims.toml"
    path.write_text(
        f"""[[claim]]
id = "X1"
statement = "all"
[[claim.component]]
name = "{{dataset}} {{model}} {{regularization}}"
each = {{dataset = {patterns}, model = {patterns}}}
mean_over = {{regularization = {patterns}}}
terms = [{{weight = 1.0, where = {{activation = "elu"}}}}]
""",
        encoding="utf-8",
    )
    with pytest.raises(SpecError, match="make 8000000 combinations; at most 10000"):
        read_claims(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a" * 50_000_001, "larger than 50,000,000 bytes"),
        (b"," * 4_000_000 + b"\n", "a line has more than 500,000 characters"),
        (b"a,b\n1,2\n" + b"1," * 2_000_000 + b"\n", "a line has more than 500,000 characters"),
        (b"a,b\n" + b'"' + b"x" * 200_000 + b'",1\n', "field larger than field limit"),
    ],
    ids=["large", "wide", "ragged", "long field"],
)
def test_a_csv_file_too_large_is_refused(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv"
    path.write_bytes(content)
    with pytest.raises(ActwiseError) as caught:
        analyze(path)
    assert "bomb.csv" in str(caught.value) and sentence in str(caught.value)


def test_a_long_text_is_split_as_a_short_one() -> None:
    assert split_outside("a(1,2),b,,c(", ",") == ["a(1,2)", "b", "", "c("]
    assert split_outside("", ",") == [""]
    assert split_outside("ab," * 50_000, ",") == ["ab"] * 50_000 + [""]
