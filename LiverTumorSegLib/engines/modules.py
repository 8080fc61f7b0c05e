"""Backbones as modules of torch, for training; those that ``models.ops`` does not write also run in this form.

What ``make_module`` makes answers with the logits of the network that ``engines.load_network`` runs with
``weights_of`` it. Needs torch and monai.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.backbones import find_backbone, smallest_window
from LiverTumorSegLib.models.baselines import DROPOUT, VAE_DEVIATION, VAE_LATENT, Architecture, Backbone
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.models.smoothsegnet import BLOCKS_DOWN, BLOCKS_UP, BRANCH, STEP

Tensors = dict[str, torch.Tensor]
_COUNTER = "num_batches_tracked"
"""Of batch norm: how often it was trained; nothing depends on it."""


class StageModule(torch.nn.Module):  # type: ignore[misc]
    """A backbone that answers with logits, in training as in inference, for windows of any legal size.

    backbone: as data; its name is what a card stores. channels: of the answer.
    """

    def __init__(self, backbone: Backbone, channels: int, network: torch.nn.Module) -> None:
        super().__init__()
        self.backbone, self.channels, self.network = backbone, channels, network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, 1, i, j, k), scaled as the stage's facts say -> logits (b, channels, i, j, k)."""
        answer = self.network(x)
        logits: torch.Tensor = answer[0] if isinstance(answer, list) else answer  # U-Net++ has a list of one
        return logits

    def training_forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and a loss of the backbone's own to be added, a scalar: 0 for all but SegResNetVAE."""
        return self(x), x.new_zeros(())


class VaeStageModule(StageModule):
    """SegResNetVAE: training has a second decoder that paints its input anew, from a few noisy numbers."""

    def __init__(self, backbone: Backbone, channels: int, network: torch.nn.Module, window: Size) -> None:
        super().__init__(backbone, channels, network)
        self.window = window

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Without the second decoder; as ``StageModule.forward``."""
        return self._logits(*self.network.encode(x))

    def training_forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and the second decoder's loss: mean square error of its picture, plus the mean square of its numbers.

        Raises InputError for windows of another size than the module was made for: its numbers come from all voxels.
        """
        if tuple(x.shape[2:]) != self.window:
            raise InputError(
                found=f"a window of {tuple(x.shape[2:])} voxels for a SegResNetVAE made for {self.window}",
                expected="training windows of that size",
                remedy="Make the module for the window that is trained with",
            )
        deepest, features = self.network.encode(x)
        loss: torch.Tensor = self.network._get_vae_loss(x, deepest)  # MONAI's forward gives it in train mode only
        return self._logits(deepest, features), loss

    def _logits(self, deepest: torch.Tensor, features: list[torch.Tensor]) -> torch.Tensor:
        logits: torch.Tensor = self.network.decode(deepest, features[::-1])
        return logits


def make_module(
    backbone: str, channels: int, window: Size, *, dropout: float = DROPOUT, init_filters: int | None = None
) -> StageModule:
    """A backbone with new random weights.

    backbone: as in ``models.backbones``. channels: of the answer. window: voxels that it is trained with. init_filters:
    features at full resolution, as a number after the backbone's name says it too; ``module.backbone.name`` has both.
    Raises InputError for an unknown backbone, a window that it cannot take, or without monai.
    """
    known = find_backbone(backbone)
    known = known.with_filters(init_filters) if init_filters else known
    _check_window(known, window)
    network = _network(known, channels, window, dropout)
    if known.has_vae:
        return VaeStageModule(known, channels, network, window)
    return StageModule(known, channels, network)


def weights_of(module: StageModule) -> Tensors:
    """What inference needs, under the names that ``load_network`` takes: no copies, not part of any gradient."""
    return {name: weight.detach() for name, weight in module.network.state_dict().items() if _is_needed(name)}


def load_weights(module: StageModule, weights: Mapping[str, Any]) -> None:
    """Take over ``weights_of`` another such module; what only training needs stays as it is.

    Arrays or tensors of any precision. Raises InputError, before anything is changed, where one is missing, unknown or
    of another shape.
    """
    own = weights_of(module)
    found, expected = shapes_of(weights), shapes_of(own)
    wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    if wrong:
        raise InputError(
            found=f"weights that do not fit {module.backbone.name} with {module.channels} outputs at {wrong[0]} "
            f"({len(wrong)} in all): {found.get(wrong[0], 'missing')} for {expected.get(wrong[0], 'nothing')}",
            expected="those of the same backbone with as many outputs",
            remedy="Give weights of such a network, or change the backbone",
        )
    with torch.no_grad():
        for name, weight in weights.items():
            own[name].copy_(torch.as_tensor(np.array(weight) if isinstance(weight, np.ndarray) else weight))


def _check_window(backbone: Backbone, window: Size) -> None:
    step = 2 * STEP if backbone.has_vae else backbone.step
    smallest = (max(n, step) for n in smallest_window(backbone))
    if any(n < least or n % step for n, least in zip(window, smallest, strict=True)):
        raise InputError(
            found=f"a window of {window} voxels for {backbone.title}",
            expected=f"multiples of {step}, {smallest_window(backbone)} or more",
            remedy="Choose another window",
        )


def _is_needed(name: str) -> bool:
    return not name.startswith(BRANCH) and not name.endswith(_COUNTER)


def shapes_of(weights: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of arrays or tensors."""
    return {name: tuple(weight.shape) for name, weight in weights.items()}


def _network(backbone: Backbone, channels: int, window: Size, dropout: float) -> torch.nn.Module:
    if backbone.architecture is Architecture.MA_NET:
        from LiverTumorSegLib.engines.ma_net import MaNet

        return MaNet(backbone.widths, channels, dropout)
    return _monai_network(backbone, channels, window, dropout)


def _monai_network(backbone: Backbone, channels: int, window: Size, dropout: float) -> Any:
    nets = monai_networks(backbone.title)
    norm, widths = str(backbone.norm), backbone.widths
    if backbone.architecture is Architecture.UNET:
        strides = [2] * (len(widths) - 1)
        units = backbone.residual_units
        return nets.UNet(3, 1, channels, widths, strides, num_res_units=units, norm=norm, dropout=dropout)
    if backbone.architecture is Architecture.NESTED_UNET:
        return nets.BasicUNetPlusPlus(3, 1, channels, widths, norm=norm, dropout=dropout)
    common = {
        "init_filters": widths[0],
        "out_channels": channels,
        "dropout_prob": dropout,
        "norm": norm,
        "blocks_down": BLOCKS_DOWN,
        "blocks_up": BLOCKS_UP,
    }
    if backbone.has_vae:
        return nets.SegResNetVAE(window, False, VAE_DEVIATION, VAE_LATENT, **common)
    return nets.SegResNet(**common)


def monai_networks(wanted_by: str) -> Any:
    """monai.networks.nets. Raises InputError where monai is not installed."""
    try:
        from monai.networks import nets
    except ImportError as error:
        raise InputError(
            found=f"{wanted_by}, but the package monai is not installed",
            expected="monai in this Python environment",
            remedy=f'Run: {sys.executable} -m pip install "livertumorseg[torch]"',
        ) from error
    return nets
