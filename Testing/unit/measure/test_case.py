"""measure_case: volumes, ids, flags, and that none of it depends on how the volume is stored."""

from dataclasses import replace

import numpy as np
import pytest
from phantoms import (
    STORAGE_ORDERS,
    affine_of,
    body,
    box,
    centered,
    ellipsoid,
    in_liver,
    pipe,
    rotation,
    sphere,
    stored_as,
    tumor_only,
    union,
    voxelize,
)

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.measure.settings import MeasureSettings
from LiverTumorSegLib.measurements import CaseQuality, Grade, Measurements
from LiverTumorSegLib.volume import Volume

ANY_LIVER = MeasureSettings(liver_range_ml=(0.0, 1e6))


def patient_view(measurements):
    """Everything that belongs to the patient and not to the way the array is stored."""
    return [
        (*lesion.long_axis_ras_mm, *lesion.short_axis_ras_mm)
        + ((lesion.volume_ml, lesion.long_axis_mm, lesion.short_axis_mm),)
        + ((lesion.feret_mm, lesion.slice_position_mm, lesion.slice_thickness_mm),)
        for lesion in measurements.lesions
    ]


def labels_on(shape, affine, *parts):
    """Label map: later (value, shape) pairs paint over earlier ones."""
    labels = np.zeros(shape, np.uint8)
    for value, inside in parts:
        labels[voxelize(shape, affine, inside).array] = value
    return Volume(labels, affine)


def test_volumes_are_voxel_counts_times_the_determinant_on_a_sheared_grid():
    affine = affine_of((0.7, 0.8, 2.5), turn=rotation(20.0, 0), shear={(0, 1): 0.3, (1, 2): 0.7})
    labels = np.zeros((10, 11, 12), np.uint8)
    labels[1:9, 1:10, 1:11] = LIVER.value
    labels[2:4, 2:5, 2:9] = VESSEL.value
    labels[5:8, 5:8, 3:6] = TUMOR.value
    measured, _ = measure_case(Volume(labels, affine))
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    assert voxel_ml != pytest.approx(np.prod(np.linalg.norm(affine[:3, :3], axis=0)) / 1000, rel=1e-3)
    assert measured.liver_ml == pytest.approx(720 * voxel_ml, rel=1e-12)
    assert measured.vessel_ml == pytest.approx(42 * voxel_ml, rel=1e-12)
    assert measured.tumor_ml == pytest.approx(27 * voxel_ml, rel=1e-12)
    assert measured.burden_percent == pytest.approx(100 * 27 / 720, rel=1e-12)
    assert sum(lesion.volume_ml for lesion in measured.lesions) == pytest.approx(measured.tumor_ml, rel=1e-12)


def test_twice_the_spacing_gives_twice_the_diameters_and_eight_times_the_volume_exactly():
    turn = rotation(30.0, 2) @ rotation(9.0, 0)
    bodies = union(ellipsoid((9.0, 5.0, 7.0), turn), sphere(3.0, (0.0, 11.0, 6.0)), pipe(15.0, 12.0, 3.0, 90.0))
    small = in_liver(body(bodies, 17.0, affine_of((0.7, 0.8, 1.6), turn=turn)))
    double = small.affine.copy()
    double[:3] *= 2
    (once, _), (twice, _) = measure_case(small), measure_case(Volume(small.array, double))
    assert len(once.lesions) == 3
    for a, b in zip(once.lesions, twice.lesions, strict=True):
        assert b.long_axis_mm == 2 * a.long_axis_mm
        assert b.short_axis_mm == 2 * a.short_axis_mm
        assert b.feret_mm == 2 * a.feret_mm
        assert b.volume_ml == 8 * a.volume_ml
    assert twice.liver_ml == 8 * once.liver_ml
    assert twice.burden_percent == once.burden_percent


