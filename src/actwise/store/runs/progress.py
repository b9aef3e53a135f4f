"""Where leased runs stand: a row for each epoch of a lease, which goes with the lease.

The functions work inside the caller's transaction.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ..database.schema import leases, progress, to_json


@dataclass(frozen=True, kw_only=True)
class ProgressPoint:
    """Where a run stood in one of its epochs, under one lease.

    Attributes:
        token: Of the lease.
        epoch: From 1.
        num_epochs: None where a training of the user's own does not tell.
        done_fraction: Of this epoch, 0 to 1.
        loss: Mean over the epoch so far; None where it is not finite or not known.
        seconds_left: Of the run, by its pace under this lease; None until that is known.
        metrics: What a training of the user's own gave back after the epoch.
    """

    token: int
    epoch: int
    num_epochs: int | None
    done_fraction: float
    loss: float | None = None
    images_per_second: float | None = None
    seconds_left: float | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)


def write_progress(
    connection: Connection, points: Iterable[ProgressPoint], held: tuple[str, ...]
) -> tuple[str, ...]:
    """Write where the runs ``held`` stand, and return them; points of other leases are dropped."""
    query = select(leases.c.token).where(leases.c.run_id.in_(held))
    tokens = set(connection.execute(query).scalars())
    for point in points:
        if point.token in tokens:
            is_it = (progress.c.token == point.token) & (progress.c.epoch == point.epoch)
            connection.execute(delete(progress).where(is_it))
            connection.execute(insert(progress).values(_row(point)))
    return held


def read_progress(connection: Connection) -> dict[str, tuple[ProgressPoint, ...]]:
    """Of every lease that has any, by run id, epoch by epoch; also where the owner is dead."""
    query = select(leases.c.run_id, *progress.c).join(leases, leases.c.token == progress.c.token)
    found: dict[str, list[ProgressPoint]] = defaultdict(list)
    for row in connection.execute(query.order_by(progress.c.token, progress.c.epoch)).mappings():
        values: dict[str, Any] = dict(row)
        run_id = values.pop("run_id")
        found[run_id].append(ProgressPoint(**values | {"metrics": json.loads(values["metrics"])}))
    return {run_id: tuple(points) for run_id, points in found.items()}


def _row(point: ProgressPoint) -> dict[str, Any]:
    values = {name: _finite(value) for name, value in asdict(point).items()}
    return values | {"metrics": to_json({n: _finite(v) for n, v in point.metrics.items()})}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
