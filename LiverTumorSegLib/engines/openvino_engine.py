"""OpenVINO on CPUs: the network's graph is built with its operation set, so there is no conversion and no torch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import ProbabilityArray
from LiverTumorSegLib.engines.choice import EngineChoice
from LiverTumorSegLib.engines.network import AnswerArray, Network, Poll, check_window, keep_going
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import EPSILON, LEAK, Size
from LiverTumorSegLib.settings import Device, Engine, Precision

POLL_MS = 50
_HINT = {Precision.BF16: "bf16", Precision.FP32: "f32"}
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


def has_bf16() -> bool:
    """Whether the CPU has bf16 arithmetic (AVX512_BF16 or AMX)."""
    return "BF16" in openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


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

    def convolution(self, x: Any, kernel: Any, bias: Any, padding: Size) -> Any:
        pads, ones = list(padding), [1, 1, 1]
        product = self._op.convolution(x, kernel, ones, pads, pads, ones)
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

    def _rough_mean(self, x: Any) -> Any:
        none, ones, apart = [0, 0, 0], [1, 1, 1], [_ROUGH_STEP] * 3
        some_voxels = self._op.avg_pool(x, apart, none, none, ones, True)
        return self._op.reduce_mean(some_voxels, self._integers(*_VOXEL_AXES), True)

    def _excess_variance(self, normed: Any) -> Any:
        """Mean square minus 1, summed in blocks first; small numbers all the way, so that bf16 can hold them too.

        Cut off at what rounding explains: a window of almost one value rightly has a variance below 1.
        """
        op, size = self._op, np.array(self.shape(normed)[2:])
        rest = -size % _BLOCK
        blocks, none = [_BLOCK] * 3, [0, 0, 0]
        squares = op.avg_pool(op.multiply(normed, normed), blocks, none, rest.tolist(), blocks, False)
        shares = _shares_inside(size)
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

    def shape(self, x: Any) -> tuple[int, ...]:
        return tuple(x.get_shape())

    def _integers(self, *values: int) -> Any:
        return self._op.constant(np.array(values, np.int64))


def _shares_inside(size: np.ndarray) -> np.ndarray:
    """(1, 1, blocks...): how much of each block of _BLOCK^3 voxels lies inside a grid."""
    along = [np.minimum(_BLOCK, n - _BLOCK * np.arange(-(-n // _BLOCK))) / _BLOCK for n in size]
    return np.einsum("i,j,k->ijk", *along).astype(np.float32)[None, None]


class OpenVinoNetwork(Network):
    """A compiled graph with one request, for single windows: a CPU gains nothing from batches."""

    def __init__(
        self, definition: NetworkDefinition, weights: Mapping[str, np.ndarray], choice: EngineChoice, window_in: Size
    ) -> None:
        self.window_in, self.window_out = window_in, definition.window_out(window_in)
        self._choice = choice
        self._core = openvino().Core()
        graph = _graph(definition, weights, window_in)
        self._compiled = self._core.compile_model(graph, "CPU", _properties(choice))
        self._request = self._compiled.create_infer_request()

    def run(self, window: ProbabilityArray, poll: Poll = keep_going) -> AnswerArray:
        check_window(window.shape, self.window_in)
        entry = np.ascontiguousarray(window, dtype=np.float32)[None, None]
        self._request.start_async([entry], share_inputs=True)
        finished = False
        try:
            while not finished:
                poll()
                finished = self._request.wait_for(POLL_MS)
        finally:
            if not finished:
                self._stop()
        return np.array(self._request.get_output_tensor(0).data[0])

    def _stop(self) -> None:
        """End what is being computed; a request that was cancelled cannot be used again."""
        self._request.cancel()
        self._request = self._compiled.create_infer_request()

    def describe(self) -> dict[str, str | int]:
        return {
            "engine": str(Engine.OPENVINO),
            "version": str(openvino().__version__),
            "precision": str(self._choice.precision),
            "device": str(Device.CPU),
            "processor": str(self._core.get_property("CPU", "FULL_DEVICE_NAME")).strip(),
            "threads": self._choice.threads,
            "window": " x ".join(map(str, self.window_in)),
        }


def _graph(definition: NetworkDefinition, weights: Mapping[str, np.ndarray], window_in: Size) -> Any:
    ops = OpenVinoOps()
    entry = ops.parameter(window_in)
    constants = {name: ops.constant(array) for name, array in weights.items()}
    leave = definition.function(ops, constants, entry.output(0))
    return openvino().Model([leave], [entry], definition.name)


def _properties(choice: EngineChoice) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": _HINT[choice.precision],
        "PERFORMANCE_HINT": "LATENCY",
    }
    if choice.threads:
        properties["INFERENCE_NUM_THREADS"] = choice.threads
    return properties