def orientation_phantoms():
    linear = affine_of((0.8, 1.0, 2.5))
    a_box = body(box((40.0, 20.0, 10.0)), 26.0, linear, center_ras=(13.0, -20.0, 110.0))
    tilt = rotation(8.0, 0) @ rotation(5.0, 1) @ rotation(30.0, 2)
    twins = union(*[sphere(4.0, (x, y, z)) for x in (-8.0, 8.0) for y in (-8.0, 8.0) for z in (-8.0, 8.0)])
    several = body(twins, 15.0, affine_of((0.8, 1.0, 2.0), turn=tilt))
    return {"a box of 40 x 20 x 10 mm": (a_box, 1), "eight equal balls on an oblique grid": (several, 8)}


@pytest.mark.parametrize("name", orientation_phantoms())
def test_all_48_storage_orders_give_the_same_numbers_end_points_and_ids(name):
    mask, count = orientation_phantoms()[name]
    reference, instances = measure_case(in_liver(mask))
    assert len(reference.lesions) == count
    for axes, flips in STORAGE_ORDERS:
        measured, stored = measure_case(in_liver(stored_as(mask, axes, flips)))
        assert len(measured.lesions) == count
        np.testing.assert_allclose(
            np.array([np.ravel(row) for row in map(flatten, patient_view(measured))]),
            np.array([np.ravel(row) for row in map(flatten, patient_view(reference))]),
            atol=1e-6,
            err_msg=f"axes {axes}, backwards {flips}",
        )
        assert measured.flags == reference.flags
        assert [lesion.flags for lesion in measured.lesions] == [lesion.flags for lesion in reference.lesions]
        np.testing.assert_array_equal(stored.array, stored_as(instances, axes, flips).array)


def flatten(row):
    return [value for part in row for value in part]


def test_a_box_of_40_by_20_by_10_mm_has_8_ml():
    mask, _ = orientation_phantoms()["a box of 40 x 20 x 10 mm"]
    measured, _ = measure_case(in_liver(mask))
    assert measured.lesions[0].volume_ml == pytest.approx(8.0, rel=1e-12)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_slice_index_counts_along_the_axis_that_is_stored_and_holds_both_lines(axes):
    mask = stored_as(body(sphere(9.0), 9.0, affine_of((0.8, 0.8, 2.0)), (0.1, 0.2, 0.3)), axes, (True, False, True))
    lesion = measure_case(in_liver(mask))[0].lesions[0]
    ends = np.array(lesion.long_axis_ras_mm + lesion.short_axis_ras_mm)
    indices = mask.ijk_from_ras(ends)[:, lesion.slice_axis]
    assert lesion.slice_axis == axes.index(2)
    assert indices == pytest.approx([lesion.slice_index] * 4, abs=1e-9)
    assert lesion.slice_position_mm == pytest.approx(ends[:2, 2].mean())
    assert lesion.slice_thickness_mm == pytest.approx(2.0)


def test_300_lesions_keep_ids_of_their_own_from_the_largest_down():
    random = np.random.default_rng(0)
    labels = np.full((64, 60, 56), LIVER.value, np.uint8)
    cells = np.stack(np.meshgrid(range(10), range(10), range(9), indexing="ij"), -1).reshape(-1, 3)
    sizes = random.integers(1, 5, (300, 3))
    for (i, j, k), (a, b, c) in zip(random.permutation(cells)[:300] * 6 + 1, sizes, strict=True):
        labels[i : i + a, j : j + b, k : k + c] = TUMOR.value
    measured, instances = measure_case(Volume(labels, affine_of((0.7, 0.7, 1.0))))
    assert [lesion.id for lesion in measured.lesions] == list(range(1, 301))
    assert instances.array.dtype == np.uint16
    counts = np.bincount(instances.array.ravel())
    assert counts.size == 301
    assert sorted(counts[1:], reverse=True) == counts[1:].tolist() == sorted(sizes.prod(axis=1), reverse=True)
    volumes = [lesion.volume_ml for lesion in measured.lesions]
    assert volumes == pytest.approx(counts[1:] * 0.49 / 1000)


def test_more_parts_than_ids_is_one_clear_message():
    labels = np.zeros((82, 82, 82), np.uint8)
    labels[::2, ::2, ::2] = TUMOR.value
    with pytest.raises(InputError, match="68921 separate tumor parts"):
        measure_case(Volume(labels, affine_of((1.0, 1.0, 1.0))))


