"""A trained network, back from a store."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError
from ..registry import parse_level
from ..spec import RunSpec
from ..store import RunStore, kept_weights
from ..usercode import has_digest

if TYPE_CHECKING:
    from torch import nn


def load_model(
    store: RunStore | str | Path, run_id: str, *, data_dir: str | Path | None = None
) -> "nn.Module":
    """The network of a finished run with its final weights, on the CPU, in evaluation mode.

    The run must have been trained with ``observe.keep_weights`` (``--keep-weights``). Users' code
    that the run's levels name is imported.

    Args:
        store: An open store, or its folder.
        run_id: The run, or the beginning of its id.
        data_dir: Where data sets lie, for sets whose shape and classes no table tells.

    Raises:
        StoreError: if there is no such run, its weights were not kept or are damaged, or users'
            code has changed since the run was planned.
        SpecError: if a level of the run no longer exists.
        DataError: if the data set must be read and cannot be.
    """
    if not isinstance(store, RunStore):
        with RunStore.open(store) as opened:
            return load_model(opened, run_id, data_dir=data_dir)
    from ..datasets import info
    from ..engine import load_weights, weights_sha256
    from ..models import build_network

    run_id = store.find_run(run_id)
    record = store.result(run_id)
    if task := store.settings(run_id).get("task"):
        raise StoreError(
            f"run {run_id} is a training of your own: its weights are kept where "
            f"{task['function']} keeps them"
        )
    path = kept_weights(store.weights, run_id)
    if record is None or not path.is_file():
        raise StoreError(
            f"the weights of run {run_id} are not in store {str(store)!r}; train it with "
            "observe.keep_weights=true, and --observe-again if it is finished"
        )
    _refuse_changed_code(store, run_id)
    spec = planned_spec(store, run_id)
    facts = info(spec.dataset, data_dir)
    model = build_network(spec, input_shape=facts.input_shape, num_classes=facts.num_classes)
    load_weights(model, path)
    if weights_sha256(model) != record.weights_sha256:
        raise StoreError(f"the weights of run {run_id} in {str(path)!r} are not those recorded")
    return model.eval()


def planned_spec(store: RunStore, run_id: str) -> RunSpec:
    """What a run trains.

    Raises:
        StoreError: if no study asks for it any more.
    """
    spec = next((run.spec for run in store.planned() if run.run_id == run_id), None)
    if spec is None:
        raise StoreError(f"run {run_id} is in no plan any more: users' code or data changed since")
    return spec


def _refuse_changed_code(store: RunStore, run_id: str) -> None:
    """Weights fit code that changed, often enough, and then mean something else."""
    for text, digest in store.settings(run_id).get("code", ()):
        if not has_digest(parse_level(text, kind="level"), digest):
            raise StoreError(
                f"the code of {text!r} is not the one that run {run_id} was trained with; put back "
                f"the modules whose code digest is {digest}"
            )
