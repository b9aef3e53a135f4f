"""The loops that people write around a network, which the engine and the study are held against.

Bare: eager, every batch ready in memory. Loader: the same steps on a DataLoader whose images pass
one by one through RandomCrop(32, padding=4), RandomHorizontalFlip, ToTensor and Normalize, written
as torchvision 0.2x does them on Pillow's images (torchvision itself cannot be imported beside the
CPU build of torch). Both flush denormal numbers and draw dropout by ``nn.Dropout``.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from actwise import regularization
from actwise.spec import RunSpec
from benchmarks.engine.cells import BATCH_SIZE, INPUT_SHAPE, NUM_CLASSES, make_model

NUM_PREPARED_BATCHES = 16
CROP_SIZE, CROP_PADDING = 32, 4
MEAN_C, STD_C = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)

Step = Callable[[Tensor, Tensor], None]
Batches = Iterator[tuple[Tensor, Tensor]]


def make_step(
    spec: RunSpec, layout: torch.memory_format, *, device: torch.device | str = "cpu"
) -> Step:
    """One step of the loop on a network of its own, in training mode."""
    torch.set_flush_denormal(True)
    model = _with_torch_dropout(make_model(spec)).to(device)
    model.to(memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=spec.train.learning_rate,
        momentum=spec.train.momentum,
        weight_decay=spec.train.weight_decay,
    )
    model.train()

    def step(x_NCHW: Tensor, labels_N: Tensor) -> None:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x_NCHW.to(memory_format=layout)), labels_N)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def memory_batches(layout: torch.memory_format) -> Batches:
    """Sixteen batches of noise, in their layout already, over and over."""
    prepared = [
        (
            torch.randn(BATCH_SIZE, *INPUT_SHAPE).to(memory_format=layout),
            torch.randint(0, NUM_CLASSES, (BATCH_SIZE,)),
        )
        for _ in range(NUM_PREPARED_BATCHES)
    ]
    while True:
        yield from prepared


def loader_batches(num_images: int, *, num_workers: int, pin_memory: bool = False) -> Batches:
    """One epoch after another of shuffled, full batches from a DataLoader."""
    loader = DataLoader(
        NoiseImages(num_images),
        batch_size=BATCH_SIZE,
        shuffle=True,
        drop_last=True,
        num_workers=num_workers,
        pin_memory=pin_memory,
    )
    while True:
        yield from loader


class NoiseImages(Dataset[tuple[Tensor, int]]):
    """Images as torchvision's CIFAR10 keeps them: an array of bytes, a Pillow image on demand."""

    def __init__(self, num_images: int) -> None:
        channels, height, width = INPUT_SHAPE
        draws = np.random.default_rng(0)
        shape = (num_images, height, width, channels)
        self._images_NHWC = draws.integers(0, 256, shape, dtype=np.uint8)
        self._labels = draws.integers(0, NUM_CLASSES, num_images).tolist()

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self._images_NHWC[index])
        x_CHW = _normalize(_to_tensor(_random_flip(_random_crop(image))))
        return x_CHW, self._labels[index]


def _random_crop(image: Image.Image) -> Image.Image:
    padded = ImageOps.expand(image, border=CROP_PADDING, fill=0)
    last = padded.width - CROP_SIZE + 1
    top = int(torch.randint(0, last, size=(1,)).item())
    left = int(torch.randint(0, last, size=(1,)).item())
    return padded.crop((left, top, left + CROP_SIZE, top + CROP_SIZE))


def _random_flip(image: Image.Image) -> Image.Image:
    if torch.rand(1) < 0.5:
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image


def _to_tensor(image: Image.Image) -> Tensor:
    pixels_HWC = torch.from_numpy(np.array(image, copy=True))
    return pixels_HWC.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


def _normalize(x_CHW: Tensor) -> Tensor:
    mean_C11 = torch.as_tensor(MEAN_C).view(-1, 1, 1)
    std_C11 = torch.as_tensor(STD_C).view(-1, 1, 1)
    return x_CHW.clone().sub_(mean_C11).div_(std_C11)


def _with_torch_dropout(model: nn.Module) -> nn.Module:
    """The same network with ``nn.Dropout`` at its dropout sites."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, regularization.Dropout):
                setattr(module, name, nn.Dropout(child.rate))
    return model
