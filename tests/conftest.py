"""What every test shares: one thread, a cache of its own, the way to the real data."""

import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path

# Before torch is imported anywhere: several test processes share two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
# Decoded data are shared by all test processes and kept between runs (verified at every load).
os.environ.setdefault("ACTWISE_CACHE", str(Path(tempfile.gettempdir()) / "actwise-test-cache"))
# And what torch's compiler asks of the C++ compiler: that alone takes it half a minute.
os.environ.setdefault(
    "TORCHINDUCTOR_CACHE_DIR", str(Path(tempfile.gettempdir()) / "actwise-test-compiled")
)
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # in its process, not in a pool
# A developer's own settings must not colour a test.
os.environ.pop("ACTWISE_DATA", None)

import pytest

from made.local_cluster import LocalCluster
from made.local_network import LocalNetwork
from made.postgresql import Server, find_binaries

OF_TEST_MORE = (
    *("browser", "ray", "postgresql", "compiler", "zoo", "images", "draws", "kills", "docs"),
    *("package", "benchmarks"),
)
"""Marks of tests that `make test-more` runs: what they need is there, or CI says that it is not."""
REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker("images")


@pytest.fixture(autouse=True)
def _users_code_of_this_test_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process imported of users' code sends all its later runs to other processes."""
    monkeypatch.setattr(SourceFileLoader, "get_code", SourceFileLoader.get_code)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real CIFAR-10 and CIFAR-100, or a skip."""
    if not (REAL_DATA / "cifar10").is_dir():
        pytest.skip("real CIFAR images are not beside the checkout (../shared/data)")
    return REAL_DATA


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of this process's own, or a skip; schemas in it are the tests' own."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("there is no PostgreSQL server on this machine (initdb, postgres)")
    server = Server(binaries, "fsync=off", "max_connections=200")
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two nodes with a data cache of their own, or a skip."""
    try:
        network = LocalNetwork()
    except OSError as error:
        pytest.skip(f"a network of its own is not allowed here: {error.strerror}")
    cache = tmp_path_factory.mktemp("cache-of-nodes")
    cluster = LocalCluster(network, {"ACTWISE_CACHE": str(cache)})
    yield cluster
    cluster.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    is_kept = any(item.get_closest_marker(name) for name in OF_TEST_MORE)
    is_kept &= item.get_closest_marker("images") is None  # nothing installs them
    if is_kept and report.skipped and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"with CI=true this fails: {reason}"
    return report


@contextmanager
def _unnamed() -> Generator[None]:
    """A process is kept for the next sweep where the environment is as it was; pytest's is not."""
    name = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        if name is not None:
            os.environ["PYTEST_CURRENT_TEST"] = name


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    with _unnamed():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    with _unnamed():
        return (yield)
