"""The networks' operations in their most naive form: what the fast engines are compared with."""

from __future__ import annotations

import itertools

import numpy as np

from LiverTumorSegLib.models.network import KernelShape, weight_shapes
from LiverTumorSegLib.models.ops import Size


class NumpyOps:
    """``models.ops.Ops`` on float64 arrays (1, channel, i, j, k), one loop per sum, no trick."""

    def convolution(self, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, padding: Size) -> np.ndarray:
        x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
        size = [n - k + 1 for n, k in zip(x.shape[2:], kernel.shape[2:], strict=True)]
        out = np.zeros((1, kernel.shape[0], *size)) + bias.reshape(1, -1, 1, 1, 1)
        for i, j, k in itertools.product(*map(range, kernel.shape[2:])):
            part = x[:, :, i : i + size[0], j : j + size[1], k : k + size[2]]
            out += np.einsum("oc,ncijk->noijk", kernel[:, :, i, j, k], part)
        return out

    def norm_act(self, x: np.ndarray) -> np.ndarray:
        out = np.empty(x.shape)
        for channel in range(x.shape[1]):
            values = x[0, channel]
            normed = (values - values.mean()) / (np.sqrt(((values - values.mean()) ** 2).mean()) + 1e-7)
            out[0, channel] = np.where(normed > 0, normed, 0.01 * normed)
        return out

    def max_pool(self, x: np.ndarray, factor: int) -> np.ndarray:
        size = [n // factor for n in x.shape[2:]]
        out = np.full((*x.shape[:2], *size), -np.inf)
        for shift in itertools.product(range(factor), repeat=3):
            starts = [slice(s, s + n * factor, factor) for s, n in zip(shift, size, strict=True)]
            out = np.maximum(out, x[:, :, starts[0], starts[1], starts[2]])
        return out

    def mean_filter(self, x: np.ndarray, width: int) -> np.ndarray:
        size = [n - width + 1 for n in x.shape[2:]]
        out = np.zeros((*x.shape[:2], *size))
        for i, j, k in itertools.product(range(width), repeat=3):
            out += x[:, :, i : i + size[0], j : j + size[1], k : k + size[2]]
        return out / width**3

    def repeat(self, x: np.ndarray, factor: int) -> np.ndarray:
        i, j, k = (np.arange(n * factor) // factor for n in x.shape[2:])
        return x[:, :, i[:, None, None], j[:, None], k]

    def crop(self, x: np.ndarray, size: Size) -> np.ndarray:
        i, j, k = ((n - m) // 2 for n, m in zip(x.shape[2:], size, strict=True))
        return x[:, :, i : i + size[0], j : j + size[1], k : k + size[2]]

    def concatenate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.concatenate([first, second], axis=1)

    def add(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return first + second

    def sigmoid(self, x: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-x))

    def shape(self, x: np.ndarray) -> tuple[int, ...]:
        return x.shape


def random_weights(kernels: tuple[KernelShape, ...], seed: int = 0) -> dict[str, np.ndarray]:
    """float32 weights of a network's layout whose features keep their variance from layer to layer."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(kernels).items():
        fan_in = int(np.prod(shape[1:]))
        scale = np.sqrt(2.0 / fan_in) if len(shape) > 1 else 0.1
        weights[name] = random.normal(scale=scale, size=shape).astype(np.float32)
    return weights
