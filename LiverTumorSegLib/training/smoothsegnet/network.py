"""The network of a stage while it is trained: any backbone, with the interface of ``training.network``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from LiverTumorSegLib.engines.modules import load_weights, make_module, weights_of
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.training.network import Tensors


class StageNetwork(torch.nn.Module):
    """backbone: as in ``models.backbones``. patch: voxels that it is trained with. dropout: share, while it is trained.

    Raises InputError for an unknown backbone or a patch that it cannot take.
    """

    def __init__(self, backbone: str, channels: int, patch: Size, dropout: float) -> None:
        super().__init__()
        self.module = make_module(backbone, channels, patch, dropout=dropout)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """(b, 1, i, j, k) -> logits (b, channels, i, j, k), in a list of one."""
        return [self.module(x)]

    def with_own_loss(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and in training mode the backbone's own loss (a VAE's); 0 for others and in evaluation."""
        if self.training:
            logits, loss = self.module.training_forward(x)
            return logits, loss
        return self.module(x), x.new_zeros(())

    def weights(self) -> Tensors:
        """What inference needs, under the names that it takes; no copies."""
        return weights_of(self.module)

    def auxiliary_weights(self) -> Tensors:
        """What ``weights`` leaves out: those of a VAE's second decoder."""
        own, state = self.weights(), self.module.network.state_dict()
        return {name: one.detach() for name, one in state.items() if name not in own and one.is_floating_point()}

    def load(self, weights: Mapping[str, Any]) -> None:
        """Take over those of ``weights``, and of ``auxiliary_weights`` what is there and fits.

        Raises InputError, before anything is changed, where one of ``weights`` is missing, unknown or of another shape.
        """
        extra = self.auxiliary_weights()
        load_weights(self.module, {name: one for name, one in weights.items() if name not in extra})
        with torch.no_grad():
            for name in extra.keys() & weights.keys():
                if extra[name].shape == torch.as_tensor(weights[name]).shape:  # a VAE's depend on the patch
                    extra[name].copy_(torch.as_tensor(weights[name]))
