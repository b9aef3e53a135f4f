"""``actwise show run``: one run in full."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Artifacts, AsJson, Store
from .output import print_columns, print_folded, print_json, print_text
from .plot import plot_lines

if TYPE_CHECKING:
    from ..store import RunState, RunStore, StoredRun
    from ..store.records import EpochRecord, RunRecord

_WIDTH, _HEIGHT, _MOST_EPOCHS = 78, 10, 12


def show_run(
    run_id: Annotated[
        str, typer.Argument(metavar="ID", help="The run's id, or the beginning of it.")
    ],
    store: Store,
    artifacts: Artifacts = None,
    json: AsJson = False,
) -> None:
    """Spec, result, learning curve, environment and traceback of a run."""
    from ..store import RunStore

    with RunStore.open(store, artifacts=artifacts) as opened:
        run_id = opened.find_run(run_id)
        labels = [planned for planned in opened.planned() if planned.run_id == run_id]
        state = opened.states([run_id])[run_id]
        record = opened.result(run_id)
        if json:
            print_json(_values(labels, state, record))
            return
        _print_head(opened, labels, state)
    if record is not None:
        _print_result(record)


def _values(
    labels: "list[StoredRun]", state: "RunState", record: "RunRecord | None"
) -> dict[str, Any]:
    result = None if record is None else asdict(record)
    for blob in ("predictions", "answers", "probes"):
        if result is not None:
            del result[blob]
    return {
        "run_id": state.run_id,
        "status": state.status,
        "attempts": state.attempts,
        "owner": None if state.owner is None else str(state.owner),
        "accident": state.accident,
        "labels": [
            {"study": label.study, **label.spec.model_dump(mode="json")} for label in labels
        ],
        "parameters": labels[0].parameters if labels else None,
        "spec_hash": labels[0].spec_hash if labels else None,
        "engine_version": labels[0].engine_version if labels else None,
        "result": result,
    }


def _print_head(store: "RunStore", labels: "list[StoredRun]", state: "RunState") -> None:
    holder = f" by {state.owner}" if state.owner else ""
    print_text(f"run {state.run_id}: {state.status}{holder}, attempts {state.attempts}")
    if state.accident and state.status == "pending":
        print_text(f"  put back    {state.accident}")
    for label in labels:
        spec = label.spec
        print_text(
            f"  study {label.study}: {spec.dataset}, {spec.model}, {spec.regularization}, "
            f"{spec.activation}, width {spec.width:g}, seed {spec.seed}"
        )
    changed = labels[0].spec.train.model_dump(mode="json", exclude_defaults=True)
    settings = ", ".join(f"{key}={value}" for key, value in changed.items())
    print_folded(
        "training", f"the defaults, but {settings}" if changed else "the defaults", indent=14
    )
    print_text(f"  parameters  {labels[0].parameters:,}, engine {labels[0].engine_version}")
    log = store.logs / f"{state.run_id}.log"
    if log.exists():  # that of an imported run stayed where it was trained
        print_text(f"  log         {log.resolve()}")


def _print_result(record: "RunRecord") -> None:
    if record.test_accuracy is not None and record.test_loss is not None:
        print_text(
            f"  test        {record.test_accuracy:.2f} % (last epoch), loss {record.test_loss:.4f}"
        )
    if record.best_test_accuracy is not None:
        print_text(f"  best epoch  {record.best_test_accuracy:.2f} % (optimistic)")
    if record.validation_accuracy is not None:
        print_text(f"  validation  {record.validation_accuracy:.2f} %")
    rate = "" if record.images_per_second is None else f", {record.images_per_second:,.0f} images/s"
    print_text(f"  time        {record.train_seconds:,.1f} s of training{rate}")
    if record.weights_sha256:
        print_text(f"  weights     SHA-256 {record.weights_sha256}")
    print_folded("environment", _environment_text(record.environment), indent=14)
    if record.epochs:
        _print_curve(record.epochs)
    if record.traceback:
        print_text("", *record.traceback.rstrip().expandtabs(4).split("\n"))


def _environment_text(environment: dict[str, Any]) -> str:
    """What a reader asks first; ``--json`` has everything."""
    numerics = environment.get("fingerprint", {})
    names = ("host", "cpu", "physical_cores", "os", "python", "torch", "actwise")
    known = {name: environment[name] for name in names if name in environment}
    known |= {n: numerics[n] for n in ("device", "threads", "memory_format") if n in numerics}
    return ", ".join(f"{name} {value}" for name, value in known.items())


def _print_curve(epochs: "tuple[EpochRecord, ...]") -> None:
    import numpy as np

    if len(epochs) > 1:
        x = np.array([float(epoch.epoch) for epoch in epochs])
        losses = np.array([epoch.train_loss for epoch in epochs])
        print_text("", "training loss by epoch")
        print_text(*plot_lines(x, [losses], width=_WIDTH, height=_HEIGHT))
    step = -(-len(epochs) // _MOST_EPOCHS)
    chosen = [e for e in epochs if e.epoch % step == 0 or e.epoch in (1, len(epochs))]
    numbers = ("epoch", "learning rate", "loss", "train %", "validation %", "test %")
    print_text("")
    print_columns(numbers, [_epoch_cells(epoch) for epoch in chosen], right=numbers)


def _epoch_cells(epoch: "EpochRecord") -> tuple[str, ...]:
    optional = (epoch.validation_accuracy, epoch.test_accuracy)
    return (
        str(epoch.epoch),
        f"{epoch.learning_rate:.4g}",
        f"{epoch.train_loss:.4f}",
        f"{epoch.train_accuracy:.2f}",
        *("-" if value is None else f"{value:.2f}" for value in optional),
    )
