"""Levels of regularization: what they mean, their one canonical text, what is refused."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.errors import SpecError, UnknownNameError
from actwise.regularization import PARTS, resolve

ALL_SITES = {"norm", "between", "head", "weights"}

SOURCE = """
from torch import nn
from actwise.regularization import Part


class Shrink(Part):
    sites = frozenset({"between"})

    def __init__(self, factor=0.9):
        self.factor = factor

    def drop(self, site, shape):
        return nn.Identity()


class Darken(Part):
    def draw(self, stream, num_images, image_shape):
        return stream.random(num_images)

    def transform(self, x_NCHW, drawn_N):
        return x_NCHW * drawn_N.view(-1, 1, 1, 1)


def strong_shrink():
    return Shrink(0.5)


def number(factor):
    return factor


def broken():
    raise ValueError("no idea")
"""


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "users_regularizers"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("none", "none"),
        ("none+bn", "bn"),
        ("none+none", "none"),
        ("dropout+bn", "bn+dropout"),
        (" bn + aug ", "bn+crop+flip"),
        ("aug", "crop+flip"),
        ("crop(4)+flip", "crop+flip"),
        ("crop(padding=8)", "crop(padding=8)"),
        ("crop(8)", "crop(padding=8)"),
        ("dropout(0.4)", "dropout"),
        ("dropout(0.4, 0.5)", "dropout"),
        ("dropout(0.1)", "dropout(between=0.1)"),
        ("dropout(0.1,0.2)", "dropout(between=0.1,head=0.2)"),
        ("dropout(head=0)", "dropout(head=0.0)"),
        ("dropout(head=-0.0)", "dropout(head=0.0)"),
        ("gn(32)", "gn"),
        ("mixup(1)+smooth(0.1)+cutout(8)", "cutout(size=8)+mixup+smooth"),
        ("dropconnect(0.2)+bn", "bn+dropconnect(rate=0.2)"),
        ("own", "own"),
        ("aug+own", "own+crop+flip"),
        ("none+own", "own"),
    ],
)
def test_a_level_has_one_canonical_text(written: str, canonical: str) -> None:
    assert resolve(written).canonical == canonical
    assert resolve(canonical).canonical == canonical


@pytest.mark.parametrize("name", list(PARTS))
def test_every_part_stands_under_its_name_with_its_defaults_left_out(name: str) -> None:
    level = resolve(name)
    assert level.canonical == name
    assert [part.name for part in level.parts] == [name]
    defaults = ",".join(f"{p.name}={p.default}" for p in PARTS[name].parameters)
    if defaults:
        assert resolve(f"{name}({defaults})").canonical == name
    assert PARTS[name].description
    assert PARTS[name].source


@pytest.mark.parametrize("name", list(PARTS))
def test_every_part_does_something(name: str) -> None:
    part = resolve(name).parts[0]
    hooks = [hook for hook in ("norm", "drop", "draw") if part.overrides(hook)]
    assert hooks or part.weight_drop or part.smoothing or part.mixup_alpha


@pytest.mark.parametrize(
    ("written", "sites", "kept"),
    [
        ("bn+dropout", {"norm", "weights"}, "bn"),
        ("bn+dropout+aug", {"norm"}, "bn+crop+flip"),
        ("dropout", {"weights"}, "none"),
        ("bn", set(), "none"),
        ("dropout(0.1,0.2)", {"head"}, "dropout(head=0.2)"),
        ("dropout(0.1,0.2)", {"between"}, "dropout(between=0.1)"),
        ("dropout(0.1)", {"head"}, "dropout"),
        ("dropout(0.1,0.2)", {"between", "head"}, "dropout(between=0.1,head=0.2)"),
        ("dropconnect+gn", {"norm"}, "gn"),
        ("bn+dropout(0,0)", ALL_SITES, "bn"),
        ("dropout(0)", ALL_SITES, "dropout(between=0.0)"),
        ("dropout(0)", {"between", "norm"}, "none"),
        ("dropout(0)", {"head"}, "dropout"),
        ("dropout(head=0)", {"head"}, "none"),
        ("dropconnect(0)+dropout(0.1)", ALL_SITES, "dropout(between=0.1)"),
        ("cutout+mixup+smooth", set(), "cutout+mixup+smooth"),
    ],
)
def test_what_has_no_effect_in_a_model_is_left_out(
    written: str, sites: set[str], kept: str
) -> None:
    assert resolve(written).keeping(sites).canonical == kept


@pytest.mark.parametrize("name", list(PARTS))
def test_a_model_with_all_sites_keeps_every_part(name: str) -> None:
    assert resolve(name).keeping(ALL_SITES) == resolve(name)


def test_parts_for_images_and_labels_do_not_change_the_network() -> None:
    level = resolve("bn+dropout(0.1)+dropconnect+aug+cutout+mixup+smooth")
    assert level.in_layers.canonical == "bn+dropconnect+dropout(between=0.1)"
    assert resolve("gn+flip").in_layers.canonical == "gn"
    assert resolve("aug").in_layers.canonical == "none"


def test_what_the_engine_asks_for_comes_from_the_parts() -> None:
    plain = resolve("bn")
    assert (plain.smoothing, plain.mixup_alpha, plain.weight_drop) == (0.0, 0.0, 0.0)
    assert plain.has_norm
    level = resolve("smooth(0.2)+mixup(0.4)+dropconnect(0.3)+flip")
    assert (level.smoothing, level.mixup_alpha, level.weight_drop) == (0.2, 0.4, 0.3)
    assert not level.has_norm


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "is not a level"),
        ("bn+", "is not a level"),
        ("bm", "no regularizer is named 'bm'; known are bn, gn, dropout"),
        ("bn+bn", "names 'bn' twice"),
        ("aug+flip", "names 'flip' twice"),
        ("dropout+dropout(0.1)", "names 'dropout' twice"),
        ("bn+gn", "bn and gn both normalize"),
        ("own+aug+own", "names 'own' twice"),
        ("own(1)", "own takes no arguments; it means norms and dropout of a network"),
        ("aug(4)", "aug takes no arguments; it means flip"),
        ("none(1)", "none takes no arguments"),
        ("bn(0.1)", "bn takes no arguments"),
        ("dropout(1)", "between=1 must be at least 0 and below 1"),
        ("dropout(-0.1)", "between=-0.1 must be at least 0"),
        ("dropout(a)", "must be a finite number"),
        ("dropout(0.1,0.2,0.3)", "3 arguments given; dropout takes between, head"),
        ("dropout(p=0.1)", "no argument of dropout is named 'p'"),
        ("crop(0)", "padding=0 must be at least 1"),
        ("crop(2.5)", "must be a whole number"),
        ("cutout(0)", "size=0 must be at least 1"),
        ("mixup(0)", "alpha=0 must be above 0"),
        ("smooth(1)", "mass=1 must be above 0 and below 1"),
        ("dropconnect(1.5)", "rate=1.5 must be at least 0 and below 1"),
        ("gn(0)", "groups=0 must be at least 1"),
        ("no_such_module:Part", "there is no module 'no_such_module'"),
    ],
)
def test_wrong_levels_are_refused_with_a_sentence(written: str, complaint: str) -> None:
    with pytest.raises(SpecError) as refusal:
        resolve(written)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(("typed", "meant"), [("cutuot(8)", "cutout"), ("agu", "aug")])
def test_an_unknown_part_names_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean {meant}"):
        resolve(typed)


def test_a_users_part_is_a_part_of_a_level(user_module: str) -> None:
    level = resolve(f"{user_module}:Shrink(0.9)+bn")
    assert level.canonical == f"bn+{user_module}:Shrink"
    assert resolve(f"{user_module}:Shrink(0.3)").canonical == f"{user_module}:Shrink(factor=0.3)"
    assert level.parts[1].name == f"{user_module}:Shrink"
    ((name, digest),) = level.code_digests
    assert name == f"{user_module}:Shrink"
    assert len(digest) == 64
    assert level.keeping({"norm"}).canonical == "bn"
    assert level.keeping({"norm"}).code_digests == ()
    assert level.keeping({"norm", "between"}) == level
    assert level.keeping({"between"}).canonical == f"{user_module}:Shrink"
    assert level.keeping({"between"}).code_digests == level.code_digests


def test_a_users_function_may_make_the_part(user_module: str) -> None:
    level = resolve(f"{user_module}:strong_shrink")
    assert level.canonical == f"{user_module}:strong_shrink"
    assert resolve(f"{user_module}:Darken").canonical == f"{user_module}:Darken"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("number(3)", "made a int; expected an actwise.regularization.Part"),
        ("broken", "failed: ValueError: no idea"),
        ("Shrink(1,2)", "2 arguments given"),
        ("Shrnk", "did you mean Shrink"),
    ],
)
def test_users_code_that_makes_no_part_is_refused(
    user_module: str, name: str, complaint: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        resolve(f"{user_module}:{name}")
    assert complaint in str(refusal.value)
