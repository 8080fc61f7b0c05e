"""OpenVINO on CPUs: the network's graph is built with its operation set, so there is no conversion and no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import ProbabilityArray
from LiverTumorSegLib.engines.choice import EngineChoice
from LiverTumorSegLib.engines.network import AnswerArray, Network, Poll, check_window, keep_going
from LiverTumorSegLib.engines.openvino_ops import OpenVinoOps, openvino
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.settings import Device, Engine, Precision

POLL_MS = 50
_HINT = {Precision.BF16: "bf16", Precision.FP32: "f32"}


def has_bf16() -> bool:
    """Whether the CPU has bf16 arithmetic (AVX512_BF16 or AMX)."""
    return "BF16" in openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


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
