"""The measurement: one pass over the probe set, forward and backward, in evaluation mode."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ActwiseError, SpecError
from ..signs import tell
from ..surgery import (
    Audit,
    DoesNotRunError,
    Site,
    as_audit,
    as_site,
    call_model,
    left_as_it_was,
    record,
    refuse_unready,
    site_names,
    tensors,
    uncompiled,
    with_tensors,
)
from ..surgery.finding import FoundSite
from ..usercode import describe_fault
from .findings import findings
from .probe_set import Loss, ProbeBatch, ProbeSet, objective
from .rows import norm_row, site_rows, sum_row
from .signal_report import LEAST_VALUES, GradientOf, SignalReport
from .watch import Watch

_AUDITED = 2
"""Images that an audit runs on, if the first batch has as many."""


def measure(
    model: nn.Module,
    images: Any,
    labels: Any = None,
    *,
    batch_size: int | None = None,
    loss: Loss | None = None,
) -> SignalReport:
    """As :func:`.diagnose`, without a second accuracy where batch norm is shifted."""
    _refuse_lacking(model)
    model = getattr(model, "_orig_mod", model)
    # A DataLoader draws random numbers too.
    with torch.inference_mode(mode=False), left_as_it_was(model):
        probes = ProbeSet(images, labels, batch_size, has_loss=loss is not None)
        recording = record(model, _beginning(probes))
        names = site_names(recording)
        # Now, since the passes below count calls of these same sites.
        known = {found: as_site(found, names[found], recording) for found in names}
        audit = as_audit(recording)
        pass_ = _Pass(Watch(recording), loss)
        with torch.enable_grad(), uncompiled():
            model.eval()
            for batch in probes:
                pass_.add(batch)
        report = pass_.report(audit, known)
    return replace(report, findings=findings(report))


def accuracy_of(
    model: nn.Module, images: Any, labels: Any, *, batch_size: int | None
) -> float | None:
    """The accuracy that :func:`measure` has, in percent, and nothing else."""
    num_right = num_labels = 0
    with left_as_it_was(model), torch.inference_mode(mode=False), torch.no_grad(), uncompiled():
        model.eval()
        for batch in ProbeSet(images, labels, batch_size):
            _, _, right, count = objective(call_model(model, batch.example), batch)
            num_right += right
            num_labels += count
    return 100 * num_right / num_labels if num_labels else None


class _Pass:
    """The pass over all batches."""

    def __init__(self, watch: Watch, loss: Loss | None) -> None:
        self.watch = watch
        self.loss = loss
        self.num_images = 0
        self.num_right = self.num_labels = 0
        self.loss_sum = 0.0
        self.has_loss = False
        self.num_outputs = self.num_nonfinite = 0
        self.gradient_of: GradientOf | None = None
        self.warnings: dict[str, None] = {}

    def add(self, batch: ProbeBatch) -> None:
        """One batch, forward and backward."""
        watch = self.watch
        watch.begin(batch.size)
        # Hooks and in-place functions see no leaf.
        example = with_tensors(batch.example, _with_gradient)
        name = type(watch.model).__name__
        try:
            with watch.watching("eval", example):
                out = call_model(watch.model, example)
                watch.returned(out)
        except ActwiseError:
            raise
        except Exception as error:
            fault = describe_fault(error)
            raise DoesNotRunError(f"{name} in eval mode raised {fault} on {batch}") from error
        self.num_images += batch.size
        tell("measured", self.num_images)
        for values in tensors(out):
            self.num_outputs += values.numel()
            self.num_nonfinite += int((~values.isfinite()).sum())
        value, of, num_right, num_labels = objective(out, batch, self.loss)
        self.num_right += num_right
        self.num_labels += num_labels
        if value is not None and of in ("cross-entropy", "loss"):
            self.has_loss = True
            self.loss_sum += value.detach().double().item()
        if value is None or not watch.edges or not value.requires_grad:
            self._without_gradient("no gradient leads from what the model returns to its sites")
            return
        try:
            edges = [edge.edge for edge in watch.edges]
            watch.add_gradients(torch.autograd.grad(value, edges, allow_unused=True))
            self.gradient_of = of
        except Exception as error:  # such as of checkpoints that refuse it
            self._without_gradient(f"gradients are left out: {describe_fault(error)}")

    def report(self, audit: Audit, known: dict[FoundSite, Site]) -> SignalReport:
        """What was summed, as data; ``known`` are the sites of the audit."""
        watch = self.watch
        names = site_names(watch)  # of those too that the audit's images did not reach
        sites = [
            (known.get(found) or as_site(found, names[found], watch), sums)
            for found, sums in watch.sites.items()
        ]
        measured = [(site, sums) for site, sums in sites if sums.parts]
        if not measured:
            raise SpecError(_nothing(audit, [sums.fault for _, sums in sites]))
        faults = [f"{site.name}: {sums.fault}" for site, sums in sites if sums.fault]
        seen = {site.name for site, _ in sites}
        norms = tuple(norm_row(*pair) for pair in watch.norms.items())
        if any(norm.is_fitted and norm.values < LEAST_VALUES for norm in norms):
            faults.append(f"the shift of batch norm: it takes {LEAST_VALUES} values a channel")
        return SignalReport(
            model=type(watch.model).__name__,
            images=self.num_images,
            gradient_of=self.gradient_of,
            loss=self.loss_sum / self.num_images if self.has_loss else None,
            accuracy=100 * self.num_right / self.num_labels if self.num_labels else None,
            outputs=self.num_outputs,
            nonfinite_outputs=self.num_nonfinite,
            sites=site_rows(measured),
            norms=norms,
            sums=tuple(sum_row(*pair) for pair in watch.additions.items()),
            not_run=tuple(site.name for site in audit if site.name not in seen),
            unseen=tuple(map(str, audit.unseen)),
            warnings=(*audit.warnings, *self.warnings, *faults),
        )

    def _without_gradient(self, why: str) -> None:
        self.warnings[why] = None
        for sums in self.watch.sites.values():
            sums.has_gradient = False


def _nothing(audit: Audit, faults: list[str]) -> str:
    why = f": {faults[0]}" if faults else "; `aw.audit` lists what can be"
    unseen = f" (unseen: {'; '.join(map(str, audit.unseen))})" if audit.unseen else ""
    return f"{audit.model} computes no activation that can be measured{unseen}{why}"


def _refuse_lacking(model: Any) -> None:
    """A model without values has no signal."""
    refuse_unready(model)
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if value.is_meta:
            raise SpecError(f"{name} is on the meta device, where nothing has a value")


def _beginning(probes: ProbeSet) -> Any:
    """A few images, for an audit."""
    example = probes.beginning(_AUDITED)
    for tensor in tensors(example):
        if tensor.is_complex():
            raise SpecError(f"images are {tensor.dtype}".replace("torch.", "") + "; expected reals")
    return example


def _with_gradient(image: Tensor) -> Tensor:
    """The same images, from which gradients are wanted; no leaf."""
    image = image.clone() if image.is_inference() else image.detach()
    return image.requires_grad_().clone() if image.is_floating_point() else image