def small_case():
    labels = np.full((20, 16, 12), LIVER.value, np.uint8)
    labels[2:6, 2:6, 2:6] = TUMOR.value
    labels[10:12, 2:6, 2:6] = TUMOR.value
    labels[15:18, 10:13, 8:11] = TUMOR.value
    return Volume(labels, affine_of((1.0, 1.0, 2.0)))


def test_a_readers_grouping_is_kept_and_numbered_by_volume():
    case = small_case()
    drawn = np.zeros(case.shape, np.int16)
    drawn[2:6, 2:6, 2:6] = 700
    drawn[15:18, 10:13, 8:11] = 700
    drawn[10:12, 2:6, 2:6] = 12
    measured, instances = measure_case(case, case.with_array(drawn))
    assert [round(lesion.volume_ml * 500) for lesion in measured.lesions] == [64 + 27, 32]
    assert set(np.unique(instances.array[drawn == 700])) == {1}
    assert set(np.unique(instances.array[drawn == 12])) == {2}
    assert "lesions-differ-from-tumor" not in measured.flags


def test_tumor_without_a_readers_id_is_a_lesion_and_ids_outside_the_tumor_are_not():
    case = small_case()
    drawn = np.zeros(case.shape, np.uint8)
    drawn[10:12, 2:6, 2:6] = 3
    drawn[8:10, 10:14, 2:6] = 4
    measured, instances = measure_case(case, case.with_array(drawn))
    assert [round(lesion.volume_ml * 500) for lesion in measured.lesions] == [64, 32, 27]
    np.testing.assert_array_equal(instances.array > 0, case.array == TUMOR.value)
    assert "lesions-differ-from-tumor" in measured.flags


def test_lesions_of_another_grid_or_with_fractions_are_refused():
    case = small_case()
    with pytest.raises(InputError, match="segmentation's grid"):
        measure_case(case, Volume(np.zeros(case.shape, np.uint8), affine_of((1.0, 1.0, 2.5))))
    with pytest.raises(InputError, match="whole numbers"):
        measure_case(case, case.with_array(np.zeros(case.shape, np.float32)))


def test_an_unknown_label_is_refused_with_the_known_ones():
    case = small_case()
    labels = case.array.copy()
    labels[0, 0, 0] = 9
    with pytest.raises(InputError, match=r"label value 9 .* 3 \(tumor\)"):
        measure_case(case.with_array(labels))


def test_a_case_without_tumor_has_no_lesion_and_no_burden_but_zero():
    labels = np.zeros((9, 8, 7), np.uint8)
    labels[2:7, 2:6, 2:5] = LIVER.value
    measured, instances = measure_case(Volume(labels, affine_of((1.0, 1.0, 1.0))))
    assert (measured.tumor_ml, measured.burden_percent, measured.lesions) == (0.0, 0.0, ())
    assert not instances.array.any()
    assert instances.array.dtype == np.uint16


def test_an_empty_segmentation_is_a_result_with_a_warning():
    measured, instances = measure_case(Volume(np.zeros((5, 6, 7), np.uint8), affine_of((1.0, 1.0, 1.0))))
    assert measured.liver_ml == measured.tumor_ml == measured.vessel_ml == 0.0
    assert measured.burden_percent is None
    assert measured.flags == ("no-liver-found",)
    assert not instances.array.any()


def test_tumor_without_any_liver_is_measured_but_has_no_burden():
    measured, _ = measure_case(tumor_only(body(sphere(6.0), 6.0, affine_of((1.0, 1.0, 1.0)))))
    assert measured.liver_ml == 0.0
    assert measured.burden_percent is None
    assert measured.flags == ("no-liver-found",)
    assert measured.lesions[0].volume_ml == pytest.approx(4 / 3 * np.pi * 0.216, rel=0.05)


def test_measurements_survive_json_with_the_version_of_their_definitions():
    measured, _ = measure_case(small_case())
    assert measured.algorithm
    assert Measurements.from_json(measured.to_json()) == measured


