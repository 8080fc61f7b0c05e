"""Parts that share out a whole, in one piece each."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.geometry.parts import carried_over, in_one_part_each


def pieces(mask: np.ndarray) -> int:
    return ndimage.label(mask)[1]


def test_a_stray_piece_goes_to_what_surrounds_it():
    organ = np.ones((9, 7, 5), bool)
    labels = np.ones((9, 7, 5), np.uint8)
    labels[5:] = 2
    labels[1:3, 2:4, 2] = 2
    expected = labels.copy()
    expected[1:3, 2:4, 2] = 1
    np.testing.assert_array_equal(in_one_part_each(labels, organ), expected)


def test_random_labels_become_parts_of_one_piece_that_fill_the_organ():
    rng = np.random.default_rng(0)
    organ = ndimage.gaussian_filter(rng.normal(size=(30, 24, 18)), 3) > -0.02
    organ = ndimage.label(organ)[0] == 1
    labels = rng.integers(1, 6, organ.shape).astype(np.uint8)
    whole = in_one_part_each(labels, organ)
    assert ((whole > 0) == organ).all()
    assert [pieces(whole == value) for value in range(1, 6)] == [1] * 5


def test_what_cannot_be_reached_inside_the_organ_keeps_its_value():
    organ = np.zeros((11, 4, 4), bool)
    organ[:6], organ[8:] = True, True
    labels = np.where(organ, 1, 0).astype(np.uint8)
    labels[3:6], labels[8:] = 2, 3
    labels[9, 1, 1] = 1
    whole = in_one_part_each(labels, organ)
    assert (whole[8:] == 3).all()
    island = np.where(organ, 1, 0).astype(np.uint8)
    assert ((in_one_part_each(island, organ) > 0) == organ).all()


def test_growing_goes_through_the_organ_and_not_over_a_gap():
    """A U: its right arm is nearer to the left arm's label across the gap, and belongs to what runs round the bend."""
    organ = np.zeros((7, 12, 3), bool)
    organ[0:2], organ[5:7], organ[:, 10:] = True, True, True
    before = np.zeros(organ.shape, np.uint8)
    before[0:2, :4] = 1
    before[:, 10:] = 2
    after = carried_over(before, organ)
    assert set(np.unique(after[5:7])) == {2}
    assert ((after > 0) == organ).all()


def test_nothing_is_shared_out_among_nobody():
    organ = np.ones((3, 3, 3), bool)
    nobody = np.zeros((3, 3, 3), np.uint8)
    assert not carried_over(nobody, organ).any()
    assert not in_one_part_each(nobody, ~organ).any()
