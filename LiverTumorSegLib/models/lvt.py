"""One network for liver, vessels and tumours: a plain 3D U-Net with sigmoid channels, small enough for CPUs.

With other channels it is also the one for Couinaud segments (``models.anatomy``).

After LVT (docs/models): multi-label outputs, plain encoder, instance norm, auxiliary heads for deep supervision. Norm
and activation stand before each convolution but the first. Written in the operations of ``ops``, so that training in
torch and inference in any engine run the same function.
"""

from __future__ import annotations

from collections.abc import Callable

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.models.network import KernelShape, NetworkDefinition
from LiverTumorSegLib.models.ops import Layers, NetworkFunction, Ops, Size, T, Weights

CHANNELS = ("liver", "vessel", "tumor")
"""What the outputs mean; the liver is the organ, with vessels and tumours."""
_FULL, _POINT = (3, 3, 3), (1, 1, 1)
HU_RANGE = (-160.0, 240.0)
"""The usual abdominal window."""
AUXILIARY_HEADS = 2
"""At half and a quarter of the resolution; used in training only."""
COARSE_STEP = 3
"""The coarse grid, on which one window shows a whole liver and what is beside it, in steps of the fine one."""


def lvt_definition(
    name: str,
    widths: tuple[int, ...],
    spacing_mm: float = 1.5,
    hu_range: tuple[float, float] = HU_RANGE,
    window: Size = (96, 96, 96),
    channels: int = len(CHANNELS),
) -> NetworkDefinition:
    """The network as data; axes run to the patient's right, front and head.

    name: of its weights file. widths: features of each level. spacing_mm: of its isotropic grid. window: voxels it was
    trained with; any multiple of 2^(levels - 1) along each axis can be run, and the answer covers the whole window.
    channels: of the answer.
    Raises ValueError if the window is not such a multiple, or the HU range is empty.
    """
    if not hu_range[0] < hu_range[1]:
        message = f"{name}: HU range {hu_range}, expected the lower end first"
        raise ValueError(message)
    side = 2 ** (len(widths) - 1)
    spacing: Vector = (spacing_mm, spacing_mm, spacing_mm)
    definition = NetworkDefinition(
        name=name,
        function=lvt_network(len(widths)),
        kernels=lvt_kernels(list(widths), channels),
        spacing_mm=spacing,
        hu_range=hu_range,
        trained_window=window,
        margin=(0, 0, 0),
        smallest=(side, side, side),
        step=(side, side, side),
    )
    definition.window_out(window)
    return definition


def lvt_network(levels: int) -> NetworkFunction:
    """Probabilities: (1, 1, i, j, k) -> (1, channels, i, j, k); every side a multiple of 2^(levels - 1)."""

    def network(ops: Ops[T], weights: Weights[T], x: T) -> T:
        return ops.sigmoid(_run(ops, weights, x, levels, lambda _level, _features: None))

    return network


def lvt_logits(ops: Ops[T], weights: Weights[T], x: T, levels: int) -> list[T]:
    """For training: logits at full resolution, then those of the auxiliary heads at 1/2 and 1/4.

    The heads' kernels come after the network's own, in the order of their resolution.
    """
    seen: dict[int, T] = {}
    full = _run(ops, weights, x, levels, seen.__setitem__)
    heads = Layers(ops, weights, first=len(lvt_kernels([0] * levels)) + 1)
    return [full, *(heads.same(ops.norm_act(seen[level])) for level in range(1, AUXILIARY_HEADS + 1))]


def _run(ops: Ops[T], weights: Weights[T], x: T, levels: int, see: Callable[[int, T], None]) -> T:
    """Logits; ``see`` is called with each level of the decoder and its features, the finest (0) last."""
    layers = Layers(ops, weights)
    skips = []
    for level in range(levels):
        x = layers.same(ops.norm_act(ops.max_pool(x, 2)) if level else x)
        x = layers.same(ops.norm_act(x))
        skips.append(x)
    for level in reversed(range(levels - 1)):
        x = ops.concatenate(skips[level], ops.repeat(x, 2))
        for _ in range(2):
            x = layers.same(ops.norm_act(x))
        see(level, x)
    return layers.same(ops.norm_act(x))


def lvt_kernels(widths: list[int], channels: int = len(CHANNELS)) -> tuple[KernelShape, ...]:
    """Shapes (out, in, i, j, k) of the convolutions in the order of execution; widths: features of each level."""
    kernels: list[KernelShape] = []
    for level, width in enumerate(widths):
        kernels += [(width, widths[level - 1] if level else 1, *_FULL), (width, width, *_FULL)]
    for level in reversed(range(len(widths) - 1)):
        kernels += [(widths[level], widths[level] + widths[level + 1], *_FULL), (widths[level], widths[level], *_FULL)]
    return (*kernels, (channels, widths[0], *_POINT))


def lvt_auxiliary_kernels(widths: list[int], channels: int = len(CHANNELS)) -> tuple[KernelShape, ...]:
    """Of the heads at 1/2 and 1/4 of the resolution."""
    return tuple((channels, widths[level], *_POINT) for level in range(1, AUXILIARY_HEADS + 1))
