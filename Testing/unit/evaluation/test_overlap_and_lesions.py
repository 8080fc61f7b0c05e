import numpy as np
import pytest

from LiverTumorSegLib.evaluation.lesions import coverage, share_hit
from LiverTumorSegLib.evaluation.overlap import dice, volume_error
from LiverTumorSegLib.volume import Volume

AFFINE = np.diag([0.5, 1.0, 4.0, 1.0])


def mask(*boxes, shape=(12, 10, 8)):
    out = np.zeros(shape, bool)
    for box in boxes:
        out[box] = True
    return out


def test_dice_of_half_overlapping_boxes_is_one_half():
    assert dice(mask(np.s_[0:4, :4, :4]), mask(np.s_[2:6, :4, :4])) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("first", "second", "expected"), [([], [], 1.0), ([np.s_[:2]], [], 0.0), ([], [np.s_[:2]], 0.0)]
)
def test_dice_is_defined_for_empty_masks(first, second, expected):
    assert dice(mask(*first), mask(*second)) == expected


def test_volume_error_is_signed_and_none_without_a_reference():
    assert volume_error(mask(np.s_[:6]), mask(np.s_[:4])) == pytest.approx(0.5)
    assert volume_error(mask(np.s_[:3]), mask(np.s_[:4])) == pytest.approx(-0.25)
    assert volume_error(mask(np.s_[:3]), mask()) is None


def test_coverage_lists_lesions_largest_first_in_ml():
    ids = np.zeros((12, 10, 8), np.uint16)
    ids[0:2, 0:5, 0:2] = 7
    ids[6:10, 0:5, 0:5] = 2
    rows = coverage(Volume(ids, AFFINE), Volume(mask(np.s_[0:1, 0:1, 0:2], np.s_[6:8]).astype(np.uint8), AFFINE))
    assert [(row.id, row.volume_ml, row.covered, row.hit) for row in rows] == [
        (2, pytest.approx(0.2), pytest.approx(0.5), True),
        (7, pytest.approx(0.04), pytest.approx(0.1), False),
    ]
    assert share_hit(rows) == 0.5


def test_no_lesion_gives_no_share():
    empty = Volume(np.zeros((3, 4, 5), np.uint16), AFFINE)
    assert coverage(empty, empty) == ()
    assert share_hit(()) is None


def test_grids_that_differ_are_refused():
    here = Volume(np.ones((3, 4, 5), np.uint16), AFFINE)
    with pytest.raises(ValueError, match="other mask"):
        coverage(here, Volume(here.array, AFFINE + np.eye(4, k=3) * 2))
