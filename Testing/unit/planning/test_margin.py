"""Planned margins between a ball and a plane at known distances, and the classes they fall in."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, centered, rotation

from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.margin import Margin, MarginClass, cut_voxels, margin_to
from LiverTumorSegLib.planning.relations import Distance
from LiverTumorSegLib.planning.resection import SurfaceResection, resect
from LiverTumorSegLib.planning.surfaces import Plane, Side
from LiverTumorSegLib.planning.voxel_surface import VoxelSurface, corners_of
from LiverTumorSegLib.volume import Volume

CENTER = np.array([4.0, -7.0, 52.0])
RADIUS_MM = 11.0


@pytest.fixture(scope="module", params=[0.7, 1.5, 3.0, 5.0])
def ball_in_liver(request):
    """A ball in a ball, on an oblique grid of slices that far apart."""
    spacing = (0.9, 1.1, request.param)
    affine = affine_of(spacing, turn=rotation(25, 0) @ rotation(15, 2))
    shape = tuple(round(size / step) for size, step in zip((78, 84, 80), spacing, strict=True))
    affine = centered(affine, shape, CENTER)
    grid = Volume(np.zeros(shape, np.uint8), affine)
    away = np.linalg.norm(grid.ras_from_ijk(np.argwhere(np.ones(shape, bool))) - CENTER, axis=1).reshape(shape)
    organ, lesion = away <= 37, away <= RADIUS_MM
    segmentation = grid.with_array(np.where(lesion, 3, organ).astype(np.uint8))
    ids, segments = grid.with_array(lesion.astype(np.uint16)), grid.with_array(organ.astype(np.uint8))
    return PlanningFields.of(PlanAnatomy(segmentation, ids, segments)), request.param


@pytest.mark.parametrize("gap_mm", [1.0, 2.0, 5.0, 10.0])
def test_a_plane_at_a_distance_leaves_a_margin_of_that_width(ball_in_liver, gap_mm):
    fields, slice_mm = ball_in_liver
    errors = []
    for seed in range(3):
        normal = np.random.default_rng(seed).normal(size=3)
        normal /= np.linalg.norm(normal)
        point = CENTER + (RADIUS_MM + gap_mm) * normal
        plane = Plane(tuple(map(float, point)), tuple(map(float, normal)))
        result = resect(fields, SurfaceResection(plane, (1,)))
        margin = result.margin
        assert (result.lesions_removed, result.removes_all_lesions) == ((1,), True)
        assert abs(margin.distance.mm - gap_mm) <= margin.voxel_mm / 2 + 0.25 * slice_mm
        ends = np.array(margin.distance.line_ras_mm)
        assert abs(np.linalg.norm(ends[0] - CENTER) - RADIUS_MM) < 1 + slice_mm
        assert 0 <= (ends[1] - point) @ normal < 1 + slice_mm
        errors.append(margin.distance.mm - gap_mm)
        assert MarginClass.of(gap_mm) in margin.possible_classes
    assert abs(np.mean(errors)) < 0.4 + 0.15 * slice_mm


def test_a_plane_that_grazes_the_ball_leaves_none(ball_in_liver):
    fields, _ = ball_in_liver
    plane = Plane(tuple(map(float, CENTER + [0.0, 0.0, RADIUS_MM - 0.1])), (0.0, 0.0, 1.0))
    margin = resect(fields, SurfaceResection(plane, Side.AGAINST_NORMAL)).margin
    assert margin.distance.mm <= 0.5 * margin.voxel_mm + 0.3
    assert margin.possible_classes[0] is MarginClass.NONE


@pytest.mark.parametrize(
    ("mm", "expected"),
    [
        (0.0, "0"),
        (0.01, "<1"),
        (0.999, "<1"),
        (1.0, "1-5"),
        (4.999, "1-5"),
        (5.0, "5-10"),
        (9.99, "5-10"),
        (10.0, ">=10"),
    ],
)
def test_a_class_holds_its_lower_limit(mm, expected):
    assert MarginClass.of(mm).value == expected
    assert MarginClass.of(mm, is_contact=True) is MarginClass.NONE
    assert MarginClass.of(mm).title


def margin_of(mm: float, voxel_mm: float) -> Margin:
    return Margin(Distance(mm, voxel_mm / 2, False, ((0.0, 0.0, 0.0), (0.0, 0.0, mm))), voxel_mm)


def test_a_class_could_change_where_one_voxel_more_or_less_falls_in_another():
    assert margin_of(7.0, 1.9).possible_classes == (MarginClass.UNDER_10,)
    assert not margin_of(7.0, 1.9).could_change
    assert margin_of(7.0, 3.0).possible_classes == (MarginClass.UNDER_5, MarginClass.UNDER_10, MarginClass.WIDE)
    assert margin_of(6.0, 1.5).possible_classes == (MarginClass.UNDER_5, MarginClass.UNDER_10)
    assert margin_of(2.0, 5.0).possible_classes == (
        MarginClass.NONE,
        MarginClass.UNDER_1,
        MarginClass.UNDER_5,
        MarginClass.UNDER_10,
    )
    assert margin_of(2.0, 5.0).could_change


def test_the_shortest_way_is_that_of_a_search_over_all_pairs():
    rng = np.random.default_rng(5)
    grid = Volume(np.zeros((14, 11, 9), np.uint8), np.diag([0.8, -1.3, 2.9, 1.0]))
    for _ in range(5):
        lesion, cut = rng.random(grid.shape) > 0.99, rng.random(grid.shape) > 0.99
        lesion[7:], cut[:7] = False, False
        lesion[0, 0, 0] = cut[13, 10, 8] = True
        margin = margin_to([VoxelSurface.of(lesion)], np.argwhere(cut), grid)
        steps = np.abs(np.argwhere(lesion)[:, np.newaxis] - np.argwhere(cut))
        centers = np.linalg.norm(steps * grid.spacing_mm, axis=2).min()
        faces = np.linalg.norm(np.maximum(0, steps - 1) * grid.spacing_mm, axis=2).min()
        assert margin.distance.mm == pytest.approx((centers + faces) / 2)
        assert margin.voxel_mm == pytest.approx(centers - faces)
        assert np.linalg.norm(np.subtract(*margin.distance.line_ras_mm)) == pytest.approx(centers)
    assert margin_to([], np.argwhere(cut), grid) is None
    assert margin_to([VoxelSurface.of(lesion)], np.zeros((0, 3), int), grid) is None


def test_the_surface_of_a_block_is_all_but_its_inside():
    mask = np.zeros((9, 8, 7), bool)
    mask[2:7, 2:6, 0:4] = True  # reaches the edge of the volume, which counts as its surface
    surface = VoxelSurface.of(mask)
    assert len(surface.voxels_ijk) == 5 * 4 * 4 - 3 * 2 * 2
    assert len(surface.corners_ijk) == 6 * 5 * 5 - 2 * 1 * 1
    assert len(VoxelSurface.of(np.zeros((3, 3, 3), bool)).voxels_ijk) == 0
    np.testing.assert_array_equal(corners_of(np.array([[0, 0, 0]])), np.argwhere(np.ones((2, 2, 2))))


def test_the_cut_is_where_the_remnant_has_a_face_to_what_is_removed():
    parts = np.zeros((5, 4, 3), np.uint8)
    parts[1:4, 1:3, :2] = 1
    parts[3, 1:3, :2] = 2
    parts[4, 0, 0] = 2  # only an edge in common with the rest
    np.testing.assert_array_equal(cut_voxels(parts, 1, 2), [[2, 1, 0], [2, 1, 1], [2, 2, 0], [2, 2, 1]])
