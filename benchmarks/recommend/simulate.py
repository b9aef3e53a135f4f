"""Race in simulation, where the truth is known: regret, coverage of the limit, false gains.

Run: ``python -m benchmarks.recommend.simulate [--races 1000] [--knowledge FILE] [--world NAME]``.
What the race believes is always the file's (default: the one that comes along); what is true is
that, or a model that it is not. First without stopping and without the incumbent's place, by
budget; then as users have it. Regret is the best true effect at full length less the pick's.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from actwise.numbers import UNKNOWN, number, percent
from actwise.recommend import Advice, Knowledge, Trial, shipped_knowledge
from actwise.recommend.budget import read_budget
from benchmarks.printing import markdown
from benchmarks.recommend.bank import EPOCHS
from benchmarks.recommend.worlds import (
    Case,
    World,
    advices,
    candidate_names,
    cases,
    make_race,
    worlds,
)

BUDGETS = {
    share: float(read_budget(f"{share}%", num_candidates=6).full_runs or 0)
    for share in (11, 22, 33, 44)
}
"""In percent of three seeds of each of six candidates, and in full runs: 2, 4, 6 and 8."""


class Outcome(NamedTuple):
    """One race, as far as it had come.

    Attributes:
        regret: In points.
        limit: In points; None of a screening.
        cost: In full runs.
        is_covered: Whether the limit holds, if there is one.
        is_decided: Whether it stopped for the margin.
        is_within: Whether the pick is within it.
        claims_gain: Whether the 5 % limit of the gain over the incumbent is above 0.
        is_false: Whether it claims a gain that is none.
        is_flagged: Whether it says that the limit may be too small.
    """

    regret: float
    limit: float | None
    cost: float
    is_covered: bool
    is_decided: bool
    is_within: bool
    claims_gain: bool
    is_false: bool
    is_flagged: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--races", type=int, default=1000)
    parser.add_argument("--knowledge", type=Path, help="default: the file that comes along")
    parser.add_argument("--world", action="append", metavar="NAME", help="default: all of them")
    arguments = parser.parse_args()
    file = arguments.knowledge
    knowledge = shipped_knowledge() if file is None else Knowledge.load(file)
    chosen = [w for w in worlds(knowledge) if arguments.world is None or w.name in arguments.world]
    for table in (by_budget, without_race, as_used):
        print(table(knowledge, arguments.races, chosen), flush=True)
        print()


def by_budget(knowledge: Knowledge, count: int, chosen: Sequence[World]) -> str:
    """Worlds by budget, without stopping and without the incumbent's place."""
    lines = []
    for world in chosen:
        for widened in (False, True) if world.name == "fitted" else (True,):
            found = without_stopping(world, knowledge, count, widened=widened)
            for budget in BUDGETS:
                rows = found[budget]
                regrets = np.array([row.regret for row in rows])
                lines.append(
                    [
                        world.name,
                        "x 1.3" if widened else "as it is",
                        f"{budget} %",
                        f"{len(rows):,}",
                        number(regrets.mean()),
                        number(regrets.std() / len(rows) ** 0.5),
                        *_limits(rows),
                    ]
                )
    header = ["what is true", "spread", "budget", "races", "regret", "SE", *_LIMITS]
    return markdown(header, lines, num_names=3)


_LIMITS = ("limit holds", "median limit", "told that it may not")


def _limits(rows: Sequence[Outcome]) -> tuple[str, str, str]:
    """How often the limits that are stated hold, their median, and how often they are doubted."""
    stated = [row for row in rows if row.limit is not None]
    median = number(float(np.median([row.limit for row in stated]))) if stated else UNKNOWN
    return share(row.is_covered for row in stated), median, share(row.is_flagged for row in stated)


def without_stopping(
    world: World, knowledge: Knowledge, count: int, *, widened: bool
) -> dict[int, list[Outcome]]:
    """Outcomes at every budget, of races that go on to the largest: they begin alike."""
    found: dict[int, list[Outcome]] = {budget: [] for budget in BUDGETS}
    for case in cases(world, count):
        race = make_race(
            knowledge,
            full_runs=max(BUDGETS.values()),
            widened=widened,
            use_stopping=False,
            incumbent_place=False,
        )
        said = list(advices(race, case.result))
        for budget, full_runs in BUDGETS.items():
            paid = [advice for advice in said if advice.spent <= full_runs + 1e-9]
            found[budget].append(outcome(paid[-1], case))
    return found


