"""How large a patch must be cut for the network of a stage."""

from __future__ import annotations

import math

from LiverTumorSegLib.geometry.axes import along_ras
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.registry import StageFacts


def window_ras(facts: StageFacts) -> Size:
    """Voxels of the window along R, A and S."""
    first, second, third = facts.window
    i, j, k = along_ras((float(first), float(second), float(third)), facts.axes)
    return int(i), int(j), int(k)


def cut_size(facts: StageFacts) -> Size:
    """Cubes with the edge of the finest axis, along R, A and S, that cover a window; its own voxels without spacing."""
    size = window_ras(facts)
    if facts.spacing_mm is None:
        return size
    finest, cell = min(facts.spacing_mm), along_ras(facts.spacing_mm, facts.axes)
    i, j, k = (math.ceil(n * step / finest - 1e-6) for n, step in zip(size, cell, strict=True))
    return i, j, k
