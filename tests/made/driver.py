"""A driver as a process of its own: ``python driver.py JSON``; prints one event a line."""

import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from actwise.spec import parse_study
from actwise.store import Lease, Owner, RunStore
from actwise.sweep.run import run
from actwise.sweep.watch import JsonProgress


class CountedStore(RunStore):
    """Says at the end how often a run was asked for, and how often there was none."""

    asked = refused = 0

    def lease_next(
        self, run_ids: Sequence[str], owner: Owner, *, again: Collection[str] = ()
    ) -> Lease | None:
        lease = super().lease_next(run_ids, owner, again=again)
        self.asked += 1
        self.refused += lease is None
        return lease


def main() -> int:
    asked = json.loads(sys.argv[1])
    # As commands do; and the users' code of these tests.
    sys.path[:1] = [str(Path.cwd()), str(Path(__file__).parents[1])]
    study = parse_study(asked["study"], source="test")
    folder = asked.get("artifacts")
    artifacts = None if folder is None else Path(folder)
    with CountedStore.open(asked["store"], create=True, artifacts=artifacts) as store:
        outcome = run(study, store, progress=JsonProgress(sys.stdout), **asked["options"])
        counts = {"event": "leases", "asked": store.asked, "refused": store.refused}
        print(json.dumps(counts), flush=True)  # noqa: T201
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
