"""MA-Net in 3D, written from its paper: T. Fan et al., MA-Net, IEEE Access 8 (2020), 179656-179665.

A U-Net of residual blocks with two kinds of attention: at the coarsest level each voxel also sees all others
(position-wise attention), and where a skip meets the decoder, both together weigh the decoder's channels (multi-scale
fusion attention). The paper describes it for slices; here every kernel is 3D, and norms are instance norms as in
SmoothSegNet's comparison.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

REDUCTION = 16
"""Channels that become one number between the two layers which weigh them."""
KEYS = 8
"""Features of the coarsest level that share one number of a key or query."""


class MaNet(nn.Module):  # type: ignore[misc]
    """(b, 1, i, j, k) -> logits (b, channels, i, j, k); every side a multiple of 2^(levels - 1).

    widths: features of each level, the finest first. dropout: after each block, while training.
    """

    def __init__(self, widths: tuple[int, ...], channels: int, dropout: float) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(_Block(entry, leave, dropout) for entry, leave in pairwise((1, *widths)))
        self.attention = _PositionAttention(widths[-1])
        upwards = [*pairwise(reversed(widths))]
        self.decoder = nn.ModuleList(_FusionAttention(deep, skip, dropout) for deep, skip in upwards)
        self.answer = nn.Conv3d(widths[0], channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips: list[torch.Tensor] = []
        for block in self.encoder:
            x = block(functional.max_pool3d(x, 2) if skips else x)
            skips.append(x)
        x = self.attention(x)
        for fusion, skip in zip(self.decoder, skips[-2::-1], strict=True):
            x = fusion(x, skip)
        return self.answer(x)


def _convolution(entry: int, leave: int, width: int = 3) -> nn.Sequential:
    norm = nn.InstanceNorm3d(leave)
    return nn.Sequential(nn.Conv3d(entry, leave, width, padding=width // 2, bias=False), norm, nn.ReLU())


class _Block(nn.Module):  # type: ignore[misc]
    """Two convolutions, plus what enters them, projected."""

    def __init__(self, entry: int, leave: int, dropout: float) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(_convolution(entry, leave), _convolution(leave, leave))
        self.shortcut = nn.Conv3d(entry, leave, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.convolutions(x) + self.shortcut(x))


class _PositionAttention(nn.Module):  # type: ignore[misc]
    """Every voxel gets a mean of the values of all voxels, weighed by how well its query meets their keys."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.entry = nn.Conv3d(width, width, 3, padding=1)
        self.query, self.key = (nn.Conv3d(width, max(1, width // KEYS), 1) for _ in range(2))
        self.value = nn.Conv3d(width, width, 3, padding=1)
        self.leave = nn.Conv3d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.entry(x)
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=2)
        gathered = (value @ weights.transpose(1, 2)).reshape(x.shape)
        return self.leave(x + gathered)


class _FusionAttention(nn.Module):  # type: ignore[misc]
    """What comes from below is enlarged, weighed by itself and the skip, and joined with the skip."""

    def __init__(self, deep: int, skip: int, dropout: float) -> None:
        super().__init__()
        self.narrow = nn.Sequential(_convolution(deep, deep), _convolution(deep, skip, width=1))
        self.from_deep, self.from_skip = _channel_weights(skip), _channel_weights(skip)
        self.block = nn.Sequential(_convolution(2 * skip, skip), _convolution(skip, skip), nn.Dropout(dropout))

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = functional.interpolate(self.narrow(x), scale_factor=2.0, mode="trilinear", align_corners=False)
        weighed = x * (self.from_deep(x) + self.from_skip(skip))
        return self.block(torch.cat([weighed, skip], 1))


def _channel_weights(width: int) -> nn.Sequential:
    """One number in 0..1 for each channel, from the means of all channels (squeeze and excitation)."""
    few = max(1, width // REDUCTION)
    return nn.Sequential(
        nn.AdaptiveAvgPool3d(1), nn.Conv3d(width, few, 1), nn.ReLU(), nn.Conv3d(few, width, 1), nn.Sigmoid()
    )
