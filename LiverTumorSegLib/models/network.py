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
class NetworkDefinition:
    """One network of a model.

    name: of its weights file in the registry. kernels: shapes (out, in, i, j, k) of its convolutions in order.
    spacing_mm: of the grid it was trained on; axes run to the patient's right, front and head. hu_range: clipped to it,
    then mapped to -0.5..0.5. trained_window: voxels in. margin: what a window loses on each side. Windows are legal at
    ``smallest`` plus multiples of ``step``: other sizes would shift or misalign the levels.
    """

    name: str
    function: NetworkFunction
    kernels: tuple[KernelShape, ...]
    spacing_mm: Vector
    hu_range: tuple[float, float]
    trained_window: Size
    margin: Size
    smallest: Size
    step: Size

    @property
    def channels(self) -> int:
        """Of the answer: the last convolution makes them."""
        return self.kernels[-1][0]

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
        """HU -> float32 in -0.5..0.5, as the network was trained."""
        low, high = self.hu_range
        return ((np.clip(hu, low, high).astype(np.float32) - low) / np.float32(high - low) - np.float32(0.5)).astype(
            np.float32
        )

    def check_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Raises ValueError unless names and shapes are those of this network."""
        found = {name: tuple(array.shape) for name, array in weights.items()}
        expected = weight_shapes(self.kernels)
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
