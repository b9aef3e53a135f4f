"""Where each pixel of an augmented image comes from.

Flips, crops and shifts move whole rows and columns, so H + W numbers describe an image. Parts
compose these numbers; the engine gathers the pixels once, whatever the number of parts.

Legend: N images, H height, W width.
"""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

PADDING = -1


@dataclass(frozen=True)
class Grid:
    """Source coordinates of the rows and columns of N output images.

    An output pixel is zero (after normalization) where its row or its column is -1, and where its
    row and its column are both cut.

    Attributes:
        rows_NH: int64, the source row of each output row, -1 for padding.
        cols_NW: int64, the same for columns.
        cut_rows_NH: bool, rows of the one rectangle that is cut out of each image.
        cut_cols_NW: bool, its columns.
    """

    rows_NH: Tensor
    cols_NW: Tensor
    cut_rows_NH: Tensor
    cut_cols_NW: Tensor

    @classmethod
    def identity(
        cls, num_images: int, height: int, width: int, *, device: torch.device | str = "cpu"
    ) -> Self:
        """Every pixel from its own place, none cut."""
        return cls(
            rows_NH=torch.arange(height, device=device).expand(num_images, -1),
            cols_NW=torch.arange(width, device=device).expand(num_images, -1),
            cut_rows_NH=torch.zeros(1, 1, dtype=torch.bool, device=device).expand(
                num_images, height
            ),
            cut_cols_NW=torch.zeros(1, 1, dtype=torch.bool, device=device).expand(
                num_images, width
            ),
        )

    def shift(self, down_N: Tensor, right_N: Tensor) -> "Grid":
        """Output pixel (y, x) from (y + down, x + right); padding where that is outside."""
        rows_NH, cut_rows_NH = _shifted(self.rows_NH, self.cut_rows_NH, down_N)
        cols_NW, cut_cols_NW = _shifted(self.cols_NW, self.cut_cols_NW, right_N)
        return Grid(rows_NH, cols_NW, cut_rows_NH, cut_cols_NW)

    def mirror(self, is_flipped_N: Tensor) -> "Grid":
        """Left and right exchanged in the images that ``is_flipped_N`` (bool) marks."""
        is_flipped_N1 = is_flipped_N.unsqueeze(1)
        return replace(
            self,
            cols_NW=torch.where(is_flipped_N1, self.cols_NW.flip(1), self.cols_NW),
            cut_cols_NW=torch.where(is_flipped_N1, self.cut_cols_NW.flip(1), self.cut_cols_NW),
        )

    def cut(self, top_N: Tensor, left_N: Tensor, size: int) -> "Grid":
        """A square of ``size`` pixels cut out, its corner maybe outside; replaces an older cut."""
        return replace(
            self,
            cut_rows_NH=_is_within(top_N, size, self.rows_NH),
            cut_cols_NW=_is_within(left_N, size, self.cols_NW),
        )


def _shifted(source_NL: Tensor, cut_NL: Tensor, by_N: Tensor) -> tuple[Tensor, Tensor]:
    length = source_NL.shape[1]
    wanted_NL = torch.arange(length, device=source_NL.device) + by_N.unsqueeze(1)
    is_inside_NL = (wanted_NL >= 0) & (wanted_NL < length)
    wanted_NL = wanted_NL.clamp(0, length - 1)
    moved_NL = source_NL.gather(1, wanted_NL).masked_fill(~is_inside_NL, PADDING)
    return moved_NL, cut_NL.gather(1, wanted_NL) & is_inside_NL


def _is_within(start_N: Tensor, size: int, like_NL: Tensor) -> Tensor:
    position_NL = torch.arange(like_NL.shape[1], device=like_NL.device) - start_N.unsqueeze(1)
    return (position_NL >= 0) & (position_NL < size)
