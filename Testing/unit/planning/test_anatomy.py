"""What a plan is made of must fit together."""

from __future__ import annotations

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.volume import Volume


def parts_of(anatomy: PlanAnatomy) -> dict[str, Volume]:
    return {name: getattr(anatomy, name) for name in ("segmentation", "lesions", "segments")}


def test_masks_of_other_grids_are_refused(slab_liver):
    anatomy = slab_liver()
    moved = anatomy.lesions.affine.copy()
    moved[2, 3] += 1.0
    with refused("lesions on", "the segmentation's grid"):
        PlanAnatomy(**parts_of(anatomy) | {"lesions": Volume(anatomy.lesions.array, moved)})
    with refused("cava on"):
        PlanAnatomy(**parts_of(anatomy), cava=Volume(anatomy.lesions.array[1:], moved))


def test_segments_must_share_out_the_organ_exactly(slab_liver):
    anatomy = slab_liver()
    segments = anatomy.segments.array.copy()
    segments[20, 20, 10], segments[0, 0, 0] = 0, 4
    with refused("1 voxels of the liver without a segment and 1 of segments outside"):
        PlanAnatomy(**parts_of(anatomy) | {"segments": anatomy.segments.with_array(segments)})
    segments[20, 20, 10], segments[0, 0, 0] = 11, 0
    with refused("values [11]"):
        PlanAnatomy(**parts_of(anatomy) | {"segments": anatomy.segments.with_array(segments)})


def test_lesions_outside_the_organ_and_a_missing_organ_are_refused(slab_liver):
    anatomy = slab_liver()
    lesions = anatomy.lesions.array.copy()
    lesions[0, 0, :2] = 3
    with refused("lesions with 2 voxels outside the liver"):
        PlanAnatomy(**parts_of(anatomy) | {"lesions": anatomy.lesions.with_array(lesions)})
    nothing = {name: part.with_array(np.zeros_like(part.array)) for name, part in parts_of(anatomy).items()}
    with refused("without a liver"):
        PlanAnatomy(**nothing)


def test_a_crop_keeps_everything_in_its_place_in_the_patient(slab_liver):
    anatomy = slab_liver(lesions={2: (slice(33, 37), slice(10, 12), slice(3, 4))})
    padded = [np.pad(part.array, ((30, 2), (20, 9), (11, 7))) for part in parts_of(anatomy).values()]
    affine = anatomy.segmentation.affine.copy()
    affine[:3, 3] = anatomy.segmentation.ras_from_ijk(np.array([[-30, -20, -11]]))[0]
    plan, box = PlanAnatomy(*(Volume(array, affine) for array in padded)).cropped()
    assert plan.lesions.shape == tuple(side.stop - side.start for side in box)
    assert plan.lesions.shape < padded[0].shape
    voxel = np.argwhere(plan.lesions.array == 2)[:1]
    np.testing.assert_allclose(
        plan.lesions.ras_from_ijk(voxel), anatomy.lesions.ras_from_ijk(np.array([[39, 14, 6]])), atol=1e-9
    )
    assert plan.lesion_ids == (2,)


def test_only_vessels_that_there_are_get_a_name(slab_liver, pipes):
    assert slab_liver().vessels() == {}
    assert set(slab_liver(labels=pipes).vessels()) == {"portal_vein", "hepatic_vein"}
    told = slab_liver(labels={2: pipes[4]}, cava=(slice(-4, -2), slice(0, 5), slice(0, 9))).vessels()
    assert {name: int(mask.sum()) for name, mask in told.items() if name == "vena_cava"} == {"vena_cava": 90}
    assert "vessel" in told


@pytest.mark.parametrize("name", ["segmentation", "lesions", "segments"])
def test_the_crop_does_not_change_what_it_was_cut_from(slab_liver, name):
    anatomy = slab_liver()
    before = getattr(anatomy, name).array.copy()
    anatomy.cropped()[0].segmentation.array[:] = 7
    np.testing.assert_array_equal(getattr(anatomy, name).array, before)
