"""Measurements, run as ``python -m benchmarks.engine.study`` and so on from the repository's root.

``engine``: speed; ``statistics``: whether intervals and tests keep their promises; ``findings``:
the tables of docs/findings.md from results/; ``mutations``: what the tests notice.
"""
