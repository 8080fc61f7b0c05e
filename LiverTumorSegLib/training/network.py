"""The network's weights while they are being trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from LiverTumorSegLib.engines.torch_engine import TorchOps
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.lvt import CHANNELS, lvt_auxiliary_kernels, lvt_kernels, lvt_logits
from LiverTumorSegLib.models.ops import EPSILON, LEAK, bias_name, kernel_name

PRIOR_LOGIT = -3.0
"""Of the heads' biases: most voxels are none of the structures, and learning that first wastes steps."""

Tensors = dict[str, torch.Tensor]


class TrainingOps(TorchOps):
    """The same numbers, with a norm that is twice as fast forwards and backwards, and keeps bf16 between layers."""

    def norm_act(self, x: Any) -> Any:
        """One group for each channel; statistics are summed in float32. std + e and sqrt(var + e^2) differ by < e."""
        with torch.autocast(x.device.type, enabled=False):
            return functional.leaky_relu_(functional.group_norm(x, x.shape[1], eps=EPSILON**2), LEAK)


class TrainableNetwork(torch.nn.Module):
    """The LVT network as torch sees it: the same function as in inference, on parameters.

    widths: features of each level. channels: of the answer.
    """

    def __init__(self, widths: tuple[int, ...], channels: int = len(CHANNELS)) -> None:
        super().__init__()
        self._levels = len(widths)
        *inner, answer = lvt_kernels(list(widths), channels)
        heads = [answer, *lvt_auxiliary_kernels(list(widths), channels)]
        self._own = len(inner) + 1
        # ParameterDict does not take names with dots.
        self._parameters_by_name: dict[str, torch.nn.Parameter] = {}
        for number, shape in enumerate([*inner, *heads], start=1):
            is_head = number >= self._own
            deviation = (2.0 / np.prod(shape[1:])) ** 0.5 * (0.1 if is_head else 1.0)
            self._add(kernel_name(number), torch.randn(shape) * float(deviation))
            self._add(bias_name(number), torch.full(shape[:1], PRIOR_LOGIT if is_head else 0.0))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """(b, 1, i, j, k) -> logits (b, channels, ...) at full, 1/2 and 1/4 resolution."""
        logits: list[torch.Tensor] = lvt_logits(TrainingOps(), self._parameters_by_name, x, self._levels)
        return logits

    def weights(self) -> Tensors:
        """Without the auxiliary heads, as inference wants them: names of ``models.ops``, float32; no copies."""
        wanted = [name(number) for number in range(1, self._own + 1) for name in (kernel_name, bias_name)]
        return {name: self._parameters_by_name[name].detach() for name in wanted}

    def auxiliary_weights(self) -> Tensors:
        """What ``weights`` leaves out."""
        own = self.weights()
        return {name: weight.detach() for name, weight in self._parameters_by_name.items() if name not in own}

    def load(self, weights: Mapping[str, Any]) -> None:
        """Take over those of ``weights``, and of the auxiliary heads what is there.

        Arrays or tensors of any precision. Raises InputError, before anything is changed, where one is missing, unknown
        or of another shape.
        """
        found = {name: tuple(weight.shape) for name, weight in weights.items()}
        expected = {name: tuple(weight.shape) for name, weight in self._parameters_by_name.items()}
        needed = self.weights().keys()
        wrong = [name for name in found.keys() | needed if found.get(name) != expected.get(name)]
        if wrong:
            name = min(wrong)
            raise InputError(
                found=f"weights that do not fit the network at {name} ({len(wrong)} in all): "
                f"{found.get(name, 'missing')} for {expected.get(name, 'nothing')}",
                expected="those of a network of the same widths and channels",
                remedy="Give weights of such a run, or change network.widths in the recipe",
            )
        with torch.no_grad():
            for name, weight in weights.items():
                self._parameters_by_name[name].copy_(torch.as_tensor(weight))

    def _add(self, name: str, values: torch.Tensor) -> None:
        parameter = torch.nn.Parameter(values)
        self.register_parameter(name.replace(".", "_"), parameter)
        self._parameters_by_name[name] = parameter
