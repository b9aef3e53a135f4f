"""Packages whose networks are levels: known by their version, which is all that counts of them."""

import importlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from types import ModuleType

import pytest

from actwise.errors import SpecError
from actwise.registry import Level
from actwise.usercode import file_of_module, files_of, find_code, import_package

ZOO = ["torchvision", "timm"]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both packages, without their files."""
    monkeypatch.setattr("actwise.usercode.packages.version", lambda name: "1.2.3+cpu")


def test_of_a_package_no_file_travels(installed: None) -> None:
    for name in ZOO:
        assert files_of(Level(f"{name}:resnet18")) == {}
        assert find_code(Level(f"{name}:resnet18")).modules == {name: "1.2.3"}


def test_a_package_is_typed_by_its_name() -> None:
    assert [file_of_module(name) for name in ZOO] == ZOO


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("actwise.usercode.packages.version", find)
    with pytest.raises(SpecError) as refusal:
        import_package("timm")
    assert str(refusal.value) == (
        "timm is not installed; pip install 'actwise[zoo]' (by itself pip may replace torch)"
    )


def importing(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[str], ModuleType]
) -> Callable[[str], ModuleType]:
    monkeypatch.setattr(importlib, "import_module", do)
    return import_package


def test_torchvision_comes_before_timm_which_imports_it(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported: list[str] = []

    def do(name: str) -> ModuleType:
        imported.append(name)
        return ModuleType(name)

    assert importing(monkeypatch, do)("timm").__name__ == "timm"
    assert imported == ["torchvision", "timm"]


def test_another_fault_of_torchvision_is_not_mended(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = RuntimeError("built for another torch")

    def do(name: str) -> ModuleType:
        raise fault

    with pytest.raises(RuntimeError) as raised:
        importing(monkeypatch, do)("torchvision")
    assert raised.value is fault
