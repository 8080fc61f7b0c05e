"""The whole-liver and the liver-lesion network of KU Leuven (pyliverlesionseg 0.3), written anew from their layout.

Both are 3D U-Nets of four levels in pre-activation order (norm and activation before the convolution). The liver
network pads and pools by 3; the lesion network uses valid convolutions, residual blocks, and pools by 2. Their origin,
licence and limits: docs/models/kuleuven.md.
"""

from __future__ import annotations

from LiverTumorSegLib.models.network import KernelShape, NetworkDefinition
from LiverTumorSegLib.models.ops import Layers, Ops, Size, T, Weights

LEVELS = 4
WIDTH = 20
"""Features of the first convolution of the published networks."""
_FLAT, _FULL, _POINT = (3, 3, 1), (3, 3, 3), (1, 1, 1)


def liver(ops: Ops[T], weights: Weights[T], x: T) -> T:
    """Probability of liver (lesions included): (1, 1, n, ...) -> (1, 1, n - 26, ...)."""
    layers = Layers(ops, weights)
    skips = []
    for level in range(LEVELS):
        x = layers.same(ops.norm_act(ops.max_pool(x, 3)) if level else x)
        x = layers.same(ops.norm_act(x))
        skips.append(x)
    for skip in reversed(skips[:-1]):
        x = ops.mean_filter(ops.repeat(x, 3), 3)
        x = ops.concatenate(ops.crop(skip, _size(ops, x)), x)
        for _ in range(2):
            x = layers.same(ops.norm_act(x))
    return ops.sigmoid(layers.same(ops.norm_act(x)))


def lesion(ops: Ops[T], weights: Weights[T], x: T) -> T:
    """Probability of a liver lesion: (1, 1, i, j, k) -> (1, 1, i - 88, j - 88, k - 44)."""
    layers = Layers(ops, weights)
    skips = []
    for level in range(LEVELS):
        pooled = ops.max_pool(x, 2) if level else x
        x = _residual(ops, layers, pooled, layers.valid(ops.norm_act(pooled) if level else pooled))
        skips.append(x)
    for skip in reversed(skips[:-1]):
        x = ops.repeat(x, 2)
        x = ops.concatenate(ops.crop(skip, _size(ops, x)), x)
        x = _residual(ops, layers, x, layers.valid(ops.norm_act(x)))
    return ops.sigmoid(layers.valid(ops.norm_act(x)))


def _residual(ops: Ops[T], layers: Layers[T], entry: T, halfway: T) -> T:
    """Second half of a residual block: one more convolution, plus what entered the block, cropped and projected."""
    x = layers.valid(ops.norm_act(halfway))
    shortcut = ops.crop(entry, _size(ops, x))
    if ops.shape(shortcut)[1] != ops.shape(x)[1]:
        shortcut = layers.valid(shortcut)
    return ops.add(x, shortcut)


def _size(ops: Ops[T], x: T) -> Size:
    i, j, k = ops.shape(x)[2:]
    return i, j, k


def liver_kernels(width: int = WIDTH) -> tuple[KernelShape, ...]:
    """Shapes of the liver network's convolutions, for any number of features (the published one has 20)."""
    kernels: list[KernelShape] = []
    for level, (entry, middle, leave) in enumerate(_blocks(width)):
        first, second = _liver_windows(level)
        kernels += [(middle, entry, *first), (leave, middle, *second)]
    return (*kernels, (1, width, *_POINT))


def lesion_kernels(width: int = WIDTH) -> tuple[KernelShape, ...]:
    """Shapes of the lesion network's convolutions; a shortcut's projection follows its block."""
    kernels: list[KernelShape] = []
    for level, (entry, middle, leave) in enumerate(_blocks(width)):
        first, second = (_FLAT, _FULL) if level < LEVELS else (_FULL, _FLAT)
        kernels += [(middle, entry, *first), (leave, middle, *second)]
        if entry != leave:
            kernels.append((leave, entry, *_POINT))
    return (*kernels, (1, width, *_POINT))


def _blocks(width: int) -> list[tuple[int, int, int]]:
    """Features that enter, lie between and leave the two convolutions of each block: down, bottom, up."""
    w = width
    down = [(1, w, 2 * w), (2 * w, 2 * w, 4 * w), (4 * w, 4 * w, 8 * w), (8 * w, 8 * w, 8 * w)]
    return [*down, (16 * w, 8 * w, 4 * w), (8 * w, 4 * w, 2 * w), (4 * w, 2 * w, w)]


def _liver_windows(level: int) -> tuple[Size, Size]:
    if level == LEVELS - 1:
        return _FULL, _FULL
    return (_FLAT, _FULL) if level < LEVELS else (_FULL, _FLAT)


LIVER = NetworkDefinition(
    name="liver",
    function=liver,
    kernels=liver_kernels(),
    spacing_mm=(3.0, 3.0, 3.0),
    hu_range=(-200.0, 200.0),
    trained_window=(189, 162, 162),
    margin=(13, 13, 13),
    smallest=(27, 27, 27),
    step=(27, 27, 27),
)
"""Three poolings by 3 must divide the window; one window centred on the body's box, padded with 0."""

LESION = NetworkDefinition(
    name="lesion",
    function=lesion,
    kernels=lesion_kernels(),
    spacing_mm=(1.0, 1.0, 3.0),
    hu_range=(-200.0, 200.0),
    trained_window=(180, 172, 86),
    margin=(44, 44, 22),
    smallest=(92, 92, 46),
    step=(8, 8, 8),
)
"""Every pooling by 2 must meet an even size after its valid convolutions; -0.5 outside the dilated liver."""
