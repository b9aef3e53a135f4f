"""Batches of training images, augmented per image, all on the device.

All geometric parts of a regularization (flip, crop, cutout ...) only say where each output pixel
comes from; the pixels are then gathered once, as uint8, normalized, and set to zero where they are
padding or cut out: zeros after normalization, the channel's mean.

Legend: N images, S batches, B images of a batch, C channels, H height, W width.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import SpecError
from ..regularization import Grid, Part, Regularization
from ..rng import stream
from .device import Device
from .images import Images, Normalizer


@dataclass(frozen=True)
class Batch:
    """Images as the network sees them.

    Attributes:
        x_BCHW: Float32, normalized, augmented, in the device's memory format.
        labels_B: int64.
        mixing: With mixup, the weight (a scalar on the device) of every image's own label; the
            rest is that of the image before it, the last one's for the first.
    """

    x_BCHW: Tensor
    labels_B: Tensor
    mixing: Tensor | None


class TrainingBatches:
    """The batches of one epoch after another.

    An epoch is one permutation (stream "order") cut into floor(N / batch_size) full batches; the
    rest is dropped. The parameters of an epoch's augmentation are drawn at its start (stream
    "augment" of each part), so that a run resumed inside an epoch redraws them and goes on.

    They lie on the device, where they keep their places from epoch to epoch: a batch is picked
    there by its number, which may itself lie on the device, as a captured step needs.
    """

    def __init__(
        self,
        images: Images,
        *,
        normalizer: Normalizer,
        regularization: Regularization,
        batch_size: int,
        seed: int,
        device: Device,
    ) -> None:
        """Prepare the first epoch's draws by :meth:`start_epoch` before asking for a batch.

        Raises:
            SpecError: if there are not enough images for one batch.
        """
        if len(images) < batch_size:
            raise SpecError(
                f"train.batch_size={batch_size} is more than the {len(images)} images trained on; "
                f"an epoch has full batches only: lower it to {len(images)} or less"
            )
        self._images = images
        self._normalizer = normalizer
        self._regularization = regularization
        self._batch_size = batch_size
        self._seed = seed
        self._device = device
        self._num_batches = len(images) // batch_size
        self._order_SB: Tensor | None = None
        self._drawn: dict[str, Tensor] = {}
        self._mixing_S: Tensor | None = None

    def __len__(self) -> int:
        return self._num_batches

    def start_epoch(self, epoch: int) -> None:
        """Draw the order, and every part's parameters, of an epoch counted from 1."""
        used = self._num_batches * self._batch_size
        order_N = stream(self._seed, "order", epoch=epoch).permutation(len(self._images))
        order_N = self._images.indices_M.cpu().numpy()[order_N[:used]]
        self._order_SB = self._placed(self._order_SB, self._by_batch(order_N))
        image_shape = tuple(self._images.images_NCHW.shape[1:])
        for part in self._regularization.parts:
            draws = stream(self._seed, "augment", part.name, epoch)
            drawn_N = part.draw(draws, used, image_shape)
            if drawn_N is not None:
                place = self._drawn.get(part.name)
                self._drawn[part.name] = self._placed(place, self._by_batch(drawn_N))
        alpha = self._regularization.mixup_alpha
        if alpha:
            weights_S = stream(self._seed, "augment", "mixup", epoch).beta(
                alpha, alpha, size=self._num_batches
            )
            self._mixing_S = self._placed(self._mixing_S, torch.from_numpy(weights_S).float())

    def batch(self, number: int | Tensor) -> Batch:
        """Batch ``number`` (from 0; or int64 of shape (1,) on the device) of the epoch.

        Waits for nothing.
        """
        if isinstance(number, int):
            number = torch.tensor([number], device=self._device.torch_device)
        assert self._order_SB is not None, "start_epoch comes first"
        indices_B = self._order_SB.index_select(0, number)[0]
        drawn = [
            (part, self._drawn[part.name].index_select(0, number)[0])
            for part in self._regularization.parts
            if part.name in self._drawn
        ]
        x_BCHW = self._augmented(indices_B, drawn)
        mixing = None if self._mixing_S is None else self._mixing_S.index_select(0, number)[0]
        if mixing is not None:
            x_BCHW = torch.lerp(x_BCHW.roll(1, dims=0), x_BCHW, mixing)
        x_BCHW = x_BCHW.to(memory_format=self._device.torch_memory_format)
        return Batch(x_BCHW, self._images.labels_N[indices_B], mixing)

    def _by_batch(self, values_N: np.ndarray[Any, Any]) -> Tensor:
        """What was drawn for every image, one row a batch: (S, B, ...)."""
        shape = (self._num_batches, self._batch_size, *values_N.shape[1:])
        return torch.from_numpy(values_N).view(shape)

    def _placed(self, place: Tensor | None, values: Tensor) -> Tensor:
        """``values`` on the device, in their old place if they have one."""
        return values.to(self._device.torch_device) if place is None else place.copy_(values)

    def _augmented(self, indices_B: Tensor, drawn: list[tuple[Part, Tensor]]) -> Tensor:
        pixels_BCHW = self._images.images_NCHW[indices_B]
        if not drawn:
            return self._normalizer(pixels_BCHW)
        batch_size, _, height, width = pixels_BCHW.shape
        grid = Grid.identity(batch_size, height, width, device=self._device.torch_device)
        for part, parameters in drawn:
            grid = part.sample(grid, parameters)
        x_BCHW = self._normalizer(_gather(pixels_BCHW, grid)).mul_(_visible(grid))
        for part, parameters in drawn:
            x_BCHW = part.transform(x_BCHW, parameters)
        return x_BCHW


def _gather(pixels_BCHW: Tensor, grid: Grid) -> Tensor:
    """The pixels that a grid names; where it names none, any."""
    batch_size, channels, height, width = pixels_BCHW.shape
    rows_BH1, cols_B1W = grid.rows_NH.unsqueeze(2).clamp(min=0), grid.cols_NW.unsqueeze(1)
    source_BHW = rows_BH1 * width + cols_B1W.clamp(min=0)
    source_BCP = source_BHW.view(batch_size, 1, -1).expand(-1, channels, -1)
    gathered_BCP = pixels_BCHW.view(batch_size, channels, -1).gather(2, source_BCP)
    return gathered_BCP.view(batch_size, channels, height, width)


def _visible(grid: Grid) -> Tensor:
    """False where an output pixel is padding or cut out: (B, 1, H, W)."""
    inside_BHW = (grid.rows_NH >= 0).unsqueeze(2) & (grid.cols_NW >= 0).unsqueeze(1)
    cut_BHW = grid.cut_rows_NH.unsqueeze(2) & grid.cut_cols_NW.unsqueeze(1)
    return (inside_BHW & ~cut_BHW).unsqueeze(1)
