"""A driver as a process of its own: ``python driver.py JSON``; prints one event a line."""

import json
import sys
from pathlib import Path

from actwise.spec import parse_study
from actwise.store import RunStore
from actwise.sweep.run import run
from actwise.sweep.watch import JsonProgress


def main() -> int:
    asked = json.loads(sys.argv[1])
    # As commands do; and the users' code of these tests.
    sys.path[:1] = [str(Path.cwd()), str(Path(__file__).parents[1])]
    study = parse_study(asked["study"], source="test")
    with RunStore.open(asked["store"], create=True) as store:
        outcome = run(study, store, progress=JsonProgress(sys.stdout), **asked["options"])
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
