"""What is left of runs that have ended: checkpoints, and what killed writers were at."""

from contextlib import suppress

from ...store import RunStore, kept_weights


def remove_leftovers(store: RunStore, run_id: str) -> None:
    """Delete the checkpoints of a run that has ended, and what killed writers left of it."""
    left = {*store.checkpoints.glob(f"{run_id}.*"), *store.weights.glob(f"{run_id}.*")}
    for path in left - {kept_weights(store.weights, run_id)}:
        # The result is safe; what the disk does not let go now, `store gc` finds.
        with suppress(OSError):
            path.unlink()


def clear_leftovers(store: RunStore) -> None:
    """Delete what a driver left that was killed between recording a run and cleaning up."""
    paths = (*store.checkpoints.iterdir(), *store.weights.iterdir())
    names = (path.name.split(".") for path in paths)
    # Weights in their place are named after their run alone.
    left = {run_id for run_id, *rest in names if len(rest) > 1}
    for run_id, state in store.states(left).items():
        if state.owner is None and state.status != "pending":
            remove_leftovers(store, run_id)
