"""The network of LVT's controlled experiment: residual encoder, batch norm (appendix A.2); in torch only.

Sizes, pooling and auxiliary heads are those of ``models.lvt``, so that the variants differ in nothing else. Batch norm
keeps running statistics, which the definition of a network for inference does not know; it is not meant to leave the
experiment.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.lvt import AUXILIARY_HEADS, CHANNELS
from LiverTumorSegLib.models.ops import LEAK
from LiverTumorSegLib.training.network import PRIOR_LOGIT, Tensors
from LiverTumorSegLib.training.recipe import Norm

_HEADS = "heads."


class VariantNetwork(nn.Module):
    """A 3D U-Net with two convolutions for each level. Same interface as ``TrainableNetwork``.

    residual: each level of the encoder adds its input, projected by a 1x1x1 convolution, to what its convolutions make
    (He et al. 2016). norm: after every convolution.
    """

    def __init__(self, widths: tuple[int, ...], channels: int = len(CHANNELS), *, residual: bool, norm: Norm) -> None:
        super().__init__()
        entries = (1, *widths[:-1])
        self.encoder = nn.ModuleList(
            _Level(entry, width, norm, residual=residual) for entry, width in zip(entries, widths, strict=True)
        )
        self.decoder = nn.ModuleList(
            _Level(width + deeper, width, norm, residual=False) for width, deeper in pairwise(widths)
        )
        self.answer = _head(widths[0], channels)
        self.heads = nn.ModuleList(_head(widths[level], channels) for level in range(1, AUXILIARY_HEADS + 1))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """(b, 1, i, j, k) -> logits (b, channels, ...) at full, 1/2 and 1/4 resolution."""
        skips = []
        for level, encode in enumerate(self.encoder):
            x = encode(functional.max_pool3d(x, 2) if level else x)
            skips.append(x)
        features = []
        for level in reversed(range(len(self.decoder))):
            up = functional.interpolate(x, scale_factor=2, mode="nearest")
            x = self.decoder[level](torch.cat([skips[level], up], 1))
            features.append(x)
        finest_first = features[::-1]
        return [self.answer(x), *(head(finest_first[n]) for n, head in enumerate(self.heads, start=1))]

    def weights(self) -> Tensors:
        """Parameters and running statistics, without the auxiliary heads; no copies."""
        return {name: weight for name, weight in self._all().items() if not name.startswith(_HEADS)}

    def auxiliary_weights(self) -> Tensors:
        """What ``weights`` leaves out."""
        return {name: weight for name, weight in self._all().items() if name.startswith(_HEADS)}

    def load(self, weights: Mapping[str, Any]) -> None:
        """As ``TrainableNetwork.load``."""
        own = self._all()
        wrong = [name for name in self.weights().keys() | weights.keys() if _shape(own, name) != _shape(weights, name)]
        if wrong:
            raise InputError(
                found=f"weights that do not fit the network at {min(wrong)} ({len(wrong)} in all)",
                expected="those of a network of the same widths, channels, norm and blocks",
                remedy="Give weights of such a run, or change the recipe",
            )
        with torch.no_grad():
            for name, weight in weights.items():
                own[name].copy_(torch.as_tensor(weight))

    def _all(self) -> Tensors:
        return {name: weight for name, weight in self.state_dict().items() if weight.is_floating_point()}


class _Level(nn.Module):
    def __init__(self, entry: int, width: int, norm: Norm, *, residual: bool) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv3d(n, width, 3, padding=1, bias=False) for n in (entry, width))
        self.first_norm, self.second_norm = _norm(width, norm), _norm(width, norm)
        self.shortcut = nn.Conv3d(entry, width, 1, bias=False) if residual else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = functional.leaky_relu(self.first_norm(self.first(x)), LEAK)
        inner = self.second_norm(self.second(inner))
        return functional.leaky_relu(inner if self.shortcut is None else inner + self.shortcut(x), LEAK)


def _norm(width: int, norm: Norm) -> nn.Module:
    return nn.BatchNorm3d(width) if norm is Norm.BATCH else nn.InstanceNorm3d(width, affine=True)


def _head(width: int, channels: int) -> nn.Conv3d:
    head = nn.Conv3d(width, channels, 1)
    nn.init.constant_(head.bias, PRIOR_LOGIT)
    return head


def _shape(weights: Mapping[str, Any], name: str) -> tuple[int, ...] | None:
    return tuple(weights[name].shape) if name in weights else None
