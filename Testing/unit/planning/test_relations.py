"""What a lesion lies in and near to, in a liver of blocks and in one of balls."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, centered, rotation, sphere, voxelize

from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.relations import relate_lesions, segment_shares, segments_title
from LiverTumorSegLib.planning.settings import PlanSettings


def test_shares_are_sorted_and_the_title_names_what_has_more_than_a_fifth(slab_liver):
    lesions = {1: (slice(27, 34), slice(10, 12), slice(5, 6)), 2: (slice(18, 23), slice(20, 22), slice(5, 6))}
    first, second = relate_lesions(slab_liver(lesions=lesions))
    assert first.segment_shares == (("IV", pytest.approx(400 / 7)), ("III", pytest.approx(300 / 7)))
    assert first.segments_title == "IV/III"
    assert (second.segments_title, dict(second.segment_shares)["II"]) == ("III/II", pytest.approx(40))
    assert first.volume_ml == pytest.approx(14 * 0.03)
    exactly = np.array([7] * 8 + [8] * 2, np.uint8)
    assert segments_title(segment_shares(exactly), 20.0) == "VII"
    assert segments_title(segment_shares(exactly), 19.0) == "VII/VIII"
    assert segment_shares(np.array([5, 4], np.uint8)) == (("IV", 50.0), ("V", 50.0))


def test_the_capsule_and_the_vessels_are_as_far_as_their_blocks(slab_liver):
    lesion = {4: (slice(30, 34), slice(10, 14), slice(2, 4))}
    vessels = {4: [(slice(0, 80), slice(20, 22), slice(2, 4))], 5: [(slice(40, 42), slice(8, 20), slice(2, 4))]}
    (found,) = relate_lesions(slab_liver(lesion, vessels, cava=(slice(30, 60), slice(-4, -2), slice(0, 4))))
    assert found.lesion_id == 4
    assert found.capsule.mm == pytest.approx(12.5)  # two slices of 5 mm between faces, three between centres
    assert [vessel.vessel for vessel in found.vessels] == ["hepatic_vein", "portal_vein", "vena_cava"]
    assert [vessel.distance.mm for vessel in found.vessels] == pytest.approx([13.0, 19.5, 37.5])
    assert [vessel.distance.uncertainty_mm for vessel in found.vessels] == pytest.approx([1.0, 1.5, 1.5])
    assert all(vessel.contact is None for vessel in found.vessels)


def test_the_line_of_a_distance_ends_in_the_lesion_and_in_the_other(slab_liver):
    lesion = {1: (slice(30, 34), slice(10, 14), slice(2, 4))}
    anatomy = slab_liver(lesion, {2: [(slice(40, 42), slice(8, 20), slice(2, 4))]})
    (found,) = relate_lesions(anatomy)
    (vessel,) = found.vessels
    assert vessel.vessel == "vessel"
    ends = np.rint(anatomy.segmentation.ijk_from_ras(np.array(vessel.distance.line_ras_mm))).astype(int)
    assert [int(anatomy.segmentation.array[tuple(end)]) for end in ends] == [3, 2]
    assert np.linalg.norm(np.subtract(*vessel.distance.line_ras_mm)) == pytest.approx(14.0)
    outside = np.rint(anatomy.segmentation.ijk_from_ras(np.array(found.capsule.line_ras_mm))).astype(int)
    assert [int(anatomy.segmentation.array[tuple(end)]) for end in outside] == [3, 0]


def test_a_lesion_at_the_surface_and_on_a_vessel_touches_both(slab_liver):
    """Beside a vessel of 2 x 2 voxels (6 x 10 mm) along i, for 8 voxels of 2 mm: one of its four sides."""
    lesion = {1: (slice(30, 38), slice(0, 10), slice(4, 6))}
    (found,) = relate_lesions(slab_liver(lesion, {4: [(slice(0, 80), slice(10, 12), slice(4, 6))]}))
    assert found.capsule.is_contact
    (portal,) = found.vessels
    assert portal.distance.is_contact
    assert portal.contact.length_mm == pytest.approx(16.0, abs=0.1)
    assert portal.contact.angle_deg == pytest.approx(2 * np.degrees(np.arctan2(5, 3)), abs=25)


def lens_mm3(a: float, b: float, apart: float) -> float:
    """What two balls have in common."""
    return np.pi * (a + b - apart) ** 2 * (apart**2 + 2 * apart * (a + b) - 3 * (a - b) ** 2) / (12 * apart)


@pytest.mark.parametrize("slice_mm", [0.9, 3.0, 5.0])
def test_shells_have_the_reaches_of_the_settings_and_end_at_the_capsule(slice_mm):
    """A ball of 12 mm, 30 mm from the centre of a liver that is a ball of 45 mm: its shells cross the capsule."""
    affine = affine_of((0.9, 1.1, slice_mm), turn=rotation(25, 0) @ rotation(15, 2))
    shape = (120, 110, round(112 / slice_mm))
    affine = centered(affine, shape)
    organ = voxelize(shape, affine, sphere(45.0))
    lesion = voxelize(shape, affine, sphere(12.0, (24.0, -18.0, 0.0)))
    segmentation = organ.with_array(np.where(lesion.array, 3, organ.array).astype(np.uint8))
    segments = organ.with_array(organ.array.astype(np.uint8))
    anatomy = PlanAnatomy(segmentation, organ.with_array(lesion.array.astype(np.uint16)), segments)
    (found,) = relate_lesions(anatomy, PlanSettings(shells_mm=(5.0, 10.0)))
    assert [shell.reach_mm for shell in found.shells] == [5.0, 10.0]
    ball = 4 / 3 * np.pi * 12**3
    expected = [lens_mm3(12.0 + reach, 45.0, 30.0) for reach in (5.0, 10.0)]
    assert [shell.ml for shell in found.shells] == pytest.approx([(e - ball) / 1000 for e in expected], rel=0.05)
    assert found.capsule.mm == pytest.approx(3.0, abs=found.capsule.uncertainty_mm + 0.25 * slice_mm)


def test_a_liver_without_lesions_has_no_relations(slab_liver):
    assert relate_lesions(slab_liver()) == ()


def test_a_lesion_in_an_organ_that_fills_the_image_has_no_capsule(slab_liver):
    anatomy = slab_liver({1: (slice(30, 34), slice(10, 14), slice(2, 4))})
    box = (slice(6, 86), slice(4, 44), slice(3, 19))
    (found,) = relate_lesions(
        PlanAnatomy(*(p.crop(box) for p in (anatomy.segmentation, anatomy.lesions, anatomy.segments)))
    )
    assert found.capsule is None
