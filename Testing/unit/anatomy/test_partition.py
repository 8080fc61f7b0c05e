"""Opinions on a coarse grid share out a liver on another, oblique one."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation, sphere, stored_as, voxelize
from scipy import ndimage

from LiverTumorSegLib.anatomy.partition import even, partition
from LiverTumorSegLib.volume import Volume

CENTER_RAS = (10.0, -20.0, 30.0)


def organ() -> Volume:
    shape = (60, 50, 22)
    affine = affine_of((1.2, 1.5, 4.0), (0.0, 0.0, 0.0), rotation(20, 1) @ rotation(-15, 2))
    affine[:3, 3] = np.array(CENTER_RAS) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    ball = voxelize(shape, affine, sphere(30.0, CENTER_RAS))
    return Volume(ball.array.astype(np.uint8), affine)


def halves(at_mm: float) -> list[Volume]:
    """Value 1 is left of a sagittal plane (R < at), value 2 right of it; opinions run from 0 to 1 over 40 mm."""
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = np.array(CENTER_RAS) - 40
    right_mm = affine[0, 3] + 4.0 * np.arange(21)
    right = np.clip((right_mm - at_mm) / 40 + 0.5, 0, 1).astype(np.float32)
    grid = np.broadcast_to(right[:, None, None], (21, 21, 21)).copy()
    return [Volume(1 - grid, affine), Volume(grid, affine)]


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (False,) * 3), ((1, 2, 0), (True, True, False))])
def test_the_border_lies_where_the_opinions_are_even_on_every_voxel(order, flips):
    liver = stored_as(organ(), order, flips)
    labels = partition(liver, halves(14.0))
    right_mm = liver.ras_from_ijk(np.argwhere(liver.array))[:, 0]
    found = labels[liver.array > 0]
    clear = np.abs(right_mm - 14.0) > 0.01
    np.testing.assert_array_equal(found[clear], np.where(right_mm > 14.0, 2, 1)[clear])
    assert not labels[liver.array == 0].any()


def test_noise_in_the_opinions_leaves_each_segment_in_one_piece():
    rng = np.random.default_rng(3)
    noisy = [one.with_array((one.array + rng.normal(0, 0.2, one.shape)).astype(np.float32)) for one in halves(8.0)]
    liver = organ()
    labels = partition(liver, noisy)
    assert ((labels > 0) == (liver.array > 0)).all()
    assert [ndimage.label(labels == value)[1] for value in (1, 2)] == [1, 1]


def test_an_organ_where_no_opinion_reaches_is_shared_out_all_the_same():
    far = [Volume(one.array, one.affine + np.diag([0, 0, 0, 0])) for one in halves(10.0)]
    liver = organ()
    away = liver.affine.copy()
    away[:3, 3] += 500
    assert (partition(Volume(liver.array, away), far)[liver.array > 0] > 0).all()


def test_nothing_is_shared_out_of_nothing():
    liver = organ()
    assert not partition(liver.with_array(liver.array * 0), halves(0.0)).any()


def test_ripples_go_and_a_straight_border_stays_where_it_is():
    rng = np.random.default_rng(7)
    straight = halves(10.0)
    ripples = [rng.normal(0, 0.1, one.shape) for one in straight]
    noisy = [
        one.with_array(np.clip(one.array + ripple, 1e-3, 1).astype(np.float32))
        for one, ripple in zip(straight, ripples, strict=True)
    ]
    liver = organ()
    expected, rippled, evened = (partition(liver, some) for some in (straight, noisy, even(noisy)))
    inside = liver.array > 0
    assert (evened != expected)[inside].mean() < 0.4 * (rippled != expected)[inside].mean()
    assert (partition(liver, even(straight)) != expected)[inside].mean() < 0.02
