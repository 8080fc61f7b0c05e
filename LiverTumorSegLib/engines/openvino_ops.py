"""The operations of ``models.ops`` as nodes of OpenVINO's graph."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from LiverTumorSegLib.models.ops import EPSILON, LEAK, VARIANCE_EPSILON, Size

_VOXEL_AXES = (2, 3, 4)
_ROUGH_STEP = 4
"""Every fourth voxel along each axis is enough for a rough mean."""
_BLOCK = 8
"""Edge of the blocks in which squares are added up first."""
_MOST_EXCESS = 0.02


@cache
def openvino() -> ModuleType:
    """The openvino package, imported without its telemetry, which otherwise reports every import to its maker."""
    with _not_importable("openvino_telemetry"):
        import openvino as module
    return module


@contextmanager
def _not_importable(name: str) -> Iterator[None]:
    """An ``import name`` fails inside (None in sys.modules does that); openvino then takes its own empty stand-in."""
    before = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before


class OpenVinoOps:
    """``Ops`` that build a graph; a tensor is the output of a node."""

    def __init__(self) -> None:
        openvino()
        from openvino import opset13

        self._op: Any = opset13

    def constant(self, array: np.ndarray) -> Any:
        return self._op.constant(np.ascontiguousarray(array)).output(0)

    def parameter(self, size: Size) -> Any:
        return self._op.parameter([1, 1, *size], np.float32)

    def convolution(self, x: Any, kernel: Any, bias: Any, padding: Size, stride: int = 1) -> Any:
        pads, ones = list(padding), [1, 1, 1]
        product = self._op.convolution(x, kernel, [stride] * 3, pads, pads, ones)
        if bias is None:
            return product.output(0)
        along_channels = self._op.unsqueeze(bias, self._integers(0, *_VOXEL_AXES))
        return self._op.add(product, along_channels).output(0)

    def norm_act(self, x: Any) -> Any:
        """OpenVINO's norm, made precise; in exact arithmetic both extra steps change nothing.

        It adds up millions of voxels in fp32 one after the other, so that mean and deviation are up to 2e-3 off where a
        window is mostly one value. A rough mean taken away before, and the variance of the result set right after it,
        cost 3 to 6 % of the time and make the networks' fp32 answers 30 times closer to torch's.
        """
        op = self._op
        centered = op.subtract(x, self._rough_mean(x))
        normed = op.mvn(centered, self._integers(*_VOXEL_AXES), True, EPSILON, "outside_sqrt").output(0)
        correction = op.multiply(self._excess_variance(normed), self.constant(np.array([-0.5], np.float32)))
        precise = op.add(normed, op.multiply(normed, correction))
        return op.prelu(precise, self.constant(np.array([LEAK], np.float32))).output(0)

    def norm_relu(self, x: Any) -> Any:
        """Mean and variance summed in blocks of blocks, for the reason above; the epsilon leaves nothing to set right.

        It counts where a window is almost one value, as an image scaled to 0..1 is: the variance then stays below 1.
        """
        op = self._op
        centered = op.subtract(x, self._mean(x)).output(0)
        variance = self._mean(op.multiply(centered, centered).output(0))
        raised = op.add(variance, self.constant(np.array([VARIANCE_EPSILON], np.float32)))
        scale = op.power(raised, self.constant(np.array([-0.5], np.float32)))
        return op.relu(op.multiply(centered, scale)).output(0)

    def _mean(self, x: Any) -> Any:
        """Of each channel; no sum has more than some hundred terms one after the other."""
        sums, factor = x, 1.0
        while max(self.shape(sums)[2:]) > _BLOCK:
            sums, factor = self._block_means(sums), factor * _BLOCK**3
        factor *= math.prod(self.shape(sums)[2:]) / math.prod(self.shape(x)[2:])
        mean = self._op.reduce_mean(sums, self._integers(*_VOXEL_AXES), True)
        return self._op.multiply(mean, self.constant(np.array([factor], np.float32))).output(0)

    def _block_means(self, x: Any) -> Any:
        """Of blocks of _BLOCK^3 voxels, with zeros beyond the grid."""
        rest = -np.array(self.shape(x)[2:]) % _BLOCK
        blocks, none = [_BLOCK] * 3, [0, 0, 0]
        return self._op.avg_pool(x, blocks, none, rest.tolist(), blocks, False).output(0)

    def _rough_mean(self, x: Any) -> Any:
        none, ones, apart = [0, 0, 0], [1, 1, 1], [_ROUGH_STEP] * 3
        some_voxels = self._op.avg_pool(x, apart, none, none, ones, True)
        return self._op.reduce_mean(some_voxels, self._integers(*_VOXEL_AXES), True)

    def _excess_variance(self, normed: Any) -> Any:
        """Mean square minus 1, summed in blocks first; small numbers all the way, so that bf16 can hold them too.

        Cut off at what rounding explains: a window of almost one value rightly has a variance below 1.
        """
        op = self._op
        squares = self._block_means(op.multiply(normed, normed).output(0))
        shares = _shares_inside(np.array(self.shape(normed)[2:]))
        per_block = op.reduce_mean(op.subtract(squares, self.constant(shares)), self._integers(*_VOXEL_AXES), True)
        excess = op.multiply(per_block, self.constant(np.array([1.0 / shares.mean()], np.float32)))
        return op.clamp(excess, -_MOST_EXCESS, _MOST_EXCESS)

    def max_pool(self, x: Any, factor: int) -> Any:
        none, ones, by = [0, 0, 0], [1, 1, 1], [factor] * 3
        return self._op.max_pool(x, by, ones, none, none, by, "floor").output(0)

    def mean_filter(self, x: Any, width: int) -> Any:
        return self._op.avg_pool(x, [1, 1, 1], [0, 0, 0], [0, 0, 0], [width] * 3, True).output(0)

    def repeat(self, x: Any, factor: int) -> Any:
        scales = self.constant(np.array([factor] * 3, np.float32))
        axes = self._integers(*_VOXEL_AXES)
        return self._op.interpolate(
            x, scales, "nearest", "scales", axes=axes, coordinate_transformation_mode="asymmetric", nearest_mode="floor"
        ).output(0)

    def upsample(self, x: Any) -> Any:
        scales = self.constant(np.array([2.0] * 3, np.float32))
        axes = self._integers(*_VOXEL_AXES)
        return self._op.interpolate(
            x, scales, "linear_onnx", "scales", axes=axes, coordinate_transformation_mode="half_pixel"
        ).output(0)

    def crop(self, x: Any, size: Size) -> Any:
        starts = [(n - m) // 2 for n, m in zip(self.shape(x)[2:], size, strict=True)]
        stops = [start + m for start, m in zip(starts, size, strict=True)]
        return self._op.slice(
            x, self._integers(*starts), self._integers(*stops), self._integers(1, 1, 1), self._integers(*_VOXEL_AXES)
        ).output(0)

    def concatenate(self, first: Any, second: Any) -> Any:
        return self._op.concat([first, second], 1).output(0)

    def add(self, first: Any, second: Any) -> Any:
        return self._op.add(first, second).output(0)

    def sigmoid(self, x: Any) -> Any:
        return self._op.sigmoid(x).output(0)

    def softmax(self, x: Any) -> Any:
        return self._op.softmax(x, 1).output(0)

    def module(self, name: str, channels: int, weights: Mapping[str, Any], x: Any) -> Any:
        """OpenVINO's own conversion of the module, joined to this graph."""
        from LiverTumorSegLib.engines.module_runs import exported  # torch and monai, which nothing else here needs

        i, j, k = self.shape(x)[2:]
        arrays = {key: constant.get_node().data for key, constant in weights.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # between two packages, of no use to anyone here
            converted = openvino().convert_model(exported(name, channels, arrays, (i, j, k)))
        converted.inputs[0].replace(x)
        return converted.outputs[0].get_node().input_value(0)

    def shape(self, x: Any) -> tuple[int, ...]:
        return tuple(x.get_shape())

    def _integers(self, *values: int) -> Any:
        return self._op.constant(np.array(values, np.int64))


def _shares_inside(size: np.ndarray) -> np.ndarray:
    """(1, 1, blocks...): how much of each block of _BLOCK^3 voxels lies inside a grid."""
    along = [np.minimum(_BLOCK, n - _BLOCK * np.arange(-(-n // _BLOCK))) / _BLOCK for n in size]
    return np.einsum("i,j,k->ijk", *along).astype(np.float32)[None, None]
