"""Slots on the nodes of a Ray cluster. Ray itself is imported where it is first used.

Lowest first: ``luggage`` (what travels with a run), ``slot`` (what is done on a node),
``connection`` (the cluster as a driver finds it), ``fleet`` (its slots as a driver leads them).
"""

from .connection import Cluster as Cluster
from .connection import connected as connected
from .fleet import RayExecutor as RayExecutor
