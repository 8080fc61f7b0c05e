"""SegResNet, the network of SmoothSegNet's two stages, in the operations of ``ops``.

An encoder of residual blocks whose steps down are strided convolutions, and a smaller decoder (Myronenko 2018, without
groups in its norm). The published networks are SegResNetVAE: the same with a second decoder that paints the input anew
while training. Inference needs nothing of that, so it is not here. Weights have the names that MONAI's module gives
them: docs/models/smoothsegnet.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from LiverTumorSegLib.models.ops import Ops, T, Weights

FILTERS = 16
"""Features at full resolution, twice as many at each level below."""
BLOCKS_DOWN, BLOCKS_UP = (1, 2, 2, 4), (1, 1, 1)
STEP = 2 ** (len(BLOCKS_DOWN) - 1)
"""Voxels that become one at the coarsest level."""
BRANCH = "vae"
"""How the names of weights begin that only training uses."""
_FULL, _POINT = (3, 3, 3), (1, 1, 1)
_FIRST, _LAST, _LAST_BIAS = "convInit.conv.weight", "conv_final.2.conv.weight", "conv_final.2.conv.bias"


def segresnet(ops: Ops[T], weights: Weights[T], x: T) -> T:
    """Probabilities that add up to 1: (1, 1, i, j, k) -> (1, channels, i, j, k); every side a multiple of STEP."""
    x = _full(ops, weights, _FIRST, x)
    skips = []
    for level, blocks in enumerate(BLOCKS_DOWN):
        if level:
            x = _full(ops, weights, f"down_layers.{level}.0.conv.weight", x, stride=2)
        for block in range(1, blocks + 1):
            x = _residual(ops, weights, f"down_layers.{level}.{block}", x)
        skips.append(x)
    for step, blocks in enumerate(BLOCKS_UP):
        narrow = ops.convolution(x, weights[f"up_samples.{step}.0.conv.weight"], None, (0, 0, 0))
        x = ops.add(ops.upsample(narrow), skips[-2 - step])
        for block in range(blocks):
            x = _residual(ops, weights, f"up_layers.{step}.{block}", x)
    return ops.softmax(ops.convolution(ops.norm_relu(x), weights[_LAST], weights[_LAST_BIAS], (0, 0, 0)))


def _residual(ops: Ops[T], weights: Weights[T], name: str, x: T) -> T:
    halfway = _full(ops, weights, f"{name}.conv1.conv.weight", ops.norm_relu(x))
    return ops.add(x, _full(ops, weights, f"{name}.conv2.conv.weight", ops.norm_relu(halfway)))


def _full(ops: Ops[T], weights: Weights[T], name: str, x: T, stride: int = 1) -> T:
    return ops.convolution(x, weights[name], None, (1, 1, 1), stride)


def segresnet_shapes(channels: int, filters: int = FILTERS) -> dict[str, tuple[int, ...]]:
    """Name -> shape of all weights. channels: of the answer."""
    widths = [filters * 2**level for level in range(len(BLOCKS_DOWN))]
    shapes: dict[str, tuple[int, ...]] = {_FIRST: (filters, 1, *_FULL)}
    for level, (width, blocks) in enumerate(zip(widths, BLOCKS_DOWN, strict=True)):
        if level:
            shapes[f"down_layers.{level}.0.conv.weight"] = (width, widths[level - 1], *_FULL)
        for name in _block_names(f"down_layers.{level}", range(1, blocks + 1)):
            shapes[name] = (width, width, *_FULL)
    for step, (width, blocks) in enumerate(zip(widths[-2::-1], BLOCKS_UP, strict=True)):
        shapes[f"up_samples.{step}.0.conv.weight"] = (width, 2 * width, *_POINT)
        for name in _block_names(f"up_layers.{step}", range(blocks)):
            shapes[name] = (width, width, *_FULL)
    return {**shapes, _LAST: (channels, filters, *_POINT), _LAST_BIAS: (channels,)}


def _block_names(layer: str, blocks: range) -> Iterator[str]:
    return (f"{layer}.{block}.{half}.conv.weight" for block in blocks for half in ("conv1", "conv2"))
