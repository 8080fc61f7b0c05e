"""The networks' operations in their most naive form: what the fast engines are compared with."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from LiverTumorSegLib.models.network import KernelShape, weight_shapes
from LiverTumorSegLib.models.ops import Size


class NumpyOps:
    """``models.ops.Ops`` on float64 arrays (1, channel, i, j, k), one loop per sum, no trick."""

    def convolution(
        self, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, padding: Size, stride: int = 1
    ) -> np.ndarray:
        x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
        size = [n - k + 1 for n, k in zip(x.shape[2:], kernel.shape[2:], strict=True)]
        out = np.zeros((1, kernel.shape[0], *size))
        for i, j, k in itertools.product(*map(range, kernel.shape[2:])):
            part = x[:, :, i : i + size[0], j : j + size[1], k : k + size[2]]
            out += np.einsum("oc,ncijk->noijk", kernel[:, :, i, j, k], part)
        out += 0 if bias is None else bias.reshape(1, -1, 1, 1, 1)
        return out[:, :, ::stride, ::stride, ::stride]

    def norm_act(self, x: np.ndarray) -> np.ndarray:
        out = np.empty(x.shape)
        for channel in range(x.shape[1]):
            values = x[0, channel]
            normed = (values - values.mean()) / (np.sqrt(((values - values.mean()) ** 2).mean()) + 1e-7)
            out[0, channel] = np.where(normed > 0, normed, 0.01 * normed)
        return out

    def norm_relu(self, x: np.ndarray) -> np.ndarray:
        out = np.empty(x.shape)
        for channel in range(x.shape[1]):
            values = x[0, channel].astype(np.float64)
            variance = ((values - values.mean()) ** 2).mean()
            out[0, channel] = np.maximum((values - values.mean()) / np.sqrt(variance + 1e-5), 0.0)
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

    def upsample(self, x: np.ndarray) -> np.ndarray:
        for axis in (2, 3, 4):
            n = x.shape[axis]
            places = np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1)
            below = np.minimum(places.astype(int), max(n - 2, 0))
            share = (places - below).reshape([-1 if a == axis else 1 for a in range(5)])
            x = (1 - share) * x.take(below, axis) + share * x.take(np.minimum(below + 1, n - 1), axis)
        return x

    def crop(self, x: np.ndarray, size: Size) -> np.ndarray:
        i, j, k = ((n - m) // 2 for n, m in zip(x.shape[2:], size, strict=True))
        return x[:, :, i : i + size[0], j : j + size[1], k : k + size[2]]

    def concatenate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.concatenate([first, second], axis=1)

    def add(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return first + second

    def sigmoid(self, x: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-x))

    def softmax(self, x: np.ndarray) -> np.ndarray:
        powers = np.exp(x - x.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def module(self, name: str, channels: int, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """torch's own module in float64: there is no other form of it."""
        import torch

        from LiverTumorSegLib.engines.module_runs import run_module

        lent = {key: torch.from_numpy(weight).double() for key, weight in weights.items()}
        return run_module(name, channels, lent, torch.from_numpy(x).double(), lambda: None).numpy()

    def shape(self, x: np.ndarray) -> tuple[int, ...]:
        return x.shape


def random_weights(kernels: tuple[KernelShape, ...], seed: int = 0) -> dict[str, np.ndarray]:
    """float32 weights of a network's layout whose features keep their variance from layer to layer."""
    return random_named_weights(weight_shapes(kernels), seed)


def random_named_weights(shapes: Mapping[str, tuple[int, ...]], seed: int = 0) -> dict[str, np.ndarray]:
    """The same for weights under any names; those of more than one axis are kernels."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes.items():
        fan_in = int(np.prod(shape[1:]))
        scale = np.sqrt(2.0 / fan_in) if len(shape) > 1 else 0.1
        weights[name] = random.normal(scale=scale, size=shape).astype(np.float32)
    return weights
