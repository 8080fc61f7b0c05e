"""How tests run single operations and networks on each engine that is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from LiverTumorSegLib.engines import EngineChoice, Network, load_network
from LiverTumorSegLib.models.network import KernelShape, NetworkDefinition
from LiverTumorSegLib.settings import Device, Engine, Precision

ENGINES = [
    pytest.param(
        engine,
        id=str(engine),
        marks=pytest.mark.skipif(importlib.util.find_spec(engine) is None, reason=f"{engine} is not installed"),
    )
    for engine in (Engine.OPENVINO, Engine.TORCH)
]


def engine_ops(engine: Engine, what: Callable[..., Any], inputs: Sequence[np.ndarray]) -> np.ndarray:
    """``what(ops, *tensors)`` computed by an engine in fp32."""
    if engine is Engine.TORCH:
        import torch

        from LiverTumorSegLib.engines.torch_engine import TorchOps

        return what(TorchOps(), *(torch.from_numpy(array) for array in inputs)).numpy()
    return _in_openvino(what, inputs)


def _in_openvino(what: Callable[..., Any], inputs: Sequence[np.ndarray]) -> np.ndarray:
    from LiverTumorSegLib.engines.openvino_ops import OpenVinoOps, openvino

    ops, ov = OpenVinoOps(), openvino()
    from openvino import opset13

    entries = [opset13.parameter(list(array.shape), np.float32) for array in inputs]
    model = ov.Model([what(ops, *(entry.output(0) for entry in entries))], entries, "one operation")
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled(list(inputs))[0])


def ready(
    network: NetworkDefinition,
    weights: dict[str, np.ndarray],
    engine: Engine,
    window: tuple[int, int, int],
    precision: Precision = Precision.FP32,
) -> Network:
    """A network on the CPU with one engine."""
    return load_network(network, weights, EngineChoice(engine, Device.CPU, precision), window)


def with_kernels(network: NetworkDefinition, kernels: tuple[KernelShape, ...]) -> NetworkDefinition:
    """The same network with another number of features: small enough for a naive reference."""
    return replace(network, kernels=kernels)


needs_both_engines = pytest.mark.skipif(
    any(importlib.util.find_spec(engine) is None for engine in (Engine.OPENVINO, Engine.TORCH)),
    reason="needs OpenVINO and torch",
)


def dice_with_torch_fp32(
    network: NetworkDefinition, weights: dict[str, np.ndarray], window: np.ndarray
) -> dict[str, float]:
    """Dice at 0.5 of each other engine and precision with torch fp32, which is 1e-5 from float64."""
    size = (window.shape[0], window.shape[1], window.shape[2])
    reference = ready(network, weights, Engine.TORCH, size).run(window) >= 0.5
    share = reference.mean()
    assert 0.02 < share < 0.98, f"the reference mask fills {share:.1%} of the window: too little to compare"
    others = [(Engine.OPENVINO, Precision.FP32), (Engine.OPENVINO, Precision.BF16), (Engine.TORCH, Precision.BF16)]
    return {
        f"{engine} {precision}": dice(ready(network, weights, engine, size, precision).run(window) >= 0.5, reference)
        for engine, precision in others
    }


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Of two masks that are not both empty."""
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))
