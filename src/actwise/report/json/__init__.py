"""What ``--json`` prints of an analysis; docs/json.md names every key."""

from .analysis import analysis_json as analysis_json
