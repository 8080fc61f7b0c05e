"""A network as data: what it computes, on which grid, and which window sizes it can take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import HuArray, ProbabilityArray, Vector
from LiverTumorSegLib.models.ops import NetworkFunction, Size, bias_name, kernel_name

KernelShape = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class NamedWeights:
    """Weights under names of their own, not as numbered convolutions.

    shapes: name -> shape. channels: of the network's answer. module: what ``engines.modules`` calls the network, if it
    exists as a module of torch only; its shapes are known there, and empty here.
    """

    channels: int
    shapes: Mapping[str, tuple[int, ...]]
    module: str = ""


@dataclass(frozen=True)
class NetworkDefinition:
    """One network of a model.

    name: of its weights file in the registry. kernels: shapes (out, in, i, j, k) of its convolutions in order; none
    where ``named`` tells its weights. spacing_mm: of the grid it was trained on, whose axes run to the patient's right,
    front and head; None where whoever runs it chooses grid and axes. hu_range: clipped to it, then mapped to scaled_to.
    trained_window: voxels in. margin: what a window loses on each side. Windows are legal at ``smallest`` plus
    multiples of ``step``: other sizes would shift or misalign the levels.
    """

    name: str
    function: NetworkFunction
    kernels: tuple[KernelShape, ...]
    spacing_mm: Vector | None
    hu_range: tuple[float, float]
    trained_window: Size
    margin: Size
    smallest: Size
    step: Size
    scaled_to: tuple[float, float] = (-0.5, 0.5)
    named: NamedWeights | None = None

    @property
    def channels(self) -> int:
        """Of the answer: the last convolution makes them."""
        return self.named.channels if self.named else self.kernels[-1][0]

    @property
    def grid_mm(self) -> Vector:
        """spacing_mm of a network that has a grid of its own. Raises ValueError for one that has none."""
        if self.spacing_mm is None:
            message = f"{self.name} runs on the CT's own voxels"
            raise ValueError(message)
        return self.spacing_mm

    def window_out(self, window_in: Size) -> Size:
        """Voxels that come out of a window, from its centre. Raises ValueError if the window is not legal."""
        if self.legal_window(window_in) != window_in:
            message = f"{self.name}: window {window_in} is not legal, the next one is {self.legal_window(window_in)}"
            raise ValueError(message)
        i, j, k = (n - 2 * m for n, m in zip(window_in, self.margin, strict=True))
        return i, j, k

    def legal_window(self, at_least: Size) -> Size:
        """The smallest legal window that is not smaller than ``at_least`` along any axis."""
        i, j, k = map(_next_legal, at_least, self.smallest, self.step)
        return i, j, k

    def window_for_output(self, at_least: Size) -> Size:
        """The smallest legal window whose output covers ``at_least`` voxels."""
        i, j, k = (n + 2 * m for n, m in zip(at_least, self.margin, strict=True))
        return self.legal_window((i, j, k))

    def input_from_hu(self, hu: HuArray) -> ProbabilityArray:
        """HU -> float32 within scaled_to, as the network was trained."""
        (low, high), (bottom, top) = self.hu_range, self.scaled_to
        share = (np.clip(hu, low, high).astype(np.float32) - low) / np.float32(high - low)
        return (share * np.float32(top - bottom) + np.float32(bottom)).astype(np.float32)

    def check_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Raises ValueError unless names and shapes are those of this network."""
        found = {name: tuple(array.shape) for name, array in weights.items()}
        expected = dict(self.named.shapes) if self.named else weight_shapes(self.kernels)
        if found != expected:
            wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
            message = f"{self.name}: weights do not fit the network at {', '.join(wrong[:3])} ({len(wrong)} in all)"
            raise ValueError(message)


def _next_legal(at_least: int, smallest: int, step: int) -> int:
    return smallest + step * max(0, math.ceil((at_least - smallest) / step))


def weight_shapes(kernels: tuple[KernelShape, ...]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of all kernels and biases."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number, kernel in enumerate(kernels, start=1):
        shapes[kernel_name(number)] = kernel
        shapes[bias_name(number)] = kernel[:1]
    return shapes
