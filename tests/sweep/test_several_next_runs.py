"""Which runs are next, where a store is asked for several at once."""

from actwise.sweep import make_plan
from actwise.sweep.plan import Durations, PendingRuns
from made.plans import describe, study

FACTORS = {
    "dataset": ["made"],
    "model": ["residual", "stack"],
    "regularization": ["bn"],
    "activation": ["relu"],
}
"""Of fewer operations and of more."""


def pending() -> tuple[PendingRuns, list[str]]:
    """Of two seeds; and the ids in the order in which they are to be trained."""
    plan = make_plan(study(factors=FACTORS, seeds=[5, 0]), describe)
    (small5, large5, small0, large0) = (run.run_id for run in plan.distinct_runs)
    runs = PendingRuns(plan.distinct_runs, Durations(plan, plan.distinct_runs))
    return runs, [large5, small5, large0, small0]


def test_so_many_as_are_asked_for_are_named_in_their_order() -> None:
    runs, ids = pending()
    assert [runs.next(number) for number in (1, 2, 3, 4, 100)] == [
        ids[:1],
        ids[:2],
        ids[:3],
        ids,
        ids,
    ]


def test_what_is_taken_out_of_turn_is_missed_in_its_place() -> None:
    runs, ids = pending()
    runs.take(ids[1])
    assert runs.next(100) == [ids[0], *ids[2:]]
    runs.take(ids[3])
    assert runs.next(2) == [ids[0], ids[2]]
    runs.put_back(ids[1])
    assert runs.next(100) == ids[:3]


def test_what_met_an_accident_is_named_when_nothing_else_is_left() -> None:
    runs, ids = pending()
    for run_id in (ids[2], ids[0], ids[3]):
        runs.take(run_id)
        runs.put_back(run_id, after_accident=True)
    assert runs.next(100) == [ids[1]]
    runs.take(ids[1])
    assert bool(runs)
    assert [runs.next(number) for number in (1, 2, 100)] == [
        [ids[2]],
        [ids[2], ids[0]],
        [ids[2], ids[0], ids[3]],
    ]
    runs.take(ids[0])
    assert runs.next(100) == [ids[2], ids[3]]
    runs.take(ids[2])
    runs.take(ids[3])
    assert runs.next(100) == []
    assert not runs
