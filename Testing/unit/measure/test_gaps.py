"""Distances and shells of spheres and cylinders whose gaps are known, on anisotropic oblique grids."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation

from LiverTumorSegLib.measure.gaps import gap_between, shell_ml
from LiverTumorSegLib.volume import Volume

GAPS_MM = (1.0, 2.0, 5.0, 10.0)
SLICES_MM = (0.7, 1.5, 3.0, 5.0)
RADIUS_MM = 14.0


def grid(slice_mm: float, size_mm: float = 96.0) -> Volume:
    """Oblique, anisotropic and not cubic, around the origin."""
    spacing = (0.7, 0.9, slice_mm)
    shape = tuple(round(size_mm * share / step) for share, step in zip((1.0, 0.8, 0.7), spacing, strict=True))
    affine = affine_of(spacing, (0.0, 0.0, 0.0), rotation(25, 0) @ rotation(15, 2))
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Volume(np.zeros(shape, np.uint8), affine)


def points_ras(volume: Volume) -> np.ndarray:
    ijk = np.argwhere(np.ones(volume.shape, bool))
    return volume.ras_from_ijk(ijk).reshape(*volume.shape, 3)


def sphere(volume: Volume, center: np.ndarray, radius: float = RADIUS_MM) -> Volume:
    return volume.with_array(np.linalg.norm(points_ras(volume) - center, axis=-1) <= radius)


def cylinder(volume: Volume, through: np.ndarray, along: np.ndarray, radius: float) -> Volume:
    away = points_ras(volume) - through
    return volume.with_array(np.linalg.norm(np.cross(away, along / np.linalg.norm(along)), axis=-1) <= radius)


@pytest.mark.parametrize("slice_mm", SLICES_MM)
@pytest.mark.parametrize("gap_mm", GAPS_MM)
def test_a_sphere_and_a_vessel_lie_as_far_apart_as_they_do(gap_mm, slice_mm):
    volume = grid(slice_mm)
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(4):
        direction, along = rng.normal(size=3), rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        along -= along @ direction * direction
        center = -10 * direction + rng.uniform(-1, 1, 3)
        vessel = cylinder(volume, center + (RADIUS_MM + gap_mm + 5.0) * direction, along, 5.0)
        gap = gap_between(sphere(volume, center), vessel)
        assert gap.faces_mm <= gap.mm <= gap.centers_mm
        assert abs(gap.mm - gap_mm) <= gap.uncertainty_mm + 0.25 * slice_mm
        errors.append(gap.mm - gap_mm)
        nearest_ras = volume.ras_from_ijk(np.array([gap.position_ijk]))[0]
        assert np.linalg.norm(nearest_ras - center - RADIUS_MM * direction) < 5 + 2 * slice_mm
    assert abs(np.mean(errors)) < 0.4 + 0.15 * slice_mm


def test_structures_that_touch_are_in_contact():
    volume = grid(1.5)
    first, second = np.zeros(volume.shape, bool), np.zeros(volume.shape, bool)
    first[10:20, 10:20, 5:10] = True
    second[20:25, 20:25, 10:12] = True  # one corner in common
    gap = gap_between(volume.with_array(first), volume.with_array(second))
    assert (gap.faces_mm, gap.is_contact) == (0.0, True)
    assert gap.position_ijk == (19, 19, 9)
    overlapping = gap_between(volume.with_array(first), volume.with_array(first))
    assert (overlapping.centers_mm, overlapping.mm) == (0.0, 0.0)


def test_a_voxel_between_two_boxes_is_a_gap_of_one_voxel_between_faces_and_two_between_centres():
    volume = Volume(np.zeros((30, 20, 10), np.uint8), np.diag([-0.8, -0.8, 2.5, 1.0]))
    first, second = np.zeros(volume.shape, bool), np.zeros(volume.shape, bool)
    first[5:10, 5:10, 2:4] = True
    second[5:10, 5:10, 5:8] = True
    gap = gap_between(volume.with_array(first), volume.with_array(second))
    assert gap.faces_mm == pytest.approx(2.5)
    assert gap.centers_mm == pytest.approx(5.0)
    assert gap.mm == pytest.approx(3.75)
    assert gap.uncertainty_mm == pytest.approx(1.25)


def test_without_one_of_them_there_is_no_gap():
    volume = grid(1.5)
    assert gap_between(sphere(volume, np.zeros(3)), volume) is None
    assert gap_between(volume, sphere(volume, np.zeros(3))) is None


def test_masks_of_other_grids_are_refused():
    with pytest.raises(ValueError, match="masks on"):
        gap_between(grid(1.5), grid(3.0))


@pytest.mark.parametrize("slice_mm", SLICES_MM)
@pytest.mark.parametrize("reach_mm", [5.0, 10.0])
def test_a_shell_around_a_sphere_has_the_volume_of_the_formula(reach_mm, slice_mm):
    volume = grid(slice_mm)
    lesion = sphere(volume, np.array([1.0, -0.5, 0.7]))
    expected_ml = 4 / 3 * np.pi * ((RADIUS_MM + reach_mm) ** 3 - RADIUS_MM**3) / 1000
    everywhere = np.ones(volume.shape, bool)
    assert shell_ml(lesion, everywhere, reach_mm) == pytest.approx(expected_ml, rel=0.05)


def test_a_shell_ends_where_the_liver_ends():
    volume = grid(1.5)
    lesion = sphere(volume, np.zeros(3))
    half = points_ras(volume)[..., 2] > 0
    whole = shell_ml(lesion, np.ones(volume.shape, bool), 5.0)
    assert shell_ml(lesion, half, 5.0) == pytest.approx(whole / 2, rel=0.03)
    assert shell_ml(volume, half, 5.0) == 0.0
