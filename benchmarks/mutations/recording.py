"""A pytest plugin that writes which lines each test runs, and in how many seconds.

Lines of a fixture that several tests share belong to all tests of its file, under the file's name.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import sitecustomize as tracing  # benchmarks.mutations.tracing, where it can follow from the start

INTO = Path(tracing.INTO)
_lines: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
_seconds: dict[str, float] = {}
_wrong: set[str] = set()


def _add(context: str, taken: dict[str, list[int]]) -> None:
    for file, lines in taken.items():
        _lines[context][file].update(lines)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Follow one test, with every memory of the tests before it emptied."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "actwise":
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear") and hasattr(value, "cache_info"):
                    value.cache_clear()
    cache = tempfile.mkdtemp()
    os.environ["ACTWISE_CACHE"] = cache
    os.environ[tracing.CONTEXT] = item.nodeid
    tracing.take()
    start = time.perf_counter()
    result = yield
    _seconds[item.nodeid] = round(time.perf_counter() - start, 3)
    _add(item.nodeid, tracing.take())
    del os.environ[tracing.CONTEXT]
    shutil.rmtree(cache, ignore_errors=True)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: Any
) -> Generator[None, Any, Any]:
    """Give the file what a shared fixture runs."""
    item = os.environ.get(tracing.CONTEXT)
    if fixturedef.scope == "function" or item is None:
        return (yield)
    _add(item, tracing.take())
    os.environ[tracing.CONTEXT] = item.split("::")[0]
    try:
        return (yield)
    finally:
        _add(item.split("::")[0], tracing.take())
        os.environ[tracing.CONTEXT] = item


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what did not pass: it can notice nothing."""
    if not report.passed:
        _wrong.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write all in one file."""
    for path in INTO.glob("*.lines"):
        context, *places = path.read_text(encoding="utf-8").splitlines()
        for place in places:
            file, line = place.rsplit(":", 1)
            _lines[context][file].add(int(line))
    record = {
        "seconds": {test: took for test, took in _seconds.items() if test not in _wrong},
        "others": {test: took for test, took in _seconds.items() if test in _wrong},
        "lines": {
            context: {file: sorted(lines) for file, lines in files.items()}
            for context, files in _lines.items()
        },
    }
    (INTO / "record.json").write_text(json.dumps(record), encoding="utf-8")
