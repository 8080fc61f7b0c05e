"""Vessels told apart along their trees: known trees, uncertain opinions."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation, stored_as

from LiverTumorSegLib.anatomy.veins import VeinSettings, portal_voxels
from LiverTumorSegLib.volume import Volume

SHAPE = (64, 56, 30)
AFFINE = affine_of((0.9, 1.1, 2.0), (30.0, -20.0, 10.0), rotation(18, 2) @ rotation(10, 1))


def tube(start_mm: tuple[float, float, float], stop_mm: tuple[float, float, float], radius_mm: float) -> np.ndarray:
    """Along a line between places of the grid in mm (voxel index times spacing)."""
    steps = np.array((0.9, 1.1, 2.0))
    at = np.stack(np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij"), -1) * steps
    start, stop = np.array(start_mm), np.array(stop_mm)
    along = np.clip(((at - start) @ (stop - start)) / ((stop - start) @ (stop - start)), 0, 1)
    return np.linalg.norm(at - start - along[..., None] * (stop - start), axis=-1) <= radius_mm


def opinions(portal_mask: np.ndarray, vessel: np.ndarray, rng: np.random.Generator, wrong: float):
    """Portal and hepatic probabilities on the vessels' own grid; a share of the voxels is sure of the wrong thing. The
    portal one is too low, as the network's is.
    """
    right = np.where(portal_mask, 0.7, 0.3)
    flipped = rng.random(SHAPE) < wrong
    portal = np.where(flipped, 1 - right, right) * vessel
    hepatic, portal = (1 - portal) * vessel, portal / VeinSettings().portal_weight
    return Volume(portal.astype(np.float32), AFFINE), Volume(hepatic.astype(np.float32), AFFINE)


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (False,) * 3), ((2, 0, 1), (False, True, True))])
def test_two_trees_apart_are_told_apart_although_a_third_of_the_opinions_is_wrong(order, flips):
    first = tube((5, 5, 10), (50, 15, 40), 2.5) | tube((28, 10, 25), (45, 30, 20), 1.8)
    second = tube((5, 45, 10), (50, 55, 45), 2.5)
    portal, hepatic = opinions(first, first | second, np.random.default_rng(1), 0.33)
    vessel, portal, hepatic, truth = (
        stored_as(volume, order, flips)
        for volume in (Volume(first | second, AFFINE), portal, hepatic, Volume(first, AFFINE))
    )
    np.testing.assert_array_equal(portal_voxels(vessel, portal, hepatic), truth.array)


def test_trees_that_touch_keep_their_own_but_for_where_they_touch():
    first, second = tube((5, 10, 20), (52, 25, 20), 3.0), tube((5, 38, 26), (52, 17, 26), 3.0)
    second &= ~first
    both = first | second
    portal, hepatic = opinions(first, both, np.random.default_rng(2), 0.25)
    found = portal_voxels(Volume(both, AFFINE), portal, hepatic)
    apart = both & (np.abs(np.arange(SHAPE[0]) * 0.9 - 40) > 12)[:, None, None]  # they cross at about 40 mm
    assert (found[apart] == first[apart]).mean() > 0.95
    assert (found[both] == first[both]).mean() > 0.8


def test_vessels_of_which_nobody_thinks_anything_and_no_vessels_at_all():
    nothing = Volume(np.zeros(SHAPE, np.float32), AFFINE)
    mask = tube((5, 5, 10), (50, 15, 40), 2.5)
    assert portal_voxels(Volume(mask, AFFINE), nothing, nothing)[mask].all()
    assert not portal_voxels(Volume(np.zeros(SHAPE, np.uint8), AFFINE), nothing, nothing).any()
