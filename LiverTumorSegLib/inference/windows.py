"""Sliding windows over an array that may be larger or smaller than what a network takes at once."""

from __future__ import annotations

import itertools
import math
from functools import partial

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.arrays import ImageArray, Mask, ProbabilityArray
from LiverTumorSegLib.engines.network import AnswerArray, Network
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent

MOST_VOXELS = 6_500_000
"""Of one input window: keeps the lesion network's memory below 2 GiB (measured: docs/decisions)."""
MOST_WINDOWS_ALONG = 4

_ROUNDING = 1e-6
"""Of a share of a window: keeps 0.1 + 0.2 from costing one window more."""
_DEVIATION = 1 / 8

ChannelArray = Float32[np.ndarray, "channel i j k"]
"""One value per channel and voxel."""
WeightArray = Float32[np.ndarray, "i_out j_out k_out"]
"""How much each voxel of a window's answer counts, above 0."""


def fewest_windows(shape: Size, definition: NetworkDefinition, most_voxels: int = MOST_VOXELS) -> Size:
    """The legal input window of at most so many voxels that covers an array with the least computing."""
    choices = itertools.product(*(_windows_along(n, definition, axis) for axis, n in enumerate(shape)))
    costs: dict[Size, int] = {}
    for parts in choices:
        window = definition.legal_window((parts[0][1], parts[1][1], parts[2][1]))
        voxels = int(np.prod(window))
        if voxels <= most_voxels:
            costs[window] = min(voxels * parts[0][0] * parts[1][0] * parts[2][0], costs.get(window, 1 << 62))
    return min(costs, key=lambda window: costs[window]) if costs else definition.trained_window


def _windows_along(length: int, definition: NetworkDefinition, axis: int) -> list[tuple[int, int]]:
    """Pairs (how many windows, least input size) for one axis."""
    margin = definition.margin[axis]
    return [(count, -(-length // count) + 2 * margin) for count in range(1, MOST_WINDOWS_ALONG + 1)]


def window_at(array: ImageArray, start: Size, size: Size, fill: float) -> Float32[np.ndarray, "u v w"]:
    """The part of an array from ``start`` (may be negative), filled where the array does not reach."""
    out = np.full(size, fill, np.float32)
    here, there = _overlap(array.shape, start, size)
    out[there] = array[here]
    return out


def starts_along(length: int, window: int, overlap: float = 0.0) -> list[int]:
    """Starts of as few windows as cover 0..length, spread evenly; one centred window where it is long enough.

    Neighbours share at least ``overlap`` (0 to below 1) of a window. The starts are their own mirror image where whole
    voxels allow it: not where an odd number of windows shares an odd rest.
    """
    if length <= window:
        return [length // 2 - window // 2]
    most_apart = window * (1.0 - overlap)
    count = math.ceil((length - window) / most_apart - _ROUNDING) + 1
    return [round(i * (length - window) / (count - 1)) for i in range(count)]


def tiles(shape: Size, window_out: Size, overlap: float = 0.0) -> list[Size]:
    """Starts of the output windows that cover an array."""
    along_i, along_j, along_k = (starts_along(n, w, overlap) for n, w in zip(shape, window_out, strict=True))
    return list(itertools.product(along_i, along_j, along_k))


def touching(mask: Mask, corners: list[Size], size: Size) -> list[Size]:
    """Those of the windows of one size that hold a true voxel."""
    return [corner for corner in corners if mask[_overlap(mask.shape, corner, size)[0]].any()]


def input_at(array: ImageArray, corner: Size, network: Network, fill: float) -> Float32[np.ndarray, "u v w"]:
    """What a network must see to answer for the window at ``corner``: its output window and the margin around it."""
    i, j, k = (start - (a - b) // 2 for start, a, b in zip(corner, network.window_in, network.window_out, strict=True))
    return window_at(array, (i, j, k), network.window_in, fill)


def run_tiles(
    seen: ProbabilityArray, corners: list[Size], network: Network, report: ProgressCallback
) -> ProbabilityArray:
    """A one-channel network's answer over an array, 0 where no window lies.

    ``report`` is asked several times a second.
    """
    blend = Blend(1, seen.shape, tent(network.window_out))
    for done, corner in enumerate(corners):
        event = ProgressEvent("network", done / len(corners), f"window {done + 1} of {len(corners)}")
        answer = network.run(input_at(seen, corner, network, 0.0), poll=partial(report, event))
        blend.add(answer, corner)
    only: ProbabilityArray = blend.finished()[0]
    return only


class Blend:
    """Overlapping answers of one window size become one array: their weighted mean."""

    def __init__(self, channels: int, shape: Size, weight: WeightArray) -> None:
        self._total = np.zeros((channels, *shape), np.float32)
        self._weights = np.zeros(shape, np.float32)
        self._weight = weight

    def add(self, answer: AnswerArray, start: Size) -> None:
        """An answer whose first voxel lies at ``start``; what hangs over the edges is dropped.

        Raises ValueError if it does not have the blend's channels.
        """
        if len(answer) != len(self._total):
            message = f"an answer with {len(answer)} channels where {len(self._total)} are expected"
            raise ValueError(message)
        here, there = _overlap(self._weights.shape, start, self._weight.shape)
        self._total[:, *here] += answer[:, *there] * self._weight[there]
        self._weights[here] += self._weight[there]

    def finished(self) -> ChannelArray:
        """The means, 0 where nothing was added, in the place of the totals: call it once, after the last answer."""
        return np.divide(self._total, self._weights, out=self._total, where=self._weights > 0)


def _overlap(shape: tuple[int, ...], start: Size, size: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where a window lies in an array, and that part in the window's own indices (both empty if they do not meet)."""
    low = [min(max(0, s), n) for n, s in zip(shape, start, strict=True)]
    high = [max(a, min(n, s + w)) for n, s, w, a in zip(shape, start, size, low, strict=True)]
    here = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    there = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))
    return here, there


def tent(size: Size) -> WeightArray:
    """Weights that fall linearly from 1 in the centre to 0.02 at the middle of each face."""
    return _product([1.0 - np.abs(np.linspace(-1.0, 1.0, n)) * 0.98 if n > 1 else np.ones(1) for n in size])


def gaussian(size: Size) -> WeightArray:
    """Weights with a deviation of 1/8 of the window along each axis, as nnU-Net's and MONAI's sliding windows have.

    Isensee et al., Nature Methods 2021 (doi 10.1038/s41592-020-01008-z). Centred between the middle voxels of an even
    axis, where nnU-Net takes the later one: a mirrored window then has mirrored weights.
    """
    along = [(np.arange(n) - (n - 1) / 2) / (_DEVIATION * n) for n in size]
    return _product([np.exp(-0.5 * x**2) for x in along])


def _product(axes: list[np.ndarray]) -> WeightArray:
    return np.einsum("i,j,k->ijk", *axes).astype(np.float32)
