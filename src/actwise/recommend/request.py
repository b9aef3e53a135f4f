"""What a user asks of a race, as a call or a command hands it over."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..store import RunStore, is_there
from ..sweep.plan import RaceKeywords, RunOptions, chosen_options


@dataclass(frozen=True)
class RaceRequest:
    """Fields as the arguments of :func:`.run.recommend`; only a preview does without a store.

    Attributes:
        options: Of the runs.
        is_preview: Nothing will be written.
        started: When its time began, by :func:`time.monotonic`.
    """

    model: str | Path | Mapping[str, Any] | Callable[..., Any]
    data: str | None = None
    store: str | Path | RunStore | None = None
    budget: str | None = None
    candidates: Sequence[str] | None = None
    incumbent: str | None = "relu"
    margin: float | None = None
    epochs: int | None = None
    overrides: Sequence[str] = ()
    artifacts: Path | None = None
    options: RunOptions = field(default_factory=RunOptions)
    is_preview: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def is_new(self) -> bool:
        """Whether the store has yet to be made.

        Raises:
            StoreError: if it cannot be reached, or lacks the folder that is written.
        """
        if isinstance(self.store, RunStore):
            if not self.is_preview:
                self.store.require_folder()
            return False
        return self.store is None or not is_there(
            self.store, artifacts=self.artifacts, is_read=self.is_preview
        )

    def opened(self, *, create: bool = False) -> AbstractContextManager[RunStore]:
        """The store; with ``create`` made if it is missing.

        Raises:
            StoreError: if it cannot be read, or with ``create`` written.
        """
        assert self.store is not None
        if isinstance(self.store, RunStore):
            return nullcontext(self.store)
        return RunStore.open(self.store, create=create, artifacts=self.artifacts)


def run_options(options: Mapping[str, Any]) -> RunOptions:
    """The options of a call.

    Raises:
        SpecError: for one that is not known or not valid.
    """
    chosen = chosen_options("recommend", RaceKeywords, options)
    if chosen.executor == "ray":
        raise SpecError("executor 'ray' is for `run`: a race trains on this machine")
    return chosen
