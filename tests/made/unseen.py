"""A network with calls that an audit cannot look into."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from made.networks import rectified


def scripted(what: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch says it since 2.10
        return torch.jit.script(what)


scripted_relu = scripted(rectified)


class Unseeable(nn.Module):
    """TorchScript, a recurrent cell and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.script = scripted(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
        self.cell = nn.LSTM(4, 4, batch_first=True)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cell(self.script(x))[0]
        x = self.attention(x, x, x)[0]
        return F.relu(self.fc(scripted_relu(x)))
