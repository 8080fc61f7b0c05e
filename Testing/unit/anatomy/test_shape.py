"""How a liver is seen: upright, small, whatever grid its mask lies on."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation, sphere, stored_as, voxelize
from refusals import refused

from LiverTumorSegLib.anatomy.shape import SPACING_MM, organ_box, shape_image
from LiverTumorSegLib.volume import Volume

SHAPE = (90, 70, 30)
LIVER_RAS, VESSEL_RAS = (5.0, -10.0, 20.0), (20.0, 0.0, 28.0)
LIVER_MM, VESSEL_MM = 40.0, 12.0


def masks(order=(0, 1, 2), flips=(False, False, False)) -> tuple[Volume, Volume]:
    """A ball with a smaller one in it on a tilted grid of flat voxels."""
    affine = affine_of((1.1, 1.4, 4.0), (0.0, 0.0, 0.0), rotation(25, 2) @ rotation(12, 0))
    affine[:3, 3] = np.array(LIVER_RAS) - affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    liver, vessel = (
        voxelize(SHAPE, affine, sphere(r, at)) for r, at in ((LIVER_MM, LIVER_RAS), (VESSEL_MM, VESSEL_RAS))
    )
    first, second = (stored_as(Volume(one.array.astype(np.uint8), affine), order, flips) for one in (liver, vessel))
    return first, second


def centroid_ras(image: Volume, weights: np.ndarray) -> np.ndarray:
    ijk = np.argwhere(weights > 0)
    return np.average(image.ras_from_ijk(ijk), axis=0, weights=weights[tuple(ijk.T)])


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (False,) * 3), ((2, 0, 1), (True, False, True))])
def test_places_and_volumes_are_those_of_the_balls(order, flips):
    image = shape_image(*masks(order, flips))
    np.testing.assert_allclose(image.affine[:3, :3], np.eye(3) * SPACING_MM)
    inside, share = image.array > 0, np.clip(image.array - 1, 0, 1)
    np.testing.assert_allclose(centroid_ras(image, inside.astype(float)), LIVER_RAS, atol=0.5)
    np.testing.assert_allclose(centroid_ras(image, share), VESSEL_RAS, atol=0.5)
    assert inside.sum() * image.voxel_mm3 == pytest.approx(4 / 3 * np.pi * LIVER_MM**3, rel=0.02)
    assert share.sum() * image.voxel_mm3 == pytest.approx(4 / 3 * np.pi * VESSEL_MM**3, rel=0.05)


def test_it_is_a_box_around_the_organ_however_large_the_volume():
    liver, vessel = masks()
    wide = np.pad(liver.array, 40), np.pad(vessel.array, 40)
    affine = liver.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.full(3, 40.0)
    image = shape_image(*(Volume(array, affine) for array in wide))
    assert image.shape == shape_image(liver, vessel).shape
    assert max(image.shape) * SPACING_MM < 2 * LIVER_MM * 1.8  # a tilted box of a ball, seen upright


def test_vessels_outside_the_organ_and_unknown_vessels_do_not_show():
    liver, vessel = masks()
    outside = vessel.with_array(((vessel.array + 1 - liver.array) > 0).astype(np.uint8) * (liver.array == 0))
    assert shape_image(liver, outside).array.max() < 2
    assert set(np.unique(shape_image(liver, vessel.with_array(vessel.array * 0)).array)) == {0.0, 1.0}


def test_an_empty_organ_and_another_grid_are_refused():
    liver, vessel = masks()
    with refused("without liver"):
        organ_box(liver.with_array(liver.array * 0))
    with pytest.raises(ValueError, match="masks on"):
        shape_image(liver, Volume(vessel.array, np.eye(4)))
