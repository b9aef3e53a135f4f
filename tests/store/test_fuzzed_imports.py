"""A fuzzer over the tables of exports: imported means readable, refused means nothing written."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from benchmarks.store.forgery import Export, forged, read_export
from benchmarks.store.fuzz_import import SMALL, import_forged, quietly, scratch_folder

pytestmark = pytest.mark.draws

NUM_EXAMPLES, NUM_READ = 500, 25
"""Examples in all, and those of them that every reading command is tried on."""


def test_a_forged_export_is_readable_or_refused(template: Path) -> None:
    # Trainings in this process set it; hypothesis draws the smallest numbers too.
    torch.set_flush_denormal(False)
    sources = st.one_of(forged(read_export(SMALL)), forged(read_export(template)))
    counts: Counter[str] = Counter()

    @seed(15)
    @settings(
        max_examples=NUM_EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(sources)
    def fuzz(example: Export) -> None:
        with scratch_folder() as folder:
            if import_forged(example, folder) is not None:
                counts["refused"] += 1
                return
            counts["accepted"] += 1
            assert quietly(["table", "--store", str(folder / "store")])[0] == 0
            if counts["accepted"] <= NUM_READ:
                read_with_every_command(folder)

    fuzz()
    assert counts["refused"] > NUM_EXAMPLES / 2 and counts["accepted"] >= NUM_READ, counts


def read_with_every_command(folder: Path) -> None:
    store, report, again = (str(folder / name) for name in ("store", "r.html", "again"))
    for command in (
        ["status", "--store", store],
        ["analyze", "--store", store, "--full"],
        ["export", "--store", store, "--what", "runs"],
        ["export", "--store", store, "--what", "all", "-o", again],
        ["report", "--store", store, "-o", report],
    ):
        code, _, err = quietly(command)
        assert code == 0, (command, err)
    code, _, err = quietly(["import", again, "--store", store])
    assert code == 0, err
