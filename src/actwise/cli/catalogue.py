"""``actwise list``: the tables of the factors, and the shipped studies."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..numbers import number
from .options import AsJson
from .output import amount, print_columns, print_json

if TYPE_CHECKING:
    from ..registry import Parameter


_LEGEND = (
    ("V'", "at init = gain, of a second moment's error what is left a layer later"),
    ("chi", "of a gradient's second moment what is left a layer earlier"),
    ("-", "gives negative outputs"),
    ("p", "has learned parameters"),
    ("u", "has a gain and no stable one: V' is above 1, second moments leave 1"),
)


class _Entry(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def parameters(self) -> Sequence["Parameter"]: ...


def list_activations(json: AsJson = False) -> None:
    """Activation functions, with gains computed for a standard normal input."""
    from ..activations import ACTIVATIONS, resolve

    if json:
        print_json([_activation_values(name) for name in ACTIVATIONS])
        return
    rows = []
    for name, entry in ACTIVATIONS.items():
        bound = resolve(name)
        marks = ("-" if bound.negative_output else "") + ("p" if bound.learnable else "")
        marks += "u" if bound.fixed_point == "unstable" else ""
        numbers = (f"{bound.gain:.4f}", number(bound.mean_shift, 3))
        flow = (f"{bound.variance_slope:.2f}", f"{bound.chi:.2f}")
        rows.append((name, *numbers, *flow, marks, entry.formula))
    right = ("gain", "E f", "V'", "chi")
    print_columns(("name", *right, "", "formula"), rows, right=right)
    print_columns(("", ""), _LEGEND)


def list_models(json: AsJson = False) -> None:
    """Networks; every one takes a width. Yours are levels too: docs/your-network.md."""
    from ..models import MODELS

    if json:
        print_json([_entry_values(entry) for entry in MODELS.values()])
        return
    print_columns(("name", "what"), [_entry_line(entry) for entry in MODELS.values()])


def list_regularizers(json: AsJson = False) -> None:
    """Parts of a regularization level, joined by '+', such as bn+dropout(0.1)+aug."""
    from ..regularization import PARTS, SHORTHANDS

    if json:
        shorthands = [
            {"name": name, "description": shorthand.meaning}
            for name, shorthand in SHORTHANDS.items()
        ]
        print_json([*(_entry_values(entry) for entry in PARTS.values()), *shorthands])
        return
    rows = [_entry_line(entry) for entry in PARTS.values()]
    rows += [(name, shorthand.meaning) for name, shorthand in SHORTHANDS.items()]
    print_columns(("name", "what"), rows)


def list_datasets(json: AsJson = False) -> None:
    """Data sets; `actwise data list` tells which are here."""
    from ..datasets import listing

    lines = listing(None)
    if json:
        values = ("level", "description", "num_train", "num_test")
        print_json([{name: getattr(line, name) for name in values} for line in lines])
        return
    rows = [
        (line.level, amount(line.num_train), amount(line.num_test), line.description)
        for line in lines
    ]
    print_columns(("name", "train", "test", "what"), rows, right=("train", "test"))


def list_studies(json: AsJson = False) -> None:
    """Studies that come with actwise."""
    from ..spec import load_study, shipped_studies

    studies = [load_study(name) for name in shipped_studies()]
    values = [
        {
            "name": study.name,
            "num_cells": sum(1 for _ in study.cells()),
            "num_seeds": len(study.seeds),
            "description": study.description,
        }
        for study in studies
    ]
    if json:
        print_json(values)
        return
    rows = [
        (v["name"], v["num_cells"], v["num_seeds"], " ".join(str(v["description"]).split()))
        for v in values
    ]
    print_columns(("name", "cells", "seeds", "what"), rows, right=("cells", "seeds"))


COMMANDS: Mapping[str, Callable[..., None]] = {
    "activations": list_activations,
    "models": list_models,
    "regularizers": list_regularizers,
    "datasets": list_datasets,
    "studies": list_studies,
}


def _activation_values(name: str) -> dict[str, Any]:
    from ..activations import resolve

    bound = resolve(name)
    fields = (
        "name formula source learnable gain backward_gain mean_shift variance_slope chi kappa "
        "fixed_point negative_output"
    )
    return {field: getattr(bound, field) for field in fields.split()}


def _entry_line(entry: _Entry) -> tuple[str, str]:
    return _signature(entry), f"{entry.description} ({entry.source})"


def _entry_values(entry: _Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "description": entry.description,
        "source": entry.source,
        "parameters": {p.name: p.default for p in entry.parameters},
    }


def _signature(entry: _Entry) -> str:
    from ..registry import format_value

    defaults = ", ".join(f"{p.name}={format_value(p.default)}" for p in entry.parameters)
    return f"{entry.name}({defaults})" if defaults else entry.name
