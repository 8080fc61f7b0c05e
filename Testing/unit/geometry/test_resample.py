import itertools

import numpy as np
import pytest

from LiverTumorSegLib.geometry.resample import Grid, box_around_other, grown_box, resample, upright_grid
from LiverTumorSegLib.volume import Volume


def oblique_affine(spacing=(0.8, 1.1, 2.5), degrees=20.0, shear=0.0):
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(a / 2), -np.sin(a / 2)], [0, np.sin(a / 2), np.cos(a / 2)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ tilt @ np.diag(spacing)
    affine[:3, 2] += shear * affine[:3, 1]
    affine[:3, 3] = [-31.0, 17.0, 211.0]
    return affine


def ramp(shape, affine, gradient_ras=(2.0, -3.0, 5.0)):
    """A volume whose value is a linear function of the patient position: trilinear interpolation of it is exact."""
    points = np.indices(shape).reshape(3, -1).T.astype(float)
    ras = points @ affine[:3, :3].T + affine[:3, 3]
    return Volume((ras @ gradient_ras).reshape(shape).astype(np.float32), affine)


@pytest.mark.parametrize("affine", [oblique_affine(), oblique_affine(shear=0.3), np.diag([-0.7, -0.7, 3.0, 1.0])])
def test_linear_resampling_of_a_linear_field_is_exact_on_oblique_and_sheared_grids(affine):
    volume = ramp((23, 31, 17), affine)
    grid = upright_grid(volume, (1.5, 2.0, 1.0))
    out = resample(volume, grid, outside=np.nan)
    expected = ramp(grid.shape, grid.affine).array
    ijk = volume.ijk_from_ras(out.ras_from_ijk(np.indices(grid.shape).reshape(3, -1).T.astype(float)))
    inside = ((ijk >= 0) & (ijk <= np.array(volume.shape) - 1)).all(axis=1).reshape(grid.shape)
    assert inside.mean() > 0.2
    assert np.isnan(out.array).any() or inside.mean() > 0.7
    assert np.abs(out.array - expected)[inside].max() < 0.01


def test_upright_grid_covers_the_volume_and_points_to_right_anterior_superior():
    volume = Volume(np.zeros((40, 30, 12), np.int16), np.diag([-0.8, -0.8, 2.5, 1.0]))
    grid = upright_grid(volume, (1.0, 1.0, 3.0))
    assert grid.shape == (32, 24, 10)
    assert np.allclose(np.diag(grid.affine), [1.0, 1.0, 3.0, 1.0])
    assert np.allclose(grid.affine[:3, 3], [-39.5 * 0.8 + 0.5, -29.5 * 0.8 + 0.5, -1.25 + 1.5])


@pytest.mark.parametrize(
    ("order", "flips"), list(itertools.product(itertools.permutations(range(3)), [(1, 1, 1), (-1, 1, -1)]))
)
def test_storage_order_does_not_change_the_upright_image(order, flips):
    volume = ramp((20, 16, 9), np.diag([1.2, 0.9, 3.0, 1.0]))
    array, affine = volume.array.transpose(order), volume.affine[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip < 0:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    stored = Volume(array, affine)
    grid = upright_grid(volume, (1.0, 1.0, 2.0))
    assert np.allclose(upright_grid(stored, (1.0, 1.0, 2.0)).affine, grid.affine)
    there = resample(stored, grid, outside=0.0)
    apart = np.abs(there.array - resample(volume, grid, outside=0.0).array)[1:-1, 1:-1, 1:-1]
    assert apart.max() < 1e-3


def test_there_and_back_on_the_same_grid_changes_nothing():
    volume = Volume(np.random.default_rng(0).integers(-1000, 1000, (7, 8, 9)).astype(np.int16), oblique_affine())
    assert np.array_equal(resample(volume, Grid.of(volume), outside=-1024.0).array, volume.array)


def test_a_box_seen_from_another_grid_contains_every_voxel_of_it():
    coarse = Volume(np.zeros((20, 20, 20), np.uint8), np.diag([3.0, 3.0, 3.0, 1.0]))
    fine = Volume(np.zeros((90, 80, 30), np.uint8), oblique_affine((0.7, 0.7, 2.0), 30))
    box = (slice(4, 9), slice(5, 12), slice(68, 90))
    shifted = Volume(
        coarse.array, coarse.affine + np.array([[0, 0, 0, -31], [0, 0, 0, 17], [0, 0, 0, 0], [0, 0, 0, 0]])
    )
    found = box_around_other(box, shifted, fine, margin_mm=0.0)
    centres = shifted.ras_from_ijk(np.indices((5, 7, 22)).reshape(3, -1).T + [4.0, 5.0, 68.0])
    ijk = fine.ijk_from_ras(centres)
    within = ((ijk >= 0) & (ijk <= np.array(fine.shape) - 1)).all(axis=1)
    assert within.any()
    low, high = [s.start for s in found], [s.stop - 1 for s in found]
    assert ((ijk[within] >= low) & (ijk[within] <= high)).all()


def test_boxes_that_do_not_meet_give_none():
    here = Volume(np.zeros((5, 5, 5), np.uint8), np.eye(4))
    far = np.eye(4)
    far[:3, 3] = 100
    assert box_around_other((slice(0, 5),) * 3, here, Volume(np.zeros((5, 5, 5), np.uint8), far), 2.0) is None


def test_a_grown_box_is_cut_at_the_edges_and_grows_in_millimetres():
    volume = Volume(np.zeros((50, 50, 20), np.uint8), np.diag([0.5, 1.0, 5.0, 1.0]))
    assert grown_box((slice(1, 9), slice(20, 30), slice(4, 6)), 10.0, volume) == (
        slice(0, 29),
        slice(10, 40),
        slice(2, 8),
    )
