"""Resections of a liver whose segments, lesions and vessels are blocks: all numbers are known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import STORAGE_ORDERS, stored_as
from refusals import refused

from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.margin import MarginClass
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import SegmentResection, SurfaceResection, resect
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side

SEGMENT_ML = 192.0
LESIONS = {
    1: (slice(12, 16), slice(10, 14), slice(4, 8)),  # in II; 1.92 ml
    2: (slice(38, 42), slice(20, 22), slice(6, 8)),  # half in IV, half in V; 0.48 ml
}


@pytest.fixture(scope="module")
def anatomy(slab_liver):
    return slab_liver(lesions=LESIONS)


@pytest.fixture(scope="module")
def fields(anatomy):
    return PlanningFields.of(anatomy)


def across(anatomy: PlanAnatomy, at_i: float) -> Plane:
    """At a right angle to the liver's long axis, through an index of the liver."""
    (point,) = anatomy.segmentation.ras_from_ijk(np.array([[at_i + 6, 20.0, 8.0]]))
    return Plane(tuple(map(float, point)), tuple(map(float, anatomy.segmentation.affine[:3, 0])))


def test_segments_are_removed_to_the_voxel_and_the_rest_remains(anatomy, fields):
    result = resect(fields, SegmentResection(("I", "II")))
    assert result.resected_ml == pytest.approx(2 * SEGMENT_ML)
    assert result.remnant.flr_ml == pytest.approx(6 * SEGMENT_ML)
    gone, left = (
        part.array for part in (result.resected_on(anatomy.segmentation), result.remnant_on(anatomy.segmentation))
    )
    np.testing.assert_array_equal(gone, np.isin(anatomy.segments.array, [1, 2]))
    np.testing.assert_array_equal(gone | left, anatomy.organ)
    assert not (gone & left).any()


def test_lesions_are_removed_cut_or_left(fields):
    result = resect(fields, SegmentResection(("I", "II", "IV")))
    assert (result.lesions_removed, result.lesions_cut, result.lesions_left) == ((1,), (2,), ())
    assert not result.removes_all_lesions
    assert (result.margin.distance.mm, result.margin.margin_class) == (0.0, MarginClass.NONE)
    assert resect(fields, SegmentResection(("VII",))).margin is None
    assert resect(fields, SegmentResection(("II", "III", "IV", "V"))).lesions_removed == (1, 2)


def test_the_margin_is_the_mean_of_the_ways_between_centres_and_faces(fields):
    margin = resect(fields, SegmentResection(("I", "II"))).margin
    assert margin.distance.mm == pytest.approx(9.0)  # voxel 15 to voxel 20: 10 mm between centres, 8 between faces
    assert margin.voxel_mm == pytest.approx(2.0)
    assert margin.margin_class is MarginClass.UNDER_10
    assert margin.possible_classes == (MarginClass.UNDER_10, MarginClass.WIDE)


def test_a_lesion_that_stays_does_not_hide_the_margin_of_one_that_goes(slab_liver):
    near = {3: (slice(20, 22), slice(10, 14), slice(4, 8))} | LESIONS
    result = resect(PlanningFields.of(slab_liver(lesions=near)), SegmentResection(("I", "II")))
    assert (result.lesions_removed, result.lesions_left) == ((1,), (2, 3))
    assert result.margin.distance.mm == pytest.approx(9.0)


def test_the_remnant_in_percent_leaves_tumour_out_where_it_is_measured(fields):
    patient = Patient(170.0, 70.0)
    remnant = resect(fields, SegmentResection(("V", "VI", "VII", "VIII")), patient).remnant
    tumor_ml = 1.92 + 0.24
    assert remnant.tumor_in_flr_ml == pytest.approx(tumor_ml)
    assert remnant.measured_percent == pytest.approx(100 * (768 - tumor_ml) / (8 * SEGMENT_ML - 2.4))
    assert remnant.standardised_percent == pytest.approx(100 * 768 / patient.standard_liver_ml)
    assert remnant.functional is None
    assert resect(fields, SegmentResection(("V",))).remnant.standardised_percent is None


@pytest.mark.parametrize("removes", [(1,), Side.AGAINST_NORMAL], ids=str)
def test_a_plane_removes_the_side_that_is_named_or_holds_the_lesion(anatomy, fields, removes):
    result = resect(fields, SurfaceResection(across(anatomy, 24.5), removes))
    assert result.resected_ml == pytest.approx(25 * 19.2)
    assert (result.lesions_removed, result.lesions_left) == ((1,), (2,))
    assert result.margin.distance.mm == pytest.approx(19.0)
    other = resect(fields, SurfaceResection(across(anatomy, 24.5), Side.ALONG_NORMAL))
    assert other.resected_ml == pytest.approx(result.remnant.flr_ml)


