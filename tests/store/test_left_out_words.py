"""What is said of runs that are left out, or counted together, after code or data changed."""

from dataclasses import replace
from typing import Any

import pytest

from actwise.store import Outdated, what_changed

OLD, NEW = "a1" * 32, "b2" * 32
CODE = Outdated(("mynet", "my.act"), (OLD, NEW))
DATA = Outdated((), (), has_other_data=True)
BOTH = Outdated(("mynet",), (OLD,), has_other_data=True)


def settings(code: dict[str, str], *, data: str = "d", **modules: dict[str, str]) -> dict[str, Any]:
    """What the id of a run was made of: digests of code by level, and of the modules of each."""
    return {"code": [[*pair] for pair in code.items()], "data": data, "code_modules": modules}


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (
            CODE,
            "1 run of older code of mynet, my.act (start it again to train it anew, with "
            "--accept-code-digest a1a1a1a1 --accept-code-digest b2b2b2b2 to take it as it is)",
        ),
        (
            Outdated((), (OLD,), num_runs=2),
            "2 runs of older code (start them again to train them anew, with "
            "--accept-code-digest a1a1a1a1 to take them as they are)",
        ),
        (DATA, "1 run on other data (start it again to train it anew)"),
        (
            replace(BOTH, num_runs=3),
            "3 runs of older code of mynet and on other data (start them again to train them anew)",
        ),
        (Outdated((), ()), "1 run planned otherwise (start it again to train it anew)"),
        (
            Outdated((), (OLD,), is_known=False),
            "1 run of other code or data, what changed is not known (start it again to train it "
            "anew, with --accept-code-digest a1a1a1a1 to take it as it is)",
        ),
        (
            replace(DATA, num_runs=2, study="mine"),
            "2 runs of study mine on other data (a later start of another study has other code or "
            "data: with --study mine they count)",
        ),
    ],
)
def test_left_out_runs_are_told_with_what_changed_and_what_to_do(
    left_out: Outdated, said: str
) -> None:
    assert str(left_out) == said


@pytest.mark.parametrize(
    ("mixed", "versions", "options"),
    [
        (CODE, "code", "--accept-code-digest a1a1a1a1 --accept-code-digest b2b2b2b2"),
        (DATA, "data", ""),
        (BOTH, "code and data", ""),
        (Outdated((), ()), "plan", ""),
    ],
)
def test_runs_that_count_together_are_told_with_what_would_keep_them(
    mixed: Outdated, versions: str, options: str
) -> None:
    said = mixed.as_mixture
    runs = str(mixed).partition(" (")[0]
    does = f"does, with {options} to keep them" if options else "does"
    assert said == (
        f"runs of more than one version of the {versions}: {runs} count with the others, since "
        f"the store does not say what was accepted (the next start {does})"
    )


def test_modules_are_told_that_changed_came_or_went() -> None:
    old = settings({"net": OLD}, **{OLD: {"same": "1", "other": "2", "gone": "3"}})
    new = settings({"net": NEW}, **{NEW: {"same": "1", "other": "4", "come": "5"}})
    assert what_changed(old, new) == Outdated(("come", "gone", "other"), (OLD,))


def test_modules_are_not_told_where_those_of_one_side_are_not_known() -> None:
    known = {OLD: {"mine": "1"}, NEW: {"mine": "2"}}
    old, new = settings({"net": OLD}), settings({"net": NEW})
    assert what_changed(old | {"code_modules": known}, new) == Outdated((), (OLD,))
    assert what_changed(old, new | {"code_modules": known}) == Outdated((), (OLD,))


def test_only_the_levels_whose_code_changed_are_told() -> None:
    old = settings({"net": OLD, "act": "c3"}, data="one")
    new = settings({"net": OLD, "act": "d4"}, data="two")
    assert what_changed(old, new) == Outdated((), ("c3",), has_other_data=True)
    assert what_changed(old, old) == Outdated((), ())


def test_of_a_cell_that_was_never_trained_all_digests_are_told_once() -> None:
    old = settings({"net": OLD, "act": NEW, "loss": OLD})
    assert what_changed(old, None) == Outdated((), (OLD, NEW), is_known=False)
    assert what_changed({"data": "d"}, None) == Outdated((), (), is_known=False)
