"""Networks of torchvision and timm by name: looked up, never pretrained, known by version."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

from actwise.datasets import DatasetInfo
from actwise.errors import SpecError, UnknownNameError
from actwise.models import audit_level, describe, image_shape, resolve, swap_level
from actwise.registry import parse_level
from actwise.spec import RunSpec
from actwise.usercode import PACKAGES, code_digest, find_code, has_digest

pytestmark = pytest.mark.zoo
HAS_ZOO = all(map(find_spec, PACKAGES))
with_zoo = pytest.mark.skipif(not HAS_ZOO, reason="the extra `zoo` is not installed")
INFO = DatasetInfo(
    level="digits",
    digest="d" * 64,
    input_shape=(1, 8, 8),
    num_classes=10,
    num_train=500,
    num_test=100,
    class_names=tuple("abcdefghij"),
)


@with_zoo
@pytest.mark.parametrize(
    ("model", "asked", "shape"),
    [
        ("timm:resnet10t", None, (3, 176, 176)),
        ("torchvision:resnet18", None, (3, 224, 224)),
        ("torchvision:resnet18", (1, 28, 28), (1, 28, 28)),
        ("resnet20", None, (3, 32, 32)),
    ],
)
def test_a_network_is_looked_at_with_images_that_it_is_made_for(
    model: str, asked: tuple[int, int, int] | None, shape: tuple[int, int, int]
) -> None:
    assert image_shape(model, asked) == shape


@with_zoo
@pytest.mark.parametrize(("model", "sites"), [("torchvision:resnet18", 17), ("timm:resnet10t", 11)])
def test_a_network_of_a_package_is_a_level(model: str, sites: int) -> None:
    spec = RunSpec(dataset="digits", model=model, regularization="aug", activation="elu", seed=0)
    found = describe(spec, INFO)
    assert (found.model, found.regularization) == (model, "own+crop+flip")
    assert (found.activation_sites, found.is_own) == (sites, True)
    ((level, digest),) = found.code_digests
    assert level == model
    package = model.partition(":")[0]
    assert dict(found.code_modules[digest]).keys() == {package}


@with_zoo
@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_known_by_its_version(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    level = parse_level(f"{package}:resnet18", kind="model")
    before = code_digest(level)
    monkeypatch.setattr("actwise.usercode.packages.version", lambda name: "99.1+cpu")
    assert dict(find_code(level).modules) == {package: "99.1"}
    assert has_digest(level, code_digest(level))
    assert not has_digest(level, before)


@with_zoo
@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("torchvision:resnet19", "no torchvision network is named 'resnet19'; did you mean resnet"),
        ("torchvision:fcn_resnet50", "no torchvision network is named"),
        ("timm:resnet10", "no timm network is named 'resnet10'; did you mean resnet10t"),
        ("timm:resnet50.a1_in1k", "no timm network is named 'resnet50.a1_in1k'; did you mean"),
        ("timm:hf_hub:someone", "no timm network is named"),
        ("timm:resnet10t(pretrained=on)", "pretrained is refused"),
        ("torchvision:resnet18(weights=DEFAULT)", "weights is refused"),
        ("timm:resnet10t(checkpoint_path=here)", "checkpoint_path is refused"),
        ("timm:resnet10t(num_classes=3)", "num_classes is not an argument of a level: it is fi"),
    ],
)
def test_what_a_package_does_not_have_is_refused(model: str, complaint: str) -> None:
    with pytest.raises(SpecError) as refusal:
        resolve(model)
    assert complaint in str(refusal.value)


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        from importlib.metadata import PackageNotFoundError

        raise PackageNotFoundError(name)

    monkeypatch.setattr("actwise.usercode.packages.version", missing)
    with pytest.raises(SpecError, match=r"timm is not installed; pip install 'actwise\[zoo\]'"):
        resolve("timm:resnet10t")


@with_zoo
@pytest.mark.parametrize("model", ["timm:resnet10t(foo=3)", "torchvision:resnet18(foo=3)"])
def test_an_argument_that_a_network_does_not_take_is_named(model: str) -> None:
    with pytest.raises(SpecError, match=r"network resnet\w+ takes no argument foo"):
        audit_level(model)


@with_zoo
def test_a_second_output_is_refused_with_the_option_that_takes_it_away() -> None:
    levels = {"model": "torchvision:googlenet", "regularization": "own", "activation": "relu"}
    sentence = r"nothing else; torchvision:googlenet\(aux_logits=off\) has one output"
    with pytest.raises(SpecError, match=sentence):
        describe(
            RunSpec(dataset="digits", **levels, seed=0), replace(INFO, input_shape=(3, 64, 64))
        )


@with_zoo
def test_the_sites_of_a_package_network_are_listed_without_its_weights() -> None:
    found = audit_level("torchvision:resnet50")
    assert found.trial and (len(found.trial.replaced), found.trial.missed) == (49, ())
    assert str(found.audit) == (
        "torchvision:resnet50: 49 activations (relu), 49 at 17 modules, 0 gates, 0 unseen"
    )
    report = swap_level("timm:resnet10t", "prelu")
    assert (len(report.replaced), report.missed) == (11, ())


def test_no_name_of_a_package_is_a_name_of_ours() -> None:
    with pytest.raises(UnknownNameError):
        resolve("torchvision")
