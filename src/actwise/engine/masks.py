"""The random bits of dropout, dropconnect and rrelu: one stream a site, filled before a step.

A mask is as large as the activations it covers, so its bits must be cheap. Per 2.1 million values
on one core of an EPYC (numpy 2, torch 2.13, medians of 20): ``bernoulli_`` 21 ms, ``randint`` of
64-bit words viewed as int16 15 ms, raw words of SFC64 viewed as int16 0.8 ms.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..rng import DrawBits, Stochastic, leave_unfilled, move_to, position, stream, stream_seed

_VALUES_PER_WORD = 4
_INT64 = torch.iinfo(torch.int64)


class CpuBits:
    """Uniform int16 from the raw 64-bit words of a site's numpy stream."""

    def __init__(self, seed: int, name: str) -> None:
        self._seed, self._name = seed, name
        self.start_epoch(1)

    def start_epoch(self, epoch: int) -> None:
        self._generator = stream(self._seed, "mask", self._name, epoch)

    def __call__(self, count: int) -> Tensor:
        num_words = -(-count // _VALUES_PER_WORD)
        words = self._generator.bit_generator.random_raw(num_words)
        return torch.from_numpy(words.view(np.int16)[:count])

    def position(self) -> dict[str, Any]:
        return position(self._generator)

    def move_to(self, where: dict[str, Any]) -> None:
        move_to(self._generator, where)


class CudaBits:
    """The same on the device, from one generator of the site's own. Waits for nothing."""

    def __init__(self, seed: int, name: str, *, device: torch.device) -> None:
        self._seed, self._name, self._device = seed, name, device
        self.generator = torch.Generator(device)
        self.start_epoch(1)

    def start_epoch(self, epoch: int) -> None:
        self.generator.manual_seed(stream_seed(self._seed, "mask", self._name, epoch) % 2**63)

    def __call__(self, count: int) -> Tensor:
        words = torch.randint(
            _INT64.min,
            _INT64.max,
            (-(-count // _VALUES_PER_WORD),),
            generator=self.generator,
            device=self._device,
        )
        return words.view(torch.int16)[:count]

    def position(self) -> dict[str, Any]:
        return {"state": self.generator.get_state().tolist()}

    def move_to(self, where: dict[str, Any]) -> None:
        self.generator.set_state(torch.tensor(where["state"], dtype=torch.uint8))


class Masks:
    """Every stochastic module of a model with its stream, by qualified name."""

    def __init__(self, model: nn.Module, *, seed: int, device: torch.device) -> None:
        leave_unfilled(model)
        self._sites: dict[str, Stochastic] = {
            name: module for name, module in model.named_modules() if isinstance(module, Stochastic)
        }
        self._bits: dict[str, CpuBits | CudaBits] = {
            name: CudaBits(seed, name, device=device)
            if device.type == "cuda"
            else CpuBits(seed, name)
            for name in self._sites
        }

    @property
    def generators(self) -> list[torch.Generator]:
        """Those on CUDA, which a captured step must know: it moves them on by itself."""
        return [bits.generator for bits in self._bits.values() if isinstance(bits, CudaBits)]

    def start_epoch(self, epoch: int) -> None:
        """Put every stream at the beginning of an epoch (counted from 1)."""
        for bits in self._bits.values():
            bits.start_epoch(epoch)

    def fill(self, batch_size: int) -> None:
        """Fill the masks of every site for one step."""
        for name, site in self._sites.items():
            draw: DrawBits = self._bits[name]
            site.fill_mask(draw, batch_size)

    def positions(self) -> dict[str, dict[str, Any]]:
        """Where every stream stands, as plain JSON values."""
        return {name: bits.position() for name, bits in self._bits.items()}

    def move_to(self, positions: dict[str, dict[str, Any]]) -> None:
        """Put every stream where :meth:`positions` found it."""
        for name, where in positions.items():
            self._bits[name].move_to(where)
