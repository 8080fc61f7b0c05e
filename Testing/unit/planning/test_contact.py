"""Vessels that run past a lesion, along it and through it: length and angle of the contact are known."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, centered, rotation

from LiverTumorSegLib.planning.contact import VesselWall
from LiverTumorSegLib.volume import Volume

SLICES_MM = (0.7, 1.6, 3.0)
DIRECTIONS = ((0.0, 0.0, 1.0), (1.0, 0.4, 0.2), (0.3, 0.8, 0.9))
RADIUS_MM = 5.0


class Scene:
    """A vessel through the middle of an oblique grid. along: its direction. aside, across: the two at right angles."""

    def __init__(self, slice_mm: float, along: tuple[float, float, float]) -> None:
        spacing = (0.7, 0.9, slice_mm)
        shape = tuple(round(size / step) for size, step in zip((70, 60, 64), spacing, strict=True))
        center = np.array([1.0, 2.0, 3.0])
        affine = centered(affine_of(spacing, turn=rotation(25, 0) @ rotation(15, 2)), shape, center)
        self.grid = Volume(np.zeros(shape, np.uint16), affine)
        points = self.grid.ras_from_ijk(np.argwhere(np.ones(shape, bool))).reshape(*shape, 3) - center
        axis = np.array(along) / np.linalg.norm(along)
        aside = np.cross(axis, [0.3, 0.5, 0.8])
        aside /= np.linalg.norm(aside)
        self.a, self.s, self.c = points @ axis, points @ aside, points @ np.cross(axis, aside)
        self.vessel = (np.hypot(self.s, self.c) <= RADIUS_MM) & (np.abs(self.a) <= 28)

    def contact(self, lesion: np.ndarray):
        ids = self.grid.with_array((lesion & ~self.vessel).astype(np.uint16) * 3)
        return VesselWall.of(self.grid.with_array(self.vessel)).contact_with(ids, 3)


@pytest.fixture(scope="module", params=[(s, d) for s in SLICES_MM for d in DIRECTIONS], ids=str)
def scene(request):
    slice_mm, along = request.param
    made = Scene(slice_mm, along)
    made.length_tolerance_mm, made.angle_tolerance = 0.8 + 0.9 * slice_mm, 12 + 7 * slice_mm
    return made


def test_a_vessel_sunk_by_half_into_a_lesion_touches_it_around_180_degrees(scene):
    contact = scene.contact((scene.s > 0) & (np.abs(scene.a) <= 10))
    assert contact.length_mm == pytest.approx(20, abs=scene.length_tolerance_mm)
    assert contact.angle_deg == pytest.approx(180, abs=scene.angle_tolerance)


def test_an_encased_vessel_touches_around_360_degrees(scene):
    contact = scene.contact(np.abs(scene.a) <= 8)
    assert contact.length_mm == pytest.approx(16, abs=scene.length_tolerance_mm)
    assert contact.angle_deg == pytest.approx(360, abs=2)


def test_a_lesion_in_one_quadrant_touches_around_90_degrees(scene):
    contact = scene.contact((scene.s > 0) & (scene.c > 0) & (np.abs(scene.a) <= 10))
    assert contact.length_mm == pytest.approx(20, abs=scene.length_tolerance_mm)
    assert contact.angle_deg == pytest.approx(90, abs=scene.angle_tolerance)


def test_a_ball_that_a_vessel_dents_touches_it_as_two_circles_cut(scene):
    ball_mm, apart_mm = 14.0, 14.0
    contact = scene.contact(np.sqrt(scene.a**2 + (scene.s - apart_mm) ** 2 + scene.c**2) <= ball_mm)
    length_mm = 2 * np.sqrt(ball_mm**2 - (apart_mm - RADIUS_MM) ** 2)
    cosine = (apart_mm**2 + RADIUS_MM**2 - ball_mm**2) / (2 * apart_mm * RADIUS_MM)
    assert contact.length_mm == pytest.approx(length_mm, abs=scene.length_tolerance_mm)
    assert contact.angle_deg == pytest.approx(2 * np.degrees(np.arccos(cosine)), abs=scene.angle_tolerance)


def test_without_a_shared_face_there_is_neither_length_nor_angle():
    grid = Volume(np.zeros((20, 20, 20), np.uint16), np.diag([0.8, -0.8, 2.5, 1.0]))
    vessel, lesion = np.zeros(grid.shape, bool), np.zeros(grid.shape, np.uint16)
    vessel[8:12, 8:12, :], lesion[12, 12, 5:9] = True, 1  # edges in common
    contact = VesselWall.of(grid.with_array(vessel)).contact_with(grid.with_array(lesion), 1)
    assert (contact.length_mm, contact.total_mm, contact.angle_deg) == (0.0, 0.0, 0.0)


def test_the_length_is_the_longest_stretch_and_the_total_adds_up_without_what_lies_between():
    """Stretches of 12 and 6 mm, 10 mm apart."""
    scene = Scene(1.6, (0.0, 0.0, 1.0))
    near, far = (scene.a >= -17) & (scene.a <= -5), (scene.a >= 5) & (scene.a <= 11)
    contact = scene.contact((near | far) & (scene.s > 0))
    assert contact.length_mm == pytest.approx(12, abs=2.3)
    assert contact.total_mm == pytest.approx(18, abs=2 * 2.3)
    assert contact.total_mm > contact.length_mm + 3


def test_a_break_of_a_voxel_does_not_part_a_stretch_and_one_of_three_does():
    grid = Volume(np.zeros((60, 12, 12), np.uint16), np.diag([0.8, -0.8, 1.2, 1.0]))
    vessel, lesion = np.zeros(grid.shape, bool), np.zeros(grid.shape, np.uint16)
    vessel[:, 4:8, 4:8], lesion[10:45, 8, 4:8] = True, 1
    lesion[20, 8, 4:8] = lesion[30:33, 8, 4:8] = 0
    contact = VesselWall.of(grid.with_array(vessel)).contact_with(grid.with_array(lesion), 1)
    assert contact.length_mm == pytest.approx(20 * 0.8, abs=0.1)
    assert contact.total_mm == pytest.approx((20 + 12) * 0.8, abs=0.1)


def test_contact_with_two_branches_is_as_long_as_along_the_longer_one():
    """A fork: a trunk of 24 mm and two arms; the lesion lies along 12 mm of one arm and 6 mm of the other."""
    grid = Volume(np.zeros((70, 64, 12), np.uint16), np.diag([1.0, 1.0, 1.5, 1.0]))
    vessel, lesion = np.zeros(grid.shape, bool), np.zeros(grid.shape, np.uint16)
    vessel[0:25, 30:34, 4:7] = vessel[22:26, 4:60, 4:7] = True
    lesion[26, 6:18, 4:7] = lesion[26, 48:54, 4:7] = 1
    contact = VesselWall.of(grid.with_array(vessel)).contact_with(grid.with_array(lesion), 1)
    assert contact.length_mm == pytest.approx(12, abs=0.5)
    assert contact.total_mm == pytest.approx(18, abs=1.0)


def test_all_faces_of_a_tube_turn_once_around_it_whatever_the_voxels():
    for slice_mm in (0.7, 5.0):
        wall = VesselWall.of(Scene(slice_mm, (0.3, 0.8, 0.9)).grid.with_array(Scene(slice_mm, (0.3, 0.8, 0.9)).vessel))
        assert wall.turn.sum() / (2 * np.pi) == pytest.approx(56, rel=0.04)
