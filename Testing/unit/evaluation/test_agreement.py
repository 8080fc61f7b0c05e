import numpy as np
import pytest

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.agreement import Reference, agreement
from LiverTumorSegLib.volume import Volume

AFFINE = np.array([[0.0, -1.0, 0.2, 5], [2.0, 0.0, 0.0, 7], [0.0, 0.1, 5.0, 9], [0, 0, 0, 1]])
SHAPE = (20, 16, 10)


def volume(*boxes, dtype=np.uint8):
    out = np.zeros(SHAPE, dtype)
    for value, box in boxes:
        out[box] = value
    return Volume(out, AFFINE)


PREDICTED = volume(
    (1, np.s_[2:12, 2:12, 2:8]), (2, np.s_[3:5, 3:5, 2:8]), (3, np.s_[8:10, 8:10, 4:6]), (3, np.s_[3:4, 9:11, 3:5])
)


def test_the_organ_is_liver_with_vessels_and_tumors_on_both_sides():
    reference = Reference(
        liver=volume((1, np.s_[2:12, 2:12, 2:8]), (0, np.s_[8:10, 8:10, 4:6])),
        tumor=volume((1, np.s_[8:10, 8:10, 4:6])),
    )
    liver = agreement(PREDICTED, reference).classes[0]
    assert (liver.name, liver.dice, liver.volume_error) == ("liver", 1.0, 0.0)
    assert liver.reference_ml == pytest.approx(600 * PREDICTED.voxel_ml)


def test_vessels_outside_the_expert_liver_do_not_count():
    reference = Reference(liver=volume((1, np.s_[2:12, 2:12, 2:8])), vessel=volume((1, np.s_[3:5, 3:5, :])))
    vessel = agreement(PREDICTED, reference).classes[1]
    assert (vessel.name, vessel.dice) == ("vessel", 1.0)


def test_lesions_found_missed_and_false_are_told_apart():
    reference = Reference(tumor=volume((1, np.s_[8:10, 8:10, 4:6]), (2, np.s_[5:6, 5:6, 5:6])))
    result = agreement(PREDICTED, reference)
    assert [(lesion.id, lesion.covered) for lesion in result.reference_lesions] == [(1, 1.0), (2, 0.0)]
    assert len(result.false_lesions) == 1
    assert result.false_lesions[0].volume_ml == pytest.approx(4 * PREDICTED.voxel_ml)
    assert result.to_json()["lesion_sensitivity"] == 0.5
    assert result.to_json()["lesion_precision"] == 0.5


def test_a_class_nobody_annotated_is_not_judged():
    assert [item.name for item in agreement(PREDICTED, Reference(liver=volume((1, np.s_[2:12])))).classes] == ["liver"]


def test_another_grid_is_refused_with_both_described():
    moved = Volume(PREDICTED.array, AFFINE + np.eye(4, k=3))
    with pytest.raises(InputError, match=r"liver reference with 20 x 16 x 10 voxels.*result's grid"):
        agreement(PREDICTED, Reference(liver=moved))


def test_vessels_need_a_liver_to_be_counted_in():
    with pytest.raises(InputError, match="Give --liver too"):
        agreement(PREDICTED, Reference(vessel=PREDICTED))
