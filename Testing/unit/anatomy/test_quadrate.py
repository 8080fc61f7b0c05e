"""IV in its upper and lower part, at a level that is known, on grids that are not upright."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation, stored_as

from LiverTumorSegLib.anatomy.quadrate import with_iv_divided
from LiverTumorSegLib.volume import Volume

SHAPE = (56, 40, 24)
PORTAL_S, RIGHT_S = 6.0, -10.0


def liver(order=(0, 1, 2), flips=(False, False, False)) -> Volume:
    """Slabs along R: V below and VIII above from S -10 at the right, then IV, then III below and II above from S 0."""
    affine = affine_of((1.6, 1.9, 3.0), (0.0, 0.0, 0.0), rotation(25, 0) @ rotation(-12, 1))
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    grid = Volume(np.zeros(SHAPE, np.uint8), affine)
    r, a, s = np.moveaxis(points_of(grid), -1, 0)
    labels = np.select(
        [r > 10, r > -10, r <= -10],
        [np.where(s > RIGHT_S, 8, 5), np.full(SHAPE, 4), np.where(s > 0, 2, 3)],
    )
    inside = (abs(r) < 30) & (abs(a) < 25) & (abs(s) < 28)
    return stored_as(Volume((labels * inside).astype(np.uint8), affine), order, flips)


def points_of(grid: Volume) -> np.ndarray:
    return grid.ras_from_ijk(np.argwhere(np.ones(grid.shape, bool))).reshape(*grid.shape, 3)


def umbilical_portion(segments: Volume) -> Volume:
    """A tube along A at the border of IV and the left lateral section."""
    r, a, s = np.moveaxis(points_of(segments), -1, 0)
    return segments.with_array((np.hypot(r + 10, s - PORTAL_S) < 5) & (abs(a) < 20))


def no_portal_vein(segments: Volume) -> Volume:
    return segments.with_array(np.zeros(segments.shape, bool))


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (False,) * 3), ((2, 0, 1), (True, False, True))])
@pytest.mark.parametrize(("vein", "level"), [(umbilical_portion, PORTAL_S), (no_portal_vein, RIGHT_S)])
def test_iv_is_divided_at_the_portal_level_and_nothing_else_changes(order, flips, vein, level):
    segments = liver(order, flips)
    divided = with_iv_divided(segments, vein(segments))
    four = segments.array == 4
    assert (divided.array[~four] == segments.array[~four]).all()
    assert set(np.unique(divided.array[four])) == {9, 10}
    heights = points_of(segments)[..., 2]
    upper, lower = heights[divided.array == 9], heights[divided.array == 10]
    assert upper.min() > lower.max() - 1e-9
    assert abs((upper.min() + lower.max()) / 2 - level) < 2.0


def test_a_piece_of_iv_that_hangs_on_the_other_part_joins_it():
    """A spur of IV rises above the level, apart from the rest of the upper part: it stays with the lower one."""
    labels = np.zeros((20, 6, 20), np.uint8)
    labels[2:18, :, 2:8] = 4
    labels[2:8, :, 8:18] = 4
    labels[15:18, :, 8:12] = 4
    segments = Volume(labels, np.diag([2.0, 2.0, 2.0, 1.0]))
    vein = np.zeros(labels.shape, bool)
    labels[0:2, :, 2:18] = 2
    vein[2:4, :, 7:9] = True
    divided = with_iv_divided(segments, segments.with_array(vein)).array
    assert (divided[15:18, :, 8:12] == 10).all()
    assert (divided[2:8, :, 9:18] == 9).all()


def test_without_iv_or_on_another_grid():
    none = Volume(np.full((4, 4, 4), 5, np.uint8), np.eye(4))
    assert with_iv_divided(none, no_portal_vein(none)) is none
    with pytest.raises(ValueError, match="portal vein"):
        with_iv_divided(none, Volume(np.zeros((4, 4, 4), bool), np.diag([2.0, 1.0, 1.0, 1.0])))
