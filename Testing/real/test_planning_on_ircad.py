"""A plan of a real patient with seven lesions, from experts' masks: what must add up does, and what is near is near."""

import numpy as np
import pytest
from real_cases import load_mask
from scipy import ndimage

from LiverTumorSegLib.labels import COUINAUD_LABELS
from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.margin import MarginClass
from LiverTumorSegLib.planning.relations import relate_lesions
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import SegmentResection, SurfaceResection, resect
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side
from LiverTumorSegLib.planning.usual import USUAL_RESECTIONS, what_if
from LiverTumorSegLib.volume import Volume

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def anatomy(real_data):
    """Vessels outside the expert's liver are the cava and the trunk; liver without a segment gets the nearest one."""
    import nibabel

    folder = real_data / "cases" / "ircad01"
    grid = Volume(load_mask(folder / "liver.nii.gz"), nibabel.load(folder / "liver.nii.gz").affine)
    ids = load_mask(folder / "liver_tumors_instances.nii.gz").astype(np.uint16)
    portal, hepatic = (
        load_mask(folder / f"{name}.nii.gz") > 0 for name in ("portal_vein", "hepatic_veins_and_vena_cava")
    )
    organ = (grid.array > 0) | (ids > 0)
    segmentation = np.select([ids > 0, hepatic & organ, portal & organ, organ], [3, 5, 4, 1]).astype(np.uint8)
    segments = covered(load_mask(folder / "couinaud.nii.gz").astype(np.uint8), organ, grid)
    outside = (grid.with_array(part & ~organ) for part in (hepatic, portal))
    return PlanAnatomy(grid.with_array(segmentation), grid.with_array(ids), grid.with_array(segments), *outside)


def covered(segments, organ, grid):
    at = ndimage.distance_transform_edt(
        segments == 0, sampling=grid.spacing_mm, return_distances=False, return_indices=True
    )
    return np.where(organ, segments[tuple(at)], 0).astype(np.uint8)


@pytest.fixture(scope="module")
def fields(anatomy):
    return PlanningFields.of(anatomy)


def middle(fields):
    x, y, z = fields.organ_ras.mean(axis=0).astype(float).tolist()
    return x, y, z


def cuts(fields):
    x, y, z = middle(fields)
    points = [(x + 8 * np.sin(a / 30), y + a, z + b) for a in (-90, -30, 30, 90) for b in (-90, -30, 30, 90)]
    bent = CurvedSurface(tuple(tuple(map(float, point)) for point in points))
    return [
        SegmentResection(("V", "VI", "VII", "VIII")),
        SurfaceResection(Plane((x, y, z), (1.0, 0.3, 0.2)), Side.ALONG_NORMAL),
        SurfaceResection(bent, Side.AGAINST_NORMAL),
    ]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["segments", "plane", "curved surface"])
def test_a_resection_shares_out_the_liver_to_the_voxel(anatomy, fields, which):
    result = resect(fields, cuts(fields)[which], Patient(170.0, 70.0))
    gone, left = (part(anatomy.segmentation).array for part in (result.resected_on, result.remnant_on))
    np.testing.assert_array_equal(gone ^ left, anatomy.organ)
    assert result.resected_ml + result.remnant.flr_ml == pytest.approx(1489.41, abs=0.005)
    ids = np.concatenate([result.lesions_removed, result.lesions_cut, result.lesions_left])
    assert sorted(ids) == [1, 2, 3, 4, 5, 6, 7]
    for lesion_id in result.lesions_removed:
        assert not left[anatomy.lesions.array == lesion_id].any()
    assert result.remnant.functional.ml <= result.remnant.flr_ml - result.remnant.tumor_in_flr_ml + 1e-6


def test_the_eight_segments_removed_one_by_one_are_the_liver(fields):
    removed = [resect(fields, SegmentResection((label.name,))).resected_ml for label in COUINAUD_LABELS]
    assert sum(removed) == pytest.approx(1489.41, abs=0.005)


def test_each_lesion_lies_in_its_segments_and_touches_what_its_gap_says(anatomy):
    relations = relate_lesions(anatomy)
    assert [lesion.lesion_id for lesion in relations] == [1, 2, 3, 4, 5, 6, 7]
    assert sum(lesion.volume_ml for lesion in relations) == pytest.approx(111.385, abs=0.01)
    for lesion in relations:
        assert sum(percent for _, percent in lesion.segment_shares) == pytest.approx(100)
        assert {vessel.vessel for vessel in lesion.vessels} == {"portal_vein", "hepatic_vein", "vena_cava"}
        near, far = lesion.shells
        assert 0 < near.ml < far.ml
        for vessel in lesion.vessels:
            assert (vessel.contact is not None) is vessel.distance.is_contact
            line_mm = np.linalg.norm(np.subtract(*vessel.distance.line_ras_mm))
            assert line_mm == pytest.approx(vessel.distance.mm + vessel.distance.uncertainty_mm, abs=1e-3)


def test_a_segment_with_no_lesion_that_is_removed_has_no_margin_and_a_cut_lesion_has_none_left(fields):
    rows = what_if(fields)
    # IV is not divided in the expert's map.
    possible = [usual for usual in USUAL_RESECTIONS if not {"IVa", "IVb"} & set(usual.segments)]
    assert len(rows) == len(possible)
    for row in rows:
        assert (row.margin is None) == (not row.lesions_removed and not row.lesions_cut)
        if row.lesions_cut:
            assert row.margin.margin_class is MarginClass.NONE
