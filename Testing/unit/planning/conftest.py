"""A liver of eight slabs, tilted in the patient: all of its volumes and distances are known by hand.

Along i, 80 voxels of 2 mm hold segments I to VIII, ten voxels each; along j 40 of 3 mm, along k 16 of 5 mm. A segment
has 6400 voxels of 0.03 ml: 192 ml. Around it are 6, 4 and 3 voxels of nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from phantoms import affine_of, rotation

from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.volume import Volume

SPACING_MM = (2.0, 3.0, 5.0)
AROUND = (6, 4, 3)
SHAPE = (80, 40, 16)

Block = tuple[slice, slice, slice]


def slabs(
    lesions: dict[int, Block] | None = None,
    labels: dict[int, list[Block]] | None = None,
    cava: Block | None = None,
    trunk: Block | None = None,
) -> PlanAnatomy:
    """Blocks in the liver's own indices, those of the cava and the trunk too (below 0 they lie outside of it).

    labels: value of the segmentation -> where it is.
    """
    outer = tuple(n + 2 * around for n, around in zip(SHAPE, AROUND, strict=True))
    segmentation, segments = np.zeros(outer, np.uint8), np.zeros(outer, np.uint8)
    ids = np.zeros(outer, np.uint16)
    liver = placed((slice(0, 80), slice(0, 40), slice(0, 16)))
    segmentation[liver] = 1
    segments[liver] = (np.arange(80) // 10 + 1)[:, np.newaxis, np.newaxis]
    for value, blocks in (labels or {}).items():
        for block in blocks:
            segmentation[placed(block)] = value
    for lesion_id, block in (lesions or {}).items():
        segmentation[placed(block)], ids[placed(block)] = 3, lesion_id
    affine = affine_of(SPACING_MM, (-80.0, 30.0, 900.0), rotation(25, 0) @ rotation(15, 2))
    outside = [None if block is None else Volume(_mask(outer, block), affine) for block in (cava, trunk)]
    parts = (Volume(array, affine) for array in (segmentation, ids, segments))
    return PlanAnatomy(*parts, *outside)


def placed(block: Block) -> Block:
    """From the liver's own indices to the array's."""
    i, j, k = (slice(side.start + around, side.stop + around) for side, around in zip(block, AROUND, strict=True))
    return i, j, k


def _mask(shape: tuple[int, ...], block: Block) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[placed(block)] = True
    return mask


@pytest.fixture(scope="session")
def slab_liver() -> Callable[..., PlanAnatomy]:
    return slabs


@pytest.fixture(scope="session")
def pipes() -> dict[int, list[Block]]:
    """A portal and a hepatic vein along i, through all segments; both are thickest at i = 60, in VII."""
    return {
        4: [(slice(0, 80), slice(20, 21), slice(8, 9)), (slice(58, 63), slice(18, 23), slice(7, 10))],
        5: [(slice(0, 80), slice(8, 9), slice(4, 5)), (slice(58, 63), slice(6, 11), slice(3, 6))],
    }
