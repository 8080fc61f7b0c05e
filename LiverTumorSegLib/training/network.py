"""The network's weights while they are being trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from LiverTumorSegLib.engines.torch_engine import TorchOps
from LiverTumorSegLib.models.lvt import lvt_auxiliary_kernels, lvt_kernels, lvt_logits
from LiverTumorSegLib.models.ops import bias_name, kernel_name

_PRIOR_LOGIT = -3.0
"""Of the heads' biases: most voxels are none of the structures, and learning that first wastes steps."""


class TrainableNetwork(torch.nn.Module):
    """The LVT network as torch sees it: the same function as in inference, on parameters."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self._levels = len(widths)
        kernels = [*lvt_kernels(list(widths)), *lvt_auxiliary_kernels(list(widths))]
        self._own = len(lvt_kernels(list(widths)))
        # ParameterDict does not take names with dots.
        self._parameters_by_name: dict[str, torch.nn.Parameter] = {}
        for number, shape in enumerate(kernels, start=1):
            is_head = number >= self._own
            deviation = (2.0 / np.prod(shape[1:])) ** 0.5 * (0.1 if is_head else 1.0)
            self._add(kernel_name(number), torch.randn(shape) * float(deviation))
            self._add(bias_name(number), torch.full(shape[:1], _PRIOR_LOGIT if is_head else 0.0))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """(1, 1, i, j, k) -> logits (1, 3, ...) at full, 1/2 and 1/4 resolution."""
        logits: list[torch.Tensor] = lvt_logits(TorchOps(), self._parameters_by_name, x, self._levels)
        return logits

    def weights(self) -> dict[str, np.ndarray]:
        """Without the auxiliary heads, as inference wants them: names of ``models.ops``, float32."""
        wanted = [name(number) for number in range(1, self._own + 1) for name in (kernel_name, bias_name)]
        return {name: self._parameters_by_name[name].detach().cpu().numpy().copy() for name in wanted}

    def load(self, weights: Mapping[str, Any]) -> None:
        """Start from weights of the same widths. Raises KeyError where one is missing."""
        with torch.no_grad():
            for name, parameter in self._parameters_by_name.items():
                if name in weights:
                    parameter.copy_(torch.as_tensor(np.asarray(weights[name])))

    def _add(self, name: str, values: torch.Tensor) -> None:
        parameter = torch.nn.Parameter(values)
        self.register_parameter(name.replace(".", "_"), parameter)
        self._parameters_by_name[name] = parameter
