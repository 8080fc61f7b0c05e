"""Instance norm for engines that add up millions of voxels one after the other: see docs/decisions/0013."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

_BLOCK = 8
_VOXEL_AXES = (2, 3, 4)


class PreciseNorm(torch.nn.Module):  # type: ignore[misc]
    """What torch's InstanceNorm3d without parameters computes, from means of blocks of blocks of voxels."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, channels, i, j, k) -> the same with mean 0 and variance 1 in each channel of each window."""
        centered = x - _mean(x)
        return centered * torch.rsqrt(_mean(centered * centered) + self.epsilon)


def with_precise_norms(module: torch.nn.Module) -> torch.nn.Module:
    """The module itself, with every InstanceNorm3d in it replaced; weights and their names stay.

    Raises ValueError where one has parameters, which this does not know.
    """
    for name, layer in module.named_children():
        if not isinstance(layer, torch.nn.InstanceNorm3d):
            with_precise_norms(layer)
        elif layer.affine or layer.track_running_stats:
            message = f"{name}: an instance norm with parameters"
            raise ValueError(message)
        else:
            setattr(module, name, PreciseNorm(layer.eps))
    return module


def _mean(x: torch.Tensor) -> torch.Tensor:
    """Of each channel; zeros beyond the grid fill the last blocks, and are not counted."""
    sums, voxels = x, math.prod(x.shape[2:])
    factor = 1.0
    while max(sums.shape[2:]) > _BLOCK:
        i, j, k = (-n % _BLOCK for n in sums.shape[2:])
        sums = functional.avg_pool3d(functional.pad(sums, (0, k, 0, j, 0, i)), _BLOCK)
        factor *= _BLOCK**3
    return sums.mean(_VOXEL_AXES, keepdim=True) * (factor * math.prod(sums.shape[2:]) / voxels)
