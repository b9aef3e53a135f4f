"""The signal flow of a finished run whose weights were kept."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..store import RunStore
from .load import load_model, planned_spec

if TYPE_CHECKING:
    from ..diagnostics import SignalReport


def diagnose_run(
    store: RunStore | str | Path,
    run_id: str,
    *,
    images: int | None = None,
    data_dir: str | Path | None = None,
    artifacts: Path | None = None,
) -> "SignalReport":
    """The signal flow of a run's final weights, on the first images that it trained on.

    Args:
        store: An open store, or its folder.
        run_id: The run, or the beginning of its id.
        images: How many; None: 1,000, or all that there are.
        data_dir: Where data sets lie.
        artifacts: Where the weights are, of a store that is a URL.

    Raises:
        StoreError: as :func:`.load_model`.
        SpecError: if the number is none.
        DataError: if the data set is missing or damaged.
    """
    from ..datasets import load
    from ..diagnostics import diagnose, number_of, source_of, training_images

    if not isinstance(store, RunStore):
        with RunStore.open(store, artifacts=artifacts) as opened:
            return diagnose_run(opened, run_id, images=images, data_dir=data_dir)
    number = number_of(images)
    run_id = store.find_run(run_id)
    model = load_model(store, run_id, data_dir=data_dir)
    spec = planned_spec(store, run_id)
    data = load(spec.dataset, data_dir)
    report = diagnose(model, *training_images(data, spec, number))
    return replace(
        report,
        model=f"run {run_id}: {spec.model}, {spec.regularization}",
        image_source=source_of(spec.dataset, data.info.input_shape),
    )