def test_confidence_and_quality_survive_json_and_are_unknown_in_older_files():
    measured, _ = measure_case(small_case())
    quality = CaseQuality(0.83, Grade.CHECK, ("The liver's shape is unusual.",), is_calibrated=False)
    rated = replace(measured, quality=quality, lesions=(replace(measured.lesions[0], confidence=0.7),))
    stored = rated.to_json()
    assert stored["lesions"][0]["confidence"] == 0.7
    assert stored["quality"] == {
        "score": 0.83,
        "class": "check",
        "reasons": ["The liver's shape is unusual."],
        "calibrated": False,
    }
    assert Measurements.from_json(stored) == rated
    del stored["quality"], stored["lesions"][0]["confidence"]
    older = Measurements.from_json(stored)
    assert older.quality is None
    assert older.lesions[0].confidence is None


def test_what_a_reader_drew_has_no_confidence():
    measured, _ = measure_case(small_case())
    assert measured.quality is None
    assert {lesion.confidence for lesion in measured.lesions} == {None}
    assert measured.to_json()["quality"] is None


def test_neither_input_is_changed():
    case = small_case()
    case.array.setflags(write=False)
    readers = case.with_array((case.array == TUMOR.value).astype(np.int32) * 5)
    readers.array.setflags(write=False)
    measure_case(case, readers)


def lesion_flags(labels, affine):
    return [set(lesion.flags) for lesion in measure_case(Volume(labels, affine), settings=ANY_LIVER)[0].lesions]


def test_few_slices_and_thin_lesions_are_flagged():
    labels = np.full((40, 40, 12), LIVER.value, np.uint8)
    labels[2:22, 2:22, 2:5] = TUMOR.value
    labels[26:36, 2:12, 6:8] = TUMOR.value
    labels[4:8, 30:34, 5:8] = TUMOR.value
    thick, two, thin = lesion_flags(labels, affine_of((1.0, 1.0, 3.0)))
    assert not thick & {"few-slices", "thin-lesion"}
    assert "few-slices" in two
    assert "thin-lesion" not in two
    assert "thin-lesion" in thin
    assert "few-slices" not in thin


@pytest.mark.parametrize("axis", range(3))
def test_lesions_at_the_edge_are_flagged_and_others_are_not(axis):
    labels = np.full((20, 20, 20), LIVER.value, np.uint8)
    labels[5:9, 5:9, 5:9] = TUMOR.value
    at_edge = [slice(11, 14)] * 3
    at_edge[axis] = slice(17, 20)
    labels[tuple(at_edge)] = TUMOR.value
    inside, cut = lesion_flags(labels, affine_of((1.0, 1.0, 1.0)))
    assert "touches-edge" not in inside
    assert "touches-edge" in cut


@pytest.mark.parametrize(("degrees", "flagged"), [(0.0, False), (4.5, False), (5.5, True), (-20.0, True)])
def test_slices_more_than_5_degrees_off_axial_are_oblique(degrees, flagged):
    mask = body(sphere(8.0), 8.0, affine_of((0.8, 0.8, 1.5), turn=rotation(degrees, 0)))
    lesion = measure_case(in_liver(mask))[0].lesions[0]
    assert ("oblique" in lesion.flags) is flagged


def test_a_gantry_tilt_that_only_shifts_the_slices_is_axial_with_the_distance_between_planes():
    mask = body(sphere(8.0), 8.0, affine_of((0.8, 0.8, 2.0), shear={(1, 2): 0.7}))
    lesion = measure_case(in_liver(mask))[0].lesions[0]
    assert "oblique" not in lesion.flags
    assert lesion.slice_thickness_mm == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("spacing_mm", "flagged"),
    [
        ((0.8, 0.8, 3.0), False),
        ((0.9, 0.9, 0.7), False),
        ((1.0, 1.0, 1.0), False),
        ((0.8, 3.0, 0.8), True),
        ((3.0, 0.8, 0.8), True),
    ],
)
def test_coronal_and_sagittal_acquisitions_are_flagged_and_thin_axial_slices_are_not(spacing_mm, flagged):
    lesion = measure_case(in_liver(body(sphere(10.0), 10.0, affine_of(spacing_mm))))[0].lesions[0]
    assert ("non-axial" in lesion.flags) is flagged


