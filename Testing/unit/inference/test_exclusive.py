from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.inference.exclusive import labels_from_probabilities, organ_labels

SHAPE = (20, 16, 12)
LIVER_BOX = np.s_[2:12, 2:12, 2:10]


def probabilities(liver=(), vessel=(), tumor=(), value=0.9):
    out = np.full((3, *SHAPE), 0.1, np.float32)
    for channel, boxes in enumerate((liver, vessel, tumor)):
        for box in boxes:
            out[(channel, *box)] = value
    return out


def test_tumor_goes_over_vessel_and_vessel_over_liver():
    p = probabilities([LIVER_BOX], [np.s_[4:8, 4:8, 4:6]], [np.s_[6:10, 4:8, 4:6]])
    for labels in (labels_from_probabilities(p), organ_labels(p)):
        assert (labels[4:6, 4:8, 4:6] == 2).all()
        assert (labels[6:10, 4:8, 4:6] == 3).all()
        assert (labels == 1).sum() == 10 * 10 * 8 - 6 * 4 * 2
        assert labels.dtype == np.uint8


def test_a_voxel_at_the_threshold_belongs_to_its_class():
    p = probabilities([LIVER_BOX], value=0.5)
    assert (labels_from_probabilities(p) == 1).sum() == 800
    assert not labels_from_probabilities(p, 0.51).any()


def test_as_published_a_tumor_needs_no_liver_under_it():
    p = probabilities([LIVER_BOX], [], [np.s_[16:18, 2:4, 2:4]])
    assert (labels_from_probabilities(p) == 3).sum() == 8


def test_what_lies_apart_from_the_organ_goes():
    apart = np.s_[15:18, 3:6, 3:6]
    for p in (probabilities([LIVER_BOX, apart]), probabilities([LIVER_BOX], [], [apart])):
        labels = organ_labels(p)
        assert (labels == 1).sum() == 800
        assert not labels[13:].any()


def test_a_tumor_at_the_capsule_extends_the_organ_and_a_vessel_there_does_not():
    tumor, vessel = np.s_[10:15, 2:4, 2:4], np.s_[10:15, 8:10, 2:4]
    labels = organ_labels(probabilities([LIVER_BOX], [vessel], [tumor]))
    assert (labels[tumor] == 3).all()
    assert (labels[10:12, 8:10, 2:4] == 2).all()
    assert not labels[12:, 8:10, 2:4].any()


def test_all_tumors_inside_stay():
    spots = [np.s_[i : i + 2, j : j + 2, 4:6] for i in (3, 9) for j in (3, 9)]
    assert (organ_labels(probabilities([LIVER_BOX], [], spots)) == 3).sum() == len(spots) * 8


@pytest.mark.parametrize("how", [labels_from_probabilities, organ_labels])
def test_nothing_above_the_threshold_is_an_empty_map(how):
    assert not how(probabilities()).any()


def test_vessels_alone_make_no_organ():
    assert not organ_labels(probabilities([], [LIVER_BOX])).any()
