"""Sliding windows over an array that may be larger or smaller than what a network takes at once."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.arrays import ProbabilityArray
from LiverTumorSegLib.engines.network import Network
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent

MOST_VOXELS = 6_500_000
"""Of one input window: keeps the lesion network's memory below 2 GiB (measured: docs/decisions)."""
MOST_WINDOWS_ALONG = 4


def fewest_windows(shape: Size, definition: NetworkDefinition) -> Size:
    """The legal input window that covers an array with the least computing."""
    choices = itertools.product(*(_windows_along(n, definition, axis) for axis, n in enumerate(shape)))
    costs: dict[Size, int] = {}
    for parts in choices:
        window = definition.legal_window((parts[0][1], parts[1][1], parts[2][1]))
        voxels = int(np.prod(window))
        if voxels <= MOST_VOXELS:
            costs[window] = min(voxels * parts[0][0] * parts[1][0] * parts[2][0], costs.get(window, 1 << 62))
    return min(costs, key=lambda window: costs[window]) if costs else definition.trained_window


def _windows_along(length: int, definition: NetworkDefinition, axis: int) -> list[tuple[int, int]]:
    """Pairs (how many windows, least input size) for one axis."""
    margin = definition.margin[axis]
    return [(count, -(-length // count) + 2 * margin) for count in range(1, MOST_WINDOWS_ALONG + 1)]


def window_at(array: ProbabilityArray, start: Size, size: Size, fill: float) -> Float32[np.ndarray, "u v w"]:
    """The part of an array from ``start`` (may be negative), filled where the array does not reach."""
    out = np.full(size, fill, np.float32)
    here, there = _overlap(array.shape, start, size)
    out[there] = array[here]
    return out


def starts_along(length: int, window: int) -> list[int]:
    """Starts of as few windows as cover 0..length, spread evenly; one centred window where it is long enough."""
    count = -(-length // window)
    if count == 1:
        return [length // 2 - window // 2]
    return [round(i * (length - window) / (count - 1)) for i in range(count)]


def tiles(shape: Size, window_out: Size) -> list[Size]:
    """Starts of the output windows that cover an array."""
    along_i, along_j, along_k = (starts_along(n, w) for n, w in zip(shape, window_out, strict=True))
    return list(itertools.product(along_i, along_j, along_k))


def run_tiles(
    seen: ProbabilityArray, corners: list[Size], network: Network, report: ProgressCallback
) -> ProbabilityArray:
    """The network's answer over an array, 0 where no window lies. ``report`` is asked several times a second."""
    blend = Blend(seen.shape)
    margin = [(a - b) // 2 for a, b in zip(network.window_in, network.window_out, strict=True)]
    for done, corner in enumerate(corners):
        event = ProgressEvent("network", done / len(corners), f"window {done + 1} of {len(corners)}")
        start = (corner[0] - margin[0], corner[1] - margin[1], corner[2] - margin[2])
        answer = network.run(window_at(seen, start, network.window_in, 0.0), poll=partial(report, event))
        blend.add(answer, corner)
    return blend.mean()


class Blend:
    """Overlapping patches become one array: their mean, weighted towards the centre of each patch."""

    def __init__(self, shape: Size) -> None:
        self._total = np.zeros(shape, np.float32)
        self._weight = np.zeros(shape, np.float32)

    def add(self, patch: ProbabilityArray, start: Size) -> None:
        """A patch whose first voxel lies at ``start``; what hangs over the edges is dropped."""
        here, there = _overlap(self._total.shape, start, patch.shape)
        tent = _tent(patch.shape)[there]
        self._total[here] += patch[there] * tent
        self._weight[here] += tent

    def mean(self) -> ProbabilityArray:
        """0 where no patch was added."""
        return np.divide(self._total, self._weight, out=np.zeros_like(self._total), where=self._weight > 0)


def _overlap(shape: tuple[int, ...], start: Size, size: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where a window lies in an array, and that part in the window's own indices (both empty if they do not meet)."""
    low = [min(max(0, s), n) for n, s in zip(shape, start, strict=True)]
    high = [max(a, min(n, s + w)) for n, s, w, a in zip(shape, start, size, low, strict=True)]
    here = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    there = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))
    return here, there


def _tent(shape: tuple[int, ...]) -> np.ndarray:
    axes = [1.0 - np.abs(np.linspace(-1.0, 1.0, n)) * 0.98 if n > 1 else np.ones(1) for n in shape]
    return np.einsum("i,j,k->ijk", *axes).astype(np.float32)
