"""Batches of training images, augmented per image, all on the device.

All geometric parts of a regularization (flip, crop, cutout ...) only say where each output pixel
comes from; the pixels are then gathered once, as uint8, normalized, and set to zero where they are
padding or cut out: zeros after normalization, the channel's mean.

Legend: N images, B images of a batch, C channels, H height, W width.
"""

from dataclasses import dataclass

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
                "an epoch has full batches only"
            )
        self._images = images
        self._normalizer = normalizer
        self._regularization = regularization
        self._batch_size = batch_size
        self._seed = seed
        self._device = device
        self._num_batches = len(images) // batch_size
        self._order_N = images.indices_M
        self._drawn: list[tuple[Part, Tensor]] = []
        self._mixing: Tensor | None = None

    def __len__(self) -> int:
        return self._num_batches

    def start_epoch(self, epoch: int) -> None:
        """Draw the order, and every part's parameters, of an epoch counted from 1."""
        to = self._device.torch_device
        order_N = stream(self._seed, "order", epoch=epoch).permutation(len(self._images))
        self._order_N = self._images.indices_M[torch.from_numpy(order_N).to(to)]
        num_images = self._num_batches * self._batch_size
        image_shape = tuple(self._images.images_NCHW.shape[1:])
        self._drawn = []
        for part in self._regularization.parts:
            draws = stream(self._seed, "augment", part.name, epoch)
            drawn_N = part.draw(draws, num_images, image_shape)
            if drawn_N is not None:
                self._drawn.append((part, torch.from_numpy(drawn_N).to(to)))
        alpha = self._regularization.mixup_alpha
        if alpha:
            weights = stream(self._seed, "augment", "mixup", epoch).beta(
                alpha, alpha, size=self._num_batches
            )
            self._mixing = torch.from_numpy(weights).float().to(to)

    def batch(self, number: int) -> Batch:
        """Batch ``number`` (from 0) of the epoch. Waits for nothing."""
        here = slice(number * self._batch_size, (number + 1) * self._batch_size)
        indices_B = self._order_N[here]
        drawn = [(part, drawn_N[here]) for part, drawn_N in self._drawn]
        x_BCHW = self._augmented(indices_B, drawn)
        mixing = None if self._mixing is None else self._mixing[number]
        if mixing is not None:
            x_BCHW = torch.lerp(x_BCHW.roll(1, dims=0), x_BCHW, mixing)
        x_BCHW = x_BCHW.to(memory_format=self._device.torch_memory_format)
        return Batch(x_BCHW, self._images.labels_N[indices_B], mixing)

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
