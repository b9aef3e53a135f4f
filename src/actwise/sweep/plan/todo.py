"""Which runs of a plan are to be trained, given what a store already holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...spec import ENGINE_VERSION, ObserveSpec, PlannedRun
from ...store import RunState, RunStore
from ...store.records import LAST_ONLY, probes_of
from .code_changes import CodeChange, OlderResults
from .options import RunOptions
from .plan import Plan


@dataclass(frozen=True)
class Todo:
    """What a command will do.

    Attributes:
        planned: Every label; what is taken over from an accepted engine, or from accepted users'
            code, carries the id of that run.
        runs: To be trained, in the order of the plan.
        again: Run ids with a result that are trained again for what they observe.
        failed: Run ids that failed before and are tried again.
        code_changes: Because of which of ``runs`` are trained again under other ids.
        lacking: Run ids whose result lacks an observation asked for, and which stay as they are.
    """

    planned: tuple[PlannedRun, ...]
    runs: tuple[PlannedRun, ...]
    again: frozenset[str]
    failed: frozenset[str]
    lacking: tuple[str, ...]
    code_changes: tuple[CodeChange, ...] = ()

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The distinct runs that the study stands for."""
        return tuple(dict.fromkeys(run.run_id for run in self.planned))


def find_todo(plan: Plan, store: RunStore, options: RunOptions) -> Todo:
    """Hold a plan against a store; nothing is written.

    Raises:
        SpecError: if no result in the store has a code digest that ``options`` accept.
    """
    older = OlderResults(plan.distinct_runs, store, options)
    planned = older.accept(_accept_engines(plan, store, options))
    distinct = dict.fromkeys(run.run_id for run in planned)
    states = store.states(distinct)
    lacking = [i for i in distinct if i in states and _lacks(states[i], plan.study.observe)]
    again = frozenset(lacking if options.observe_again else ())
    failed = frozenset(
        i for i in distinct if options.retry_failed and i in states and states[i].status == "failed"
    )
    wanted = {i for i in distinct if i not in states or states[i].status in ("pending", "running")}
    wanted |= again | failed
    runs = tuple(run for run in _first_labels(planned) if run.run_id in wanted)
    return Todo(
        planned=planned,
        runs=runs,
        again=again,
        failed=failed,
        lacking=() if options.observe_again else tuple(lacking),
        code_changes=older.changes(run for run in runs if run.run_id not in again | failed),
    )


def lacks_observation(state: RunState, observe: ObserveSpec) -> bool:
    """Whether a result holds less than a study wants observed.

    A fuller curve is not less, nor are probes at least as dense.
    """
    asked = {name for name, value in observe if value is True}
    has_less_validation = observe.validation_curve == "every" and LAST_ONLY in state.observed
    probes = probes_of(state.observed)
    has_less_flow = observe.probes is not None and not (probes and probes.holds(observe.probes))
    return not asked <= set(state.observed) or has_less_validation or has_less_flow


def _lacks(state: RunState, observe: ObserveSpec) -> bool:
    return state.has_result and lacks_observation(state, observe)


def _accept_engines(plan: Plan, store: RunStore, options: RunOptions) -> tuple[PlannedRun, ...]:
    engines = [engine for engine in options.accept_engines if engine != ENGINE_VERSION]
    if not engines:
        return plan.runs
    own = store.find_finished([run.spec_hash for run in plan.distinct_runs], [ENGINE_VERSION])
    older = store.find_finished([run.spec_hash for run in plan.distinct_runs], engines)
    return tuple(
        replace(run, run_id=older[run.spec_hash])
        if run.spec_hash in older and run.spec_hash not in own
        else run
        for run in plan.runs
    )


def _first_labels(planned: Sequence[PlannedRun]) -> Iterable[PlannedRun]:
    first: dict[str, PlannedRun] = {}
    for run in planned:
        first.setdefault(run.run_id, run)
    return first.values()
