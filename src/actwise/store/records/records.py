"""What a training leaves behind, as plain frozen data: the seam between engine, sweep and store."""

import base64
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from .classes import Answers
from .metrics import Metrics, unpack_metrics
from .probes import ProbeRow, unpack_probes

LAST_ONLY = "validation_last"
"""Says of a record that its validation curve is the last epoch's point alone."""
Status = Literal["finished", "diverged", "failed"]


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """One epoch. Accuracies are in percent, losses are means over images (nats).

    ``epoch`` counts from 1. ``train_loss`` and ``train_accuracy`` are the running ones
    (augmented images, dropout on). ``test_accuracy`` and ``test_loss`` are None unless the test
    curve was asked for; nothing is selected on them. ``learning_rate`` is the last step's.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    learning_rate: float
    seconds: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """The result of one run.

    Attributes:
        status: ``finished``; ``diverged`` (a loss was not finite: a result, test_accuracy None);
            ``failed`` (an exception in code, with its ``traceback``).
        test_accuracy: Percent, of the last epoch.
        best_test_accuracy: Percent, optimistic: the best epoch; None without the test curve.
        reestimated_accuracy: Percent: the same with the statistics of norms estimated anew; None
            unless asked for. Nothing is selected on it.
        train_seconds: Time spent training, over all attempts that the result contains.
        images_per_second: Training images per second of ``train_seconds``.
        weights_sha256: SHA-256 of the final weights and buffers (:mod:`actwise.engine.weights`).
        predictions: Predicted class of every test image in canonical order, compressed by
            :func:`.pack_predictions`; None unless finished.
        answers: True classes of these images; None where a store lacks them.
        environment: Where it ran, the numerics fingerprint included (``store.environment``).
        observed: Observations that the record holds: any of test_curve, reestimated, keep_weights,
            probes with their density (:func:`.observed_probes`);
            and ``LAST_ONLY`` where the validation split was judged after the last epoch alone.
        probes: Signal flow (:mod:`.probes`); of a training of the user's own the numbers that it
            gave back (:mod:`.metrics`).
    """

    run_id: str
    status: Status
    epochs: tuple[EpochRecord, ...] = ()
    test_accuracy: float | None = None
    test_loss: float | None = None
    best_test_accuracy: float | None = None
    reestimated_accuracy: float | None = None
    validation_accuracy: float | None = None
    train_accuracy: float | None = None
    train_seconds: float = 0.0
    images_per_second: float | None = None
    weights_sha256: str | None = None
    predictions_sha256: str | None = None
    predictions: bytes | None = None
    answers: Answers | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    observed: tuple[str, ...] = ()
    probes: bytes | None = None
    traceback: str | None = None

    @property
    def metrics(self) -> Metrics:
        """What a training of the user's own gave back; empty of any other.

        Raises:
            StoreError: if it is damaged.
        """
        return unpack_metrics(self.probes)

    @property
    def signal(self) -> tuple[ProbeRow, ...]:
        """Signal flow, where probes were asked for.

        Raises:
            StoreError: if it is damaged.
        """
        return unpack_probes(self.probes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; bytes as base64."""
        values = asdict(self)
        for name in ("predictions", "probes"):
            if values[name] is not None:
                values[name] = base64.b64encode(values[name]).decode("ascii")
        if self.answers is not None:
            packed = base64.b64encode(self.answers.packed).decode("ascii")
            values["answers"] = {"num_classes": self.answers.num_classes, "packed": packed}
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_json`."""
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        for name in ("predictions", "probes"):
            if known.get(name) is not None:
                known[name] = base64.b64decode(known[name])
        if known.get("answers") is not None:
            packed = base64.b64decode(known["answers"]["packed"])
            known["answers"] = Answers(known["answers"]["num_classes"], packed)
        known["epochs"] = tuple(EpochRecord(**epoch) for epoch in known.get("epochs", ()))
        known["observed"] = tuple(known.get("observed", ()))
        return cls(**known)