def test_a_longest_diameter_outside_the_largest_slice_is_flagged():
    broad = box((16.0, 16.0, 4.0), center=(0.0, 0.0, -4.0))
    long = box((30.0, 3.0, 4.0))
    mask = body(union(broad, long), 17.0, affine_of((1.0, 1.0, 2.0)))
    lesion = measure_case(in_liver(mask))[0].lesions[0]
    assert lesion.long_axis_mm > 29
    assert "ld-slice-not-largest-area" in lesion.flags
    ball = measure_case(in_liver(body(sphere(9.0), 9.0, affine_of((1.0, 1.0, 2.0)))))[0].lesions[0]
    assert "ld-slice-not-largest-area" not in ball.flags


def test_a_bent_lesion_is_flagged_and_a_round_one_is_not():
    grid = affine_of((0.7, 0.7, 2.0))
    bent = measure_case(in_liver(body(pipe(20.0, 12.0, 9.0, 90.0), 21.0, grid)))[0].lesions[0]
    ring = measure_case(in_liver(body(pipe(20.0, 12.0, 9.0), 21.0, grid)))[0].lesions[0]
    assert "feret-differs" in bent.flags
    assert "feret-differs" not in ring.flags


@pytest.mark.parametrize("index", [(0, 5, 5), (19, 5, 5), (5, 0, 5), (5, 5, 19)])
def test_a_liver_on_any_face_is_cut_off(index):
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[3:17, 3:17, 3:17] = LIVER.value
    assert "liver-touches-edge" not in measure_case(Volume(labels, np.eye(4)))[0].flags
    labels[index] = LIVER.value
    assert "liver-touches-edge" in measure_case(Volume(labels, np.eye(4)))[0].flags


@pytest.mark.parametrize(("side_mm", "flagged"), [(78.0, True), (82.0, False), (155.0, False), (160.0, True)])
def test_a_liver_below_500_or_above_4000_ml_is_implausible(side_mm, flagged):
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[1:11, 1:11, 1:11] = LIVER.value
    measured, _ = measure_case(Volume(labels, affine_of((side_mm / 10,) * 3)))
    assert ("liver-volume-implausible" in measured.flags) is flagged


def liver_with_ball(radius_mm, center_mm):
    shape, linear = (90, 70, 60), affine_of((2.2, 2.2, 2.5))
    affine = centered(linear, shape)
    liver = ellipsoid((75.0, 60.0, 55.0))
    parts = [(LIVER.value, liver), (TUMOR.value, sphere(radius_mm, center_mm))]
    return measure_case(labels_on(shape, affine, *parts), settings=ANY_LIVER)[0]


def test_a_large_mass_that_hangs_beside_the_liver_is_implausible_and_one_inside_is_not():
    inside = liver_with_ball(24.0, (20.0, 0.0, 0.0))
    beside = liver_with_ball(24.0, (0.0, -75.0, 0.0))
    assert inside.lesions[0].volume_ml > 50
    assert "implausible-mass" not in inside.lesions[0].flags + inside.flags
    assert "implausible-mass" in beside.lesions[0].flags
    assert "implausible-mass" in beside.flags


def test_a_tumor_that_reaches_the_capsule_from_inside_and_a_small_one_on_it_are_not_implausible():
    assert "implausible-mass" not in liver_with_ball(24.0, (0.0, -36.0, 0.0)).flags
    assert "implausible-mass" not in liver_with_ball(12.0, (0.0, -60.0, 0.0)).flags


@pytest.mark.parametrize(
    "wrong", [{"liver_range_ml": (900.0, 500.0)}, {"surroundings_mm": 0.0}, {"least_parenchyma": 1.5}]
)
def test_thresholds_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError):
        MeasureSettings(**wrong)
