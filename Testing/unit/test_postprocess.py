import numpy as np
import pytest

from LiverTumorSegLib.postprocess import (
    TUMOR_STEPS,
    Anatomy,
    PostprocessSettings,
    drop_small_lesions,
    exclusive_labels,
    fill_liver,
    grow_from_cores,
    join_tumors_at_the_capsule,
    keep_largest_liver,
    keep_vessels_outside_tumors,
    run_steps,
)
from LiverTumorSegLib.volume import Volume

SPACING = (0.8, 1.0, 2.5)
VOXEL_ML = 0.002
SHAPE = (40, 30, 16)
DEFAULT = PostprocessSettings()


def anatomy(liver=(), tumor=(), vessel=()):
    masks = []
    for boxes in (liver, tumor, vessel):
        mask = np.zeros(SHAPE, bool)
        for box in boxes:
            mask[box] = True
        masks.append(mask)
    ct = Volume(np.zeros(SHAPE, np.int16), np.diag([*SPACING, 1.0]))
    return Anatomy(ct, masks[0], masks[1], masks[2])


LIVER_BOX = np.s_[5:25, 5:25, 3:13]


def test_only_the_largest_liver_component_stays():
    out = keep_largest_liver(anatomy(liver=[LIVER_BOX, np.s_[30:34, 5:9, 3:6]]), DEFAULT)
    assert out.liver.sum() == 20 * 20 * 10
    assert not out.liver[30:].any()


def test_an_empty_liver_stays_empty_through_all_steps():
    out, _log = run_steps(keep_largest_liver(anatomy(), DEFAULT), TUMOR_STEPS, DEFAULT)
    assert not out.liver.any()
    assert not exclusive_labels(out).any()


def test_a_tumor_mostly_inside_extends_the_liver_over_the_capsule():
    out = join_tumors_at_the_capsule(anatomy([LIVER_BOX], [np.s_[20:28, 10:14, 5:8]]), DEFAULT)
    assert out.liver[25:28, 10:14, 5:8].all()
    assert out.tumor.sum() == 8 * 4 * 3


def test_a_tumor_mostly_outside_is_cut_at_the_capsule():
    out = join_tumors_at_the_capsule(anatomy([LIVER_BOX], [np.s_[22:32, 10:14, 5:8]]), DEFAULT)
    assert not out.liver[25:].any()
    assert out.tumor.sum() == 3 * 4 * 3


def test_a_tumor_wholly_outside_goes():
    out = join_tumors_at_the_capsule(anatomy([LIVER_BOX], [np.s_[30:34, 10:14, 5:8]]), DEFAULT)
    assert not out.tumor.any()


def test_multifocal_tumors_all_survive():
    spots = [np.s_[i : i + 3, j : j + 3, k : k + 3] for i in (6, 11, 16) for j in (6, 12, 18) for k in (4, 9)]
    out, _log = run_steps(anatomy([LIVER_BOX], spots), TUMOR_STEPS, PostprocessSettings(min_lesion_ml=0.05))
    assert out.tumor.sum() == len(spots) * 27


@pytest.mark.parametrize(("voxels", "stays"), [(49, False), (50, True), (51, True)])
def test_the_smallest_lesion_that_stays_has_the_minimum_volume(voxels, stays):
    case = anatomy([LIVER_BOX])
    case.tumor[6:8, 6:16, 4:7] = np.arange(60).reshape(2, 10, 3) < voxels
    assert case.tumor.sum() == voxels
    out = drop_small_lesions(case, PostprocessSettings(min_lesion_ml=50 * VOXEL_ML))
    assert out.tumor.any() == stays


def test_holes_in_the_liver_are_filled_and_bays_are_not():
    case = anatomy([LIVER_BOX])
    case.liver[10:12, 10:12, 6:8] = False
    case.liver[5:8, 15:18, 6:8] = False
    out = fill_liver(case, DEFAULT)
    assert out.liver[10:12, 10:12, 6:8].all()
    assert not out.liver[5:8, 15:18, 6:8].any()


def test_labels_are_exclusive_with_tumor_over_vessel_over_liver():
    case = anatomy([LIVER_BOX], [np.s_[10:14, 10:14, 5:8]], [np.s_[12:30, 11:13, 6:7]])
    labels = exclusive_labels(keep_vessels_outside_tumors(case, DEFAULT))
    assert (labels[10:14, 10:14, 5:8] == 3).all()
    assert (labels[14:25, 11:13, 6] == 2).all()
    assert (labels[25:] == 0).all()
    assert np.isin(labels, [0, 1, 2, 3]).all()
    assert (labels > 0).sum() == 20 * 20 * 10


def test_steps_leave_their_input_alone():
    case = anatomy([LIVER_BOX, np.s_[30:34, 5:9, 3:6]], [np.s_[20:28, 10:14, 5:8]])
    before = [case.liver.copy(), case.tumor.copy()]
    run_steps(case, (keep_largest_liver, *TUMOR_STEPS), DEFAULT)
    assert np.array_equal(before[0], case.liver)
    assert np.array_equal(before[1], case.tumor)


def test_the_log_names_each_step_and_what_it_changed_in_ml():
    _out, log = run_steps(anatomy([LIVER_BOX, np.s_[30:34, 5:9, 3:6]]), (keep_largest_liver, fill_liver), DEFAULT)
    assert log == [{"step": "keep_largest_liver", "liver_ml": pytest.approx(-48 * VOXEL_ML)}, {"step": "fill_liver"}]


def test_growing_keeps_rims_of_cores_only():
    probability = np.zeros(SHAPE, np.float32)
    probability[5:12, 5:12, 5:8] = 0.3
    probability[8, 8, 6] = 0.9
    probability[20:26, 5:12, 5:8] = 0.45
    grown = grow_from_cores(probability, core=0.5, rim=0.2)
    assert grown.sum() == 7 * 7 * 3
    assert not grown[20:].any()
