"""Results that a plan no longer reaches because users' code has changed since."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...errors import SpecError
from ...spec import ENGINE_VERSION, PlannedRun
from ...store import RunStore, UsersResult, users_results, what_changed
from ...usercode import file_of_module
from .options import RunOptions


@dataclass(frozen=True)
class CodeChange:
    """What has changed since some results, and how many runs are trained again for it.

    Attributes:
        modules: Whose statements changed, came or went, by name; none where that is not known:
            older digests were those of one file.
        digests: Code digests of those results, for ``accept_code_digests``.
        num_runs: Runs with such a result.
    """

    modules: tuple[str, ...]
    digests: tuple[str, ...]
    num_runs: int

    def __str__(self) -> str:
        runs, they_are = ("run", "it is") if self.num_runs == 1 else ("runs", "they are")
        options = " ".join(f"--accept-code-digest {digest}" for digest in self.digests)
        finished = f"{self.num_runs} finished {runs}"
        if self.modules:
            files = ", ".join(file_of_module(name) for name in self.modules)
            why = f"{files} changed since {finished}"
        else:
            why = f"the ids of {finished} hold an older digest of users' code, of one file alone"
        return f"{why}: {they_are} trained again ({options} takes them as finished)"


class OlderResults:
    """The results of a store that differ from planned runs in nothing but users' code."""

    def __init__(self, planned: Sequence[PlannedRun], store: RunStore, options: RunOptions) -> None:
        """Look for them; nothing is written.

        Raises:
            SpecError: if no result in the store has a code digest that ``options`` accept.
        """
        self._accepted = options.accept_code_digests
        engines = {ENGINE_VERSION, *options.accept_engines}
        has_code = any("code" in run.settings for run in planned)
        found = users_results(store, engines) if has_code or self._accepted else []
        self._refuse_unknown(found, store)
        self._results: dict[tuple[str, int], list[UsersResult]] = {}
        for result in reversed(found):
            key = (_without_digests(result.settings), result.seed)
            self._results.setdefault(key, []).append(result)
        # By cell: all its seeds share their settings.
        self._keys: dict[str, str] = {}

    def accept(self, planned: Iterable[PlannedRun]) -> tuple[PlannedRun, ...]:
        """The runs, those without a result under the id of one of accepted code if there is one."""
        return tuple(self._accept(run) if self._accepted else run for run in planned)

    def changes(self, runs: Iterable[PlannedRun]) -> tuple[CodeChange, ...]:
        """What changed since the newest results of ``runs``, which are to be trained."""
        newest = (self._newest_change(run) for run in runs)
        counts = Counter(change for change in newest if change is not None)
        return tuple(replace(change, num_runs=number) for change, number in counts.items())

    def _accept(self, run: PlannedRun) -> PlannedRun:
        results = self._results_of(run)
        if any(result.run_id == run.run_id for result in results):
            return run
        for result in results:
            digests = what_changed(result.settings, run.settings).digests
            if all(digest.startswith(self._accepted) for digest in digests):
                return replace(run, run_id=result.run_id)
        return run

    def _newest_change(self, run: PlannedRun) -> CodeChange | None:
        for result in self._results_of(run):
            change = what_changed(result.settings, run.settings)
            if change.digests:
                return CodeChange(change.modules, change.digests, 1)
        return None

    def _results_of(self, run: PlannedRun) -> list[UsersResult]:
        if "code" not in run.settings:
            return []
        if run.cell_hash not in self._keys:
            self._keys[run.cell_hash] = _without_digests(run.settings)
        return self._results.get((self._keys[run.cell_hash], run.spec.seed), [])

    def _refuse_unknown(self, found: Iterable[UsersResult], store: RunStore) -> None:
        known = sorted({digest for result in found for _, digest in result.settings["code"]})
        for accepted in self._accepted:
            if not any(digest.startswith(accepted) for digest in known):
                raise SpecError(
                    f"accept_code_digest {accepted!r}: no result in store {str(store)!r} is of "
                    f"users' code with this digest; there are: {', '.join(known) or 'none'}"
                )


def _without_digests(settings: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in settings.items() if name != "code_modules"}
    return json.dumps(kept | {"code": [level for level, _ in settings["code"]]}, sort_keys=True)
