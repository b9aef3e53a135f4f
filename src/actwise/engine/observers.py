"""Who may look at a run while it trains."""

from typing import Protocol

from torch import nn

from ..store.records import EpochRecord


class Observer(Protocol):
    """Looks at the model between epochs and changes nothing.

    An observer may put the model into evaluation mode and use torch's global generator (both are
    set again before the next epoch), but must leave weights, buffers and gradients as they are:
    a run with observers ends at the same weights as one without.
    """

    def on_epoch_end(self, model: nn.Module, record: EpochRecord) -> None:
        """Called after every finished epoch, in order; after a resume from the next one on."""
        ...