def test_an_oblique_plane_shares_out_the_liver_to_the_voxel(anatomy, fields):
    (point,) = anatomy.segmentation.ras_from_ijk(np.array([[45.0, 24.0, 11.0]]))
    plane = Plane(tuple(map(float, point)), (0.7, -0.4, 0.3))
    result = resect(fields, SurfaceResection(plane, Side.ALONG_NORMAL))
    parts = [part(anatomy.segmentation).array for part in (result.resected_on, result.remnant_on)]
    np.testing.assert_array_equal(parts[0] ^ parts[1], anatomy.organ)
    inside = np.argwhere(anatomy.organ)
    height = (anatomy.segmentation.ras_from_ijk(inside) - point) @ np.array([0.7, -0.4, 0.3])
    clear = np.abs(height) > 1e-3
    np.testing.assert_array_equal(parts[0][tuple(inside[clear].T)], height[clear] > 0)


def sheet(anatomy: PlanAnatomy, bend: float, reach_mm: float = 30.0, width: float = 1.0) -> CurvedSurface:
    """Across the liver at its middle, bent along j. width: share of the liver that the points span."""
    js, ks = 19.5 + 18.0 * width * np.linspace(-1, 1, 5), 7.5 + 7.0 * width * np.linspace(-1, 1, 4)
    ijk = np.array([[39.5 + bend * ((j - 19.5) / 20) ** 2, j, k] for j in js for k in ks]) + [6, 4, 3]
    return CurvedSurface(tuple(tuple(map(float, p)) for p in anatomy.segmentation.ras_from_ijk(ijk)), reach_mm=reach_mm)


def test_a_curved_surface_cuts_along_its_curve(anatomy, fields):
    result = resect(fields, SurfaceResection(sheet(anatomy, 12.0), (1,)))
    gone = result.resected_on(anatomy.segmentation).array[6:86, 4:44, 3:19].sum(axis=0)
    expected = 40 + 12.0 * ((np.arange(40) - 19.5) / 20) ** 2
    assert np.abs(gone - expected[:, np.newaxis]).max() <= 1.0
    assert result.resected_ml + result.remnant.flr_ml == pytest.approx(8 * SEGMENT_ML)


def test_surfaces_that_do_not_cut_through_are_refused(anatomy, fields):
    with refused("removes 0.0 ml and leaves 1536.0 ml", "a cut through the liver"):
        resect(fields, SurfaceResection(across(anatomy, -3.0), Side.AGAINST_NORMAL))
    with refused("removes 1536.0 ml and leaves 0.0 ml"):
        resect(fields, SurfaceResection(across(anatomy, 90.0), Side.AGAINST_NORMAL))
    with refused("ends", "before it has cut through"):
        resect(fields, SurfaceResection(sheet(anatomy, 12.0, reach_mm=5.0, width=0.5), (1,)))


def test_all_segments_together_or_names_that_are_none_are_refused(fields):
    with refused("leaves 0.0 ml"):
        resect(fields, SegmentResection(("I", "II", "III", "IV", "V", "VI", "VII", "VIII")))
    with refused("IX"):
        SegmentResection(("IX",))
    with refused("(none)"):
        SegmentResection(())


def test_lesions_that_name_no_one_side_are_refused(anatomy, fields):
    with refused("lesions [1, 2] on both sides"):
        resect(fields, SurfaceResection(across(anatomy, 24.5), (1, 2)))
    with refused("lesions [7]", "[1, 2]"):
        resect(fields, SurfaceResection(across(anatomy, 24.5), (7,)))
    with refused("lesions []"):
        resect(fields, SurfaceResection(across(anatomy, 24.5), ()))


@pytest.mark.parametrize(("axes", "flips"), STORAGE_ORDERS[5::9])
def test_the_same_patient_stored_otherwise_has_the_same_numbers(slab_liver, pipes, axes, flips):
    anatomy = slab_liver(lesions=LESIONS, labels=pipes)
    stored = PlanAnatomy(
        *(stored_as(part, axes, flips) for part in (anatomy.segmentation, anatomy.lesions, anatomy.segments))
    )
    cuts = [SegmentResection(("I", "II")), SurfaceResection(sheet(anatomy, 12.0), (1,))]
    for cut in cuts:
        first, other = (resect(PlanningFields.of(one), cut) for one in (anatomy, stored))
        assert other.resected_ml == pytest.approx(first.resected_ml)
        assert other.margin.distance.mm == pytest.approx(first.margin.distance.mm)
        assert other.remnant.functional.ml == pytest.approx(first.remnant.functional.ml)
        back = stored_as(first.resected_on(anatomy.segmentation), axes, flips)
        np.testing.assert_array_equal(other.resected_on(stored.segmentation).array, back.array)
