"""``actwise show run``: one run in full."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..numbers import counted
from ..registry import format_value
from .options import Artifacts, AsJson, Store
from .output import print_columns, print_folded, print_json, print_text
from .plot import plot_lines

if TYPE_CHECKING:
    from ..store import RunState, RunStore, StoredRun
    from ..store.records import EpochRecord, Metrics, RunRecord

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
    if result is not None and record is not None:
        result["metrics"] = dict(record.metrics)
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
    if state.is_put_back:
        print_text(f"  put back    {state.accident}")
    for label in labels:
        spec = label.spec
        levels = f"{spec.dataset}, {spec.model}, {spec.regularization}, {spec.activation}"
        if spec.task is None:
            print_text(f"  study {label.study}: {levels}, width {spec.width:g}, seed {spec.seed}")
        else:
            print_text(f"  study {label.study}: {spec.activation}, seed {spec.seed}")
    if any(label.is_outdated for label in labels):
        print_text("  outdated    code or data changed since it was planned: left out of tables")
    if labels:
        _print_training(labels[0])
    else:
        print_text(
            "  outdated    code or data changed, and no study asks for it any more; "
            "`actwise store gc` deletes it"
        )
    log = store.location.artifacts and store.logs / f"{state.run_id}.log"
    if log and log.exists():  # that of an imported run stayed where it was trained
        print_text(f"  log         {log.resolve()}")


def _print_training(label: "StoredRun") -> None:
    task = label.spec.task
    if task is not None:
        settings = ", ".join(f"{n}={format_value(value)}" for n, value in task.settings.items())
        print_folded("training", f"{task.function}: {settings or 'no settings'}", indent=14)
        return
    changed = label.spec.train.model_dump(mode="json", exclude_defaults=True)
    settings = ", ".join(f"{key}={value}" for key, value in changed.items())
    print_folded(
        "training", f"the defaults, but {settings}" if changed else "the defaults", indent=14
    )
    print_text(f"  parameters  {label.parameters:,}, engine {label.engine_version}")


def _print_result(record: "RunRecord") -> None:
    if record.test_accuracy is not None and record.test_loss is not None:
        print_text(
            f"  test        {record.test_accuracy:.2f} % (last epoch), loss {record.test_loss:.4f}"
        )
    if record.best_test_accuracy is not None:
        print_text(f"  best epoch  {record.best_test_accuracy:.2f} % (optimistic)")
    if record.reestimated_accuracy is not None:
        print_text(
            f"  test again  {record.reestimated_accuracy:.2f} % (re-estimated statistics of norms)"
        )
    if record.validation_accuracy is not None:
        print_text(f"  validation  {record.validation_accuracy:.2f} %")
    metrics = record.metrics
    if metrics:
        said = (f"{name} {_number(curve[-1])}" for name, curve in metrics.items())
        print_folded("gave back", ", ".join(said), indent=14)
    if record.signal:
        places, epochs = ({getattr(row, by) for row in record.signal} for by in ("name", "epoch"))
        print_text(
            f"  probes      {counted(len(places), 'place')} at {counted(len(epochs), 'epoch')}, "
            f"{counted(record.signal[0].images, 'image')}: `actwise export --what probes`"
        )
    rate = "" if record.images_per_second is None else f", {record.images_per_second:,.0f} images/s"
    print_text(f"  time        {record.train_seconds:,.1f} s of training{rate}")
    if record.weights_sha256:
        print_text(f"  weights     SHA-256 {record.weights_sha256[:16]}... (--json has it whole)")
    print_folded("environment", _environment_text(record.environment), indent=14)
    if record.epochs and not metrics:
        _print_curve(record.epochs)
    elif record.epochs:
        _print_metrics(metrics, len(record.epochs))
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
    chosen = [epochs[number - 1] for number in _chosen(len(epochs))]
    numbers = ("epoch", "learning rate", "loss", "train %", "validation %", "test %")
    print_text("")
    print_columns(numbers, [_epoch_cells(epoch) for epoch in chosen], right=numbers)


def _print_metrics(metrics: "Metrics", num_epochs: int) -> None:
    """What a training of the user's own gave back, epoch by epoch; its response is plotted."""
    import numpy as np

    name, curve = next(iter(metrics.items()))
    x = np.arange(1.0, num_epochs + 1)
    y = np.array([np.nan if value is None else value for value in curve])
    if num_epochs > 1 and np.isfinite(y).all():
        print_text("", f"{name} by epoch")
        print_text(*plot_lines(x, [y], width=_WIDTH, height=_HEIGHT))
    numbers = ("epoch", *metrics)
    rows = [
        (str(epoch), *(_number(values[epoch - 1]) for values in metrics.values()))
        for epoch in _chosen(num_epochs)
    ]
    print_text("")
    print_columns(numbers, rows, right=numbers)


def _number(value: float | None) -> str:
    """Six digits, and a dash for none."""
    return "-" if value is None else f"{value:.6g}"


def _chosen(num_epochs: int) -> list[int]:
    """At most a dozen of all epochs, the first and the last among them."""
    step = -(-num_epochs // _MOST_EPOCHS)
    return [e for e in range(1, num_epochs + 1) if e % step == 0 or e in (1, num_epochs)]


def _epoch_cells(epoch: "EpochRecord") -> tuple[str, ...]:
    optional = (epoch.validation_accuracy, epoch.test_accuracy)
    return (
        str(epoch.epoch),
        f"{epoch.learning_rate:.4g}",
        f"{epoch.train_loss:.4f}",
        f"{epoch.train_accuracy:.2f}",
        *("-" if value is None else f"{value:.2f}" for value in optional),
    )
