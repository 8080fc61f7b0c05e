"""torch: for GPUs, and for CPUs where OpenVINO is missing."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from LiverTumorSegLib.arrays import ProbabilityArray
from LiverTumorSegLib.engines.choice import EngineChoice
from LiverTumorSegLib.engines.network import (
    AnswerArray,
    AnswersArray,
    Network,
    Poll,
    WindowsArray,
    check_window,
    keep_going,
)
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import EPSILON, LEAK, VARIANCE_EPSILON, Size
from LiverTumorSegLib.settings import Device, Engine, Precision

_VOXEL_AXES = (2, 3, 4)
_MOST_VOXELS = 6_500_000
"""Of all windows of a batch on a GPU: what the largest single window (of the lesion network) has."""


def available_gpus() -> list[Device]:
    """Devices other than the CPU that this torch can use, best first."""
    gpus = [Device.CUDA] if torch.cuda.is_available() else []
    return [*gpus, Device.MPS] if torch.backends.mps.is_available() else gpus


def has_bf16(device: Device) -> bool:
    """Whether bf16 is arithmetic of the hardware there, not an emulation. Not used on MPS (untested)."""
    if device is Device.CUDA:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device is Device.MPS:
        return False
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # absent in older torch: fp32 then
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


class TorchOps:
    """``Ops`` that compute at once. poll is called before each convolution, so that a window can be stopped."""

    def __init__(self, poll: Poll = keep_going) -> None:
        self._poll = poll

    def convolution(self, x: Any, kernel: Any, bias: Any, padding: Size, stride: int = 1) -> Any:
        self._poll()
        return functional.conv3d(x, kernel, bias, stride=stride, padding=padding)

    def norm_act(self, x: Any) -> Any:
        """In fp32 whatever the convolutions' precision: statistics over millions of voxels need it."""
        x = x.float()
        std, mean = torch.std_mean(x, _VOXEL_AXES, correction=0, keepdim=True)
        return functional.leaky_relu_((x - mean).div_(std + EPSILON), LEAK)

    def norm_relu(self, x: Any) -> Any:
        """One group for each channel, in fp32 as above."""
        with torch.autocast(x.device.type, enabled=False):
            return functional.relu_(functional.group_norm(x.float(), x.shape[1], eps=VARIANCE_EPSILON))

    def max_pool(self, x: Any, factor: int) -> Any:
        return functional.max_pool3d(x, factor)

    def mean_filter(self, x: Any, width: int) -> Any:
        return functional.avg_pool3d(x, width, stride=1)

    def repeat(self, x: Any, factor: int) -> Any:
        for axis in _VOXEL_AXES:
            x = x.repeat_interleave(factor, axis)
        return x

    def upsample(self, x: Any) -> Any:
        return functional.interpolate(x, scale_factor=2.0, mode="trilinear", align_corners=False)

    def crop(self, x: Any, size: Size) -> Any:
        for axis, m in zip(_VOXEL_AXES, size, strict=True):
            x = x.narrow(axis, (x.shape[axis] - m) // 2, m)
        return x

    def concatenate(self, first: Any, second: Any) -> Any:
        return torch.cat([first, second], 1)

    def add(self, first: Any, second: Any) -> Any:
        return first + second

    def sigmoid(self, x: Any) -> Any:
        return torch.sigmoid(x.float())

    def softmax(self, x: Any) -> Any:
        return torch.softmax(x.float(), 1)

    def module(self, name: str, channels: int, weights: Mapping[str, Any], x: Any) -> Any:
        from LiverTumorSegLib.engines.module_runs import run_module  # needs monai, which nothing else here does

        return run_module(name, channels, weights, x, self._poll)

    def shape(self, x: Any) -> tuple[int, ...]:
        return tuple(x.shape)


class TorchNetwork(Network):
    """Weights on a device; see ``engines.network.Network``."""

    def __init__(
        self, definition: NetworkDefinition, weights: Mapping[str, np.ndarray], choice: EngineChoice, window_in: Size
    ) -> None:
        self.window_in, self.window_out = window_in, definition.window_out(window_in)
        self.batch = 1 if choice.device is Device.CPU else max(1, _MOST_VOXELS // math.prod(window_in))
        self._function, self._choice = definition.function, choice
        if choice.threads:
            torch.set_num_threads(choice.threads)
        self._weights = {name: torch.tensor(array, device=choice.device) for name, array in weights.items()}

    def run(self, window: ProbabilityArray, poll: Poll = keep_going) -> AnswerArray:
        answer: AnswerArray = self.run_batch(window[None], poll)[0]
        return answer

    def run_batch(self, windows: WindowsArray, poll: Poll = keep_going) -> AnswersArray:
        check_window(windows.shape[1:], self.window_in)
        entry = torch.from_numpy(np.array(windows, dtype=np.float32)[:, None]).to(self._choice.device)
        try:
            with torch.inference_mode(), self._autocast():
                leave = self._function(TorchOps(poll), self._weights, entry)
                return np.asarray(leave.cpu().numpy())
        except torch.cuda.OutOfMemoryError as error:
            raise InputError(
                found=f"too little free GPU memory for {len(windows)} window(s) of {self.window_in} voxels",
                expected="about 6 GiB free on the GPU",
                remedy="Close other programs that use it, or use --device cpu",
            ) from error

    def describe(self) -> dict[str, str | int]:
        return {
            "engine": str(Engine.TORCH),
            "version": str(torch.__version__),
            "precision": str(self._choice.precision),
            "device": str(self._choice.device),
            "processor": _processor(self._choice.device),
            "threads": self._choice.threads,
            "window": " x ".join(map(str, self.window_in)),
        }

    def _autocast(self) -> Any:
        wanted = self._choice.precision is Precision.BF16
        return torch.autocast(str(self._choice.device), dtype=torch.bfloat16, enabled=wanted)


def _processor(device: Device) -> str:
    return str(torch.cuda.get_device_name()) if device is Device.CUDA else platform.processor() or platform.machine()
