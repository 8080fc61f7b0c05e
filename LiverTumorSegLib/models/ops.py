"""The operations that a network is written in; every engine brings its own form of them.

A tensor has the axes (window, channel, i, j, k); windows, mostly a single one, know nothing of each other. A network is
a function ``network(ops, weights, x)``: the same function builds OpenVINO's graph, runs torch, or runs the naive numpy
form of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

Size = tuple[int, int, int]
"""Voxels along i, j, k."""

LEAK = 0.01
"""Slope of the leaky ReLU below zero."""
EPSILON = 1e-7
"""Added to the standard deviation of the instance norm, as the networks were trained."""
VARIANCE_EPSILON = 1e-5
"""Added to the variance, in ``norm_relu``: what torch's own instance norm does."""

T = TypeVar("T")


@runtime_checkable  # so that the tests can check annotations
class Ops(Protocol[T]):
    """What an engine must offer; T is its tensor."""

    def convolution(self, x: T, kernel: T, bias: T | None, padding: Size, stride: int = 1) -> T:
        """Correlation of zero-padded x with kernel (out, in, i, j, k), plus bias (out,) if there is one.

        stride: along i, j and k; the first place is that of the first voxel.
        """
        ...

    def norm_act(self, x: T) -> T:
        """(x - mean) / (std + EPSILON) per channel over the window (population std), then leaky ReLU."""
        ...

    def norm_relu(self, x: T) -> T:
        """(x - mean) / sqrt(variance + VARIANCE_EPSILON) per channel over the window (population variance), then ReLU.

        More than one voxel per channel.
        """
        ...

    def max_pool(self, x: T, factor: int) -> T:
        """Maximum of blocks of factor^3; a rest at the high end is dropped."""
        ...

    def mean_filter(self, x: T, width: int) -> T:
        """Mean of width^3 neighbours with stride 1, valid: the size shrinks by width - 1."""
        ...

    def repeat(self, x: T, factor: int) -> T:
        """Every voxel repeated ``factor`` times along i, j and k."""
        ...

    def upsample(self, x: T) -> T:
        """Twice as many voxels along i, j and k, by linear interpolation between the old voxels' centres.

        A new voxel is half an old one; beyond the outermost centres the outermost values go on.
        """
        ...

    def crop(self, x: T, size: Size) -> T:
        """The centre; where the difference is odd, one voxel more goes at the high end."""
        ...

    def concatenate(self, first: T, second: T) -> T:
        """Along the channels."""
        ...

    def add(self, first: T, second: T) -> T: ...

    def sigmoid(self, x: T) -> T: ...

    def softmax(self, x: T) -> T:
        """Over the channels."""
        ...

    def module(self, name: str, channels: int, weights: Mapping[str, T], x: T) -> T:
        """Logits of a network that is a module of torch: see ``engines.modules``; in a state that changes nothing."""
        ...

    def shape(self, x: T) -> tuple[int, ...]:
        """All axes, of a tensor or of a weight."""
        ...


Weights = Mapping[str, T]
"""conv_01.kernel (out, in, i, j, k) and conv_01.bias (out,), numbered from 1 in the order of execution."""

NetworkFunction = Callable[[Ops[Any], Mapping[str, Any], Any], Any]


class Layers(Generic[T]):
    """Hands out a network's convolutions in the order of their numbers, from ``first`` on."""

    def __init__(self, ops: Ops[T], weights: Weights[T], first: int = 1) -> None:
        self._ops, self._weights, self._number = ops, weights, first - 1

    def valid(self, x: T) -> T:
        """The next convolution without padding."""
        return self._convolution(x, padded=False)

    def same(self, x: T) -> T:
        """The next convolution, zero-padded so that the size stays."""
        return self._convolution(x, padded=True)

    def _convolution(self, x: T, *, padded: bool) -> T:
        self._number += 1
        kernel = self._weights[kernel_name(self._number)]
        i, j, k = (n // 2 if padded else 0 for n in self._ops.shape(kernel)[2:])
        return self._ops.convolution(x, kernel, self._weights[bias_name(self._number)], (i, j, k))


def kernel_name(number: int) -> str:
    """Of the convolution with that number, from 1."""
    return f"conv_{number:02d}.kernel"


def bias_name(number: int) -> str:
    """Of the convolution with that number, from 1."""
    return f"conv_{number:02d}.bias"