def without_race(knowledge: Knowledge, count: int, chosen: Sequence[World]) -> str:
    """Worlds by what is usual: the best of full runs at one seed, and of three."""
    lines = []
    for world in chosen:
        found: dict[str, list[float]] = {"random": [], "one seed each": [], "three seeds each": []}
        for case in cases(world, count):
            results_SA = np.array([_full_results(case, seed) for seed in range(3)])
            behind_A = case.at_full_A.max() - case.at_full_A
            found["random"].append(float(behind_A[np.isfinite(behind_A)].mean()))
            found["one seed each"].append(behind_A[results_SA[0].argmax()])
            found["three seeds each"].append(behind_A[results_SA.mean(axis=0).argmax()])
        for name, regrets in found.items():
            error = np.std(regrets) / count**0.5
            row = [world.name, name, f"{count:,}", number(float(np.mean(regrets))), number(error)]
            lines.append(row)
    return markdown(["what is true", "pick", "cases", "regret", "SE"], lines, num_names=2)


def _full_results(case: Case, seed: int) -> list[float]:
    """Of a full run of every candidate at a seed."""
    names = candidate_names(len(case.at_full_A))
    trials = [Trial(0, name, seed, seed, EPOCHS[1], is_full=True) for name in names]
    values = map(case.result, trials)
    return [-np.inf if value is None else value for value in values]


def as_used(knowledge: Knowledge, count: int, chosen: Sequence[World]) -> str:
    """Worlds with stopping, the incumbent's place and the wider spread."""
    lines = []
    for world in chosen:
        for budget in (22, 33, 44):
            rows = with_stopping(world, knowledge, count, budget=budget)
            decided = [row for row in rows if row.is_decided]
            lines.append(
                [
                    world.name,
                    f"{budget} %",
                    f"{len(rows):,}",
                    percent(round(float(np.mean([row.cost for row in rows])) / 18, 2)),
                    number(float(np.mean([row.regret for row in rows]))),
                    *_limits(rows),
                    share(row.is_decided for row in rows),
                    share(row.is_within for row in decided),
                    share(row.claims_gain for row in rows),
                    share(row.is_false for row in rows),
                ]
            )
    header = ["what is true", "budget", "races", "cost", "regret", *_LIMITS]
    more = ["decided", "within the margin", "gain claimed", "falsely"]
    return markdown([*header, *more], lines, num_names=2)


def with_stopping(world: World, knowledge: Knowledge, count: int, *, budget: int) -> list[Outcome]:
    """Outcomes of races as users have them, the case like none of the bank."""
    found = []
    for case in cases(world, count):
        race = make_race(knowledge, full_runs=BUDGETS[budget])
        *_, advice = advices(race, case.result)
        found.append(outcome(advice, case))
    return found


def outcome(advice: Advice, case: Case) -> Outcome:
    """How good an advice is; candidates that diverge are no truth to be behind."""
    names = candidate_names(len(case.at_full_A))
    assert advice.activation is not None
    truth = dict(zip(names, case.at_full_A.tolist(), strict=True))
    regret = max(truth.values()) - truth[advice.activation]
    gain = advice.gain_over_incumbent
    claims = gain is not None and gain.lower > 0
    return Outcome(
        regret=regret,
        limit=advice.limit,
        cost=advice.spent,
        is_covered=advice.limit is not None and regret <= advice.limit,
        is_decided=advice.why_stopped == "decided",
        is_within=regret <= advice.margin,
        claims_gain=claims,
        is_false=claims and truth[advice.activation] <= truth[names[0]],
        is_flagged=advice.is_unlike_bank,
    )


def share(answers: Iterable[bool]) -> str:
    """Of how many it is so."""
    found = list(answers)
    return number(float(np.mean(found))) if found else UNKNOWN


if __name__ == "__main__":
    main()
