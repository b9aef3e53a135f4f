"""A Ray cluster on this machine: a head that trains nothing and nodes with one CPU each."""

import os
from collections.abc import Mapping
from itertools import count
from typing import Any

from made.local_network import LocalNetwork

_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
_PORTS = (
    "metrics_agent_port",
    "dashboard_agent_listen_port",
    "metrics_export_port",
    "runtime_env_agent_port",
)


class LocalCluster:
    """Its processes are children of this one, in a network of their own."""

    def __init__(self, network: LocalNetwork, environment: Mapping[str, str]) -> None:
        """Start it; ``environment`` is added to that of its nodes."""
        from ray.cluster_utils import Cluster

        self.network = network
        self._environment = {**_SETTINGS, **environment}
        self._ports = count(20_001)
        self._nodes: list[Any] = []
        self._cluster = Cluster()
        self._start(num_cpus=0, include_dashboard=False)
        self.address: str = self._cluster.address
        self.complete()

    def complete(self) -> None:
        """Have two nodes that train."""
        while len(self._nodes) < 2:
            self._nodes.append(self._start(num_cpus=1))

    def kill_node(self) -> None:
        """One of them, and all that runs there, without notice."""
        self._cluster.remove_node(self._nodes.pop(), allow_graceful=False)

    def close(self) -> None:
        self._cluster.shutdown()
        self.network.close()

    def _start(self, **options: Any) -> Any:
        before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)
        try:
            with self.network.inside():
                return self._started(options)
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

    def _started(self, options: Mapping[str, Any]) -> Any:
        for tries_left in (2, 1, 0):
            # Where ports are given, a node does not wait for what says which it has taken.
            ports = {name: next(self._ports) for name in _PORTS}
            try:
                return self._cluster.add_node(
                    node_ip_address="127.0.0.1", include_log_monitor=False, **ports, **options
                )
            except Exception as error:  # Ray has no other for it
                # On a busy machine a node may take longer than the 30 s that Ray gives it.
                if not tries_left or "timed out during startup" not in str(error):
                    raise
        raise AssertionError("it returns or raises")
