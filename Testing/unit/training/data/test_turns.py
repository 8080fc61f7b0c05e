"""The 48 orders of axes: voxels move, patients do not."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from dicom_series import body_hu, oblique_affine

from LiverTumorSegLib.training.data.turns import Turn, every_turn, find_turn, turn_towards, whole_hu
from LiverTumorSegLib.volume import Volume

CT = Volume(body_hu(), oblique_affine(tilt_mm=0.4))


def voxels_by_place(volume: Volume) -> dict[tuple[float, ...], int]:
    """Deliberately naive: every voxel's position in the patient and its value."""
    return {
        tuple(np.round(volume.ras_from_ijk(np.array([index], float))[0], 6) + 0.0): int(value)
        for index, value in np.ndenumerate(volume.array)
    }


def test_there_are_48_and_all_differ():
    assert len(set(every_turn())) == 48


@pytest.mark.parametrize("turn", [Turn((2, 0, 1), (True, False, True)), Turn((1, 0, 2), (False, True, False))])
def test_a_turned_volume_has_every_value_at_its_old_place(turn):
    assert voxels_by_place(turn.volume(CT)) == voxels_by_place(CT)


def test_turning_towards_another_grid_agrees_with_nibabel_in_all_48_orders():
    for turn in every_turn():
        stored = turn.volume(CT)
        image = nib.Nifti1Image(stored.array, stored.affine)
        closest = nib.as_closest_canonical(image)
        ours = turn_towards(stored.affine, np.eye(4)).volume(stored)
        np.testing.assert_array_equal(ours.array, np.asarray(closest.dataobj))
        np.testing.assert_allclose(ours.affine, closest.affine, atol=1e-4)


def test_every_order_is_turned_back_onto_the_same_grid():
    for turn in every_turn():
        stored = turn.volume(CT)
        back = turn_towards(stored.affine, CT.affine).volume(stored)
        assert back.same_grid(CT)
        np.testing.assert_array_equal(back.array, CT.array)


def test_the_turn_between_copies_is_found_even_where_a_header_was_lost():
    for turn in every_turn():
        lost = Volume(turn.volume(CT).array, np.eye(4))
        found = find_turn(lost, CT)
        assert found is not None
        np.testing.assert_array_equal(found.array(lost.array), CT.array)


def test_of_several_turns_that_fit_the_headers_one_is_taken():
    ball = np.full((5, 5, 5), -1000, np.int16)
    ball[1:4, 1:4, 1:4] = 50
    flipped = Turn((0, 1, 2), (True, False, False))
    assert find_turn(flipped.volume(Volume(ball, CT.affine)), Volume(ball, CT.affine)) == flipped


@pytest.mark.parametrize("other", [CT.array + np.int16(1), CT.array[:-1]])
def test_no_turn_is_found_for_another_image(other):
    assert find_turn(Volume(other, CT.affine), CT) is None


def test_values_are_compared_as_whole_hu():
    assert find_turn(CT.with_array(CT.array + np.float32(0.2)), CT) is not None
    np.testing.assert_array_equal(whole_hu(np.array([-40000.0, 0.6, 99999.0])), [-32768, 1, 32767])
