"""The words of ``actwise plan``: the table of cells, what they cost and what they can show."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..numbers import counted
from ..registry import format_value
from .output import print_columns, print_folded, print_text, size

if TYPE_CHECKING:
    from ..analysis.precision import PlannedPower
    from ..spec import Description
    from ..sweep import Plan
    from ..sweep.plan import CostEstimate
    from ..sweep.tries import CellRate, CompileAdvice, ModelAdvice

_MOST_ROWS = 60


def print_cells(planned: "Plan", rates: "Mapping[str, CellRate]") -> None:
    """One line a label, with what varies and how many activations run in its network.

    Of a training of the user's own nothing is known but what varies. ``rates`` by run id, where
    they were measured.
    """
    varied = [name for name, levels in planned.study.factors.items() if len(levels) > 1]
    if planned.study.task is not None:
        varied = varied or ["activation"]
    names = [name.removeprefix("train.") for name in varied]
    has_aliases = any(run.is_aliased for run in planned.cells)
    sizes = ("activations", "parameters", "MACs") if planned.study.task is None else ()
    header = [
        *names,
        *sizes,
        *(["images/s"] if rates else []),
        *([""] if has_aliases else []),
    ]
    rows = []
    for run in planned.cells[:_MOST_ROWS]:
        description = planned.description(run)
        measured = [f"{rates[run.run_id].images_per_second:,.0f}"] if rates else []
        rows.append(
            (
                *(format_value(run.spec.level(name)) for name in varied),
                *_sizes(description)[: len(sizes)],
                *measured,
                *(["aliased" if run.is_aliased else ""] if has_aliases else []),
            )
        )
    print_columns(header, rows, right=(*sizes, "images/s"), spare=sizes[::-1])
    if len(planned.cells) > _MOST_ROWS:
        print_text(f"... and {counted(len(planned.cells) - _MOST_ROWS, 'cell')} more (--json)")


def print_cost(planned: "Plan", cost: "CostEstimate", *, notes: Sequence[str]) -> None:
    """Runs, memory, operations and time; ``notes``: what stands in the way here."""
    cells = counted(cost.num_cells, "cell")
    seeds = counted(len(planned.study.seeds), "seed")
    runs = counted(cost.num_labelled_runs, "run")
    print_text("", f"study {planned.study.name}: {cells} x {seeds} = {runs}")
    if cost.num_excluded:
        print_folded("excluded", counted(cost.num_excluded, "combination"))
    if cost.num_aliased_groups:
        networks = counted(cost.num_aliased_groups, "network")
        runs = counted(cost.num_runs, "run")
        print_folded("aliased", f"{networks} under several labels: {runs} to train")
    if planned.study.task is None:
        print_folded("memory", _memory(cost))
        print_folded("compute", _operations(cost.floating_point_operations))
        print_folded("time", _time(cost))
    else:
        _print_task(planned, cost)
    if capped := _capped_probes(planned):
        print_folded("probes", capped)
    if cost.is_upper_bound and cost.is_measured:
        print_folded("", "the plateau schedule may end runs before their last epoch")
    for note in notes:
        print_folded("warning", note)


def _capped_probes(planned: "Plan") -> str:
    """Why probes see fewer images than were asked for; empty where they do not."""
    from ..spec.train import PROBED_SHARE
    from ..sweep.plan import probe_size

    probes = planned.study.observe.probes
    sizes = [probe_size(planned, run, probes) for run in planned.cells] if probes else []
    if probes is None or min(sizes) >= probes.images:
        return ""
    return (
        f"{counted(min(sizes), 'image')} instead of the {probes.images:,} asked for: at most "
        f"{100 * PROBED_SHARE:g} % of those of an epoch, unless forced = true"
    )


def _print_task(planned: "Plan", cost: "CostEstimate") -> None:
    """What is called, and what is not known of it."""
    task = planned.cells[0].spec.task
    assert task is not None
    fixed = [n for n, levels in planned.study.factors.items() if len(levels) == 1]
    constant = {
        n: v for n, v in task.settings.items() if n not in planned.study.factors or n in fixed
    }
    if "activation" in fixed:
        constant = {"activation": planned.cells[0].spec.activation, **constant}
    settings = ", ".join(f"{name}={format_value(value)}" for name, value in constant.items())
    workers = counted(cost.workers, "worker")
    print_folded(
        "training", f"{task.function} with {workers}" + (f": {settings}" if settings else "")
    )
    print_folded("time", "not known, nor is memory: the training is your own")
    print_folded("margin", "none is usual: `analyze --margin X` says which difference matters")


def print_left(left: "Mapping[str, Any]") -> None:
    """What a store lacks of the plan, and because of which file that is more than before."""
    num_left, num_runs = left["num_left"], left["num_runs"]
    todo = f"{counted(num_left, 'run')} to train" if num_left else "nothing left to train"
    print_folded("left", f"{todo}, {num_runs - num_left:,} of {num_runs:,} done before")
    for change in left["code_changes"]:
        print_folded("changed", change["text"])


def print_compile_advice(advice: "CompileAdvice") -> None:
    """Whether ``train.compile`` pays, model by model, or why that was not tried."""
    for found in advice.models:
        print_folded("compile", _compile_advice(found))
    if any(found.times for found in advice.models):
        print_folded(
            "",
            "time of compiling: the longest of the tries, with torch's cache as it was found; an "
            "empty cache takes longer, a cell's later runs less",
        )
    for note in advice.notes:
        print_folded("compile", note)


def print_powers(powers: "tuple[PlannedPower, ...]") -> None:
    """What the seeds can show; a warning where that is little."""
    from ..analysis.precision import SHORT_RUN_SDS

    for power in powers:
        print_folded("warning" if power.is_low else "power", _power(power))
    if any(power.run_sd for power in powers):
        ours = [f"{sd:.2f} with {network}" for network, sd in SHORT_RUN_SDS.items()]
        print_folded(
            "",
            "the run SD is that of long, full-width runs (bank trottier); short or narrow runs "
            f"scatter more, in points: {', '.join(ours)} after 6 epochs on cifar10 (cifar-mini)",
        )


def _sizes(description: "Description") -> tuple[str, str, str]:
    sizes = (_amount(description.parameters), _amount(description.macs))
    return (str(description.activation_sites), *sizes)


def _amount(number: float) -> str:
    """``650``, ``4.2 k``, ``1.06 M``, ``303.8 M``."""
    if number < 1000:
        return f"{number:,}"
    if number < 1e5:
        return f"{number / 1e3:.1f} k"
    return f"{number / 1e6:,.{2 if number < 1e8 else 1}f} M"


def _operations(number: float) -> str:
    """``5.71 TFLOP``, ``320 PFLOP``: three digits or more."""
    unit, scale = next(
        ((u, s) for u, s in (("GFLOP", 1e9), ("TFLOP", 1e12)) if number < 1000 * s),
        ("PFLOP", 1e15),
    )
    shown = number / scale
    digits = max(0, 2 - int(math.log10(shown))) if shown >= 1 else 2
    return f"{shown:,.{digits}f} {unit}"


def _memory(cost: "CostEstimate") -> str:
    text = f"up to {size(cost.memory_bytes)} a run"
    if cost.device_memory_bytes is None:
        return text
    return f"{text}, and {size(cost.device_memory_bytes)} of the device's"


def _time(cost: "CostEstimate") -> str:
    from ..sweep.watch import describe_seconds

    if cost.seconds is None:
        return "not known for a CUDA device; --calibrate on one measures it"
    # An assumed rate may be too fast: only a measured one makes a bound.
    bound = "at most " if cost.is_upper_bound and cost.is_measured else "about "
    span = "under 1 s" if cost.seconds < 1 else bound + describe_seconds(cost.seconds)
    condition = (
        "" if not cost.is_upper_bound or cost.is_measured else " if no plateau ends it early"
    )
    advice = "" if cost.is_measured else "; --calibrate measures"
    workers = counted(cost.workers, "worker")
    return f"{span} with {workers}{condition} ({cost.basis}{advice})"


def _compile_advice(found: "ModelAdvice") -> str:
    from ..sweep.watch import describe_seconds

    name = f"{found.model} at width {found.width:g} ({found.regularization}, {found.activation})"
    times = found.times
    if times is None:
        return f"{name} cannot be compiled here: {found.problem}"
    change = times.compiled_seconds_per_run / times.seconds_per_run - 1
    in_words = partial(describe_seconds, is_compared=True)
    return (
        f"{name}: {'train.compile=true pays' if times.is_recommended else 'does not pay'}; "
        f"tried in turns, {times.images_per_second:,.0f} images/s as it is, "
        f"{times.compiled_images_per_second:,.0f} compiled after "
        f"{in_words(times.compile_seconds)} of compiling: a run takes "
        f"{in_words(times.seconds_per_run)} or "
        f"{in_words(times.compiled_seconds_per_run)} ({100 * change:+.0f} %)"
    )


def _power(row: "PlannedPower") -> str:
    seeds = counted(row.num_seeds, "seed")
    if row.power is None:
        return (
            f"not known on {row.dataset}, of which no run-to-run SD is published: `analyze` tells "
            f"from the runs whether {seeds} can conclude `equivalent`"
        )
    more = (
        f"; 50 % power takes {row.seeds_for_half} seeds"
        if row.is_low and row.seeds_for_half
        else ""
    )
    if row.num_seeds == 1:
        return f"one seed never concludes `equivalent` on {row.dataset}{more}"
    return (
        f"{seeds} give {100 * row.power:.0f} % power to conclude `equivalent` on {row.dataset} "
        f"(margin {row.margin:g} and run SD {row.run_sd:g} points{_shared(row)}){more}"
    )


def _shared(row: "PlannedPower") -> str:
    """The level of a look, where planned looks share the usual one."""
    from ..analysis.model import ALPHA

    return "" if row.alpha == ALPHA else f", each look at {100 * row.alpha:.1f} %"
