"""Masks of several sources -> one exclusive map; class weights of Table A.1."""

from __future__ import annotations

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.training.data.structures import (
    ALL_STRUCTURES,
    UNKNOWN,
    Drawn,
    Structure,
    exclusive_map,
    in_words,
    loss_weights,
    parse_structures,
)

LIVER, VESSEL, TUMOR = Structure


def line(*indices: int) -> np.ndarray:
    mask = np.zeros((6, 2, 2), bool)
    mask[list(indices), 0, 1] = True
    return mask


def test_tumor_lies_on_vessel_lies_on_liver_in_whatever_order_they_come():
    drawings = [Drawn({TUMOR: line(3)}), Drawn({LIVER: line(0, 1, 2, 3), VESSEL: line(2, 3, 4)})]
    for ordered in (drawings, drawings[::-1]):
        assert exclusive_map(ordered, (6, 2, 2))[:, 0, 1].tolist() == [1, 1, 2, 3, 2, 0]


def test_unknown_voxels_stay_unknown_whatever_another_source_says():
    drawings = [Drawn({LIVER: line(0, 1)}, line(1, 5)), Drawn({TUMOR: line(1)})]
    assert exclusive_map(drawings, (6, 2, 2))[:, 0, 1].tolist() == [1, UNKNOWN, 0, 0, 0, UNKNOWN]


def test_nothing_drawn_is_a_map_of_zeros():
    labels = exclusive_map([], (6, 2, 2))
    assert labels.dtype == np.uint8
    assert not labels.any()


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("liver;tumor", (1, 0, 1)),
        ("vessel; Tumour", (0, 1, 1)),
        ("LIVER", (1, 0, 0)),
        ("tumors+vessels", (0, 1, 1)),
        ("liver vessel tumor", (1, 1, 1)),
    ],
)
def test_class_weights_are_those_of_the_paper(text, weights):
    assert loss_weights(parse_structures(text)) == weights


@pytest.mark.parametrize("text", ["", " ; ", "liver;spleen", "1"])
def test_other_words_are_refused(text):
    with refused("liver, vessel, tumor"):
        parse_structures(text)


def test_structures_are_told_in_the_order_of_the_weights():
    assert in_words(ALL_STRUCTURES) == "liver, vessel, tumor"
    assert in_words([TUMOR, LIVER]) == "liver, tumor"
    assert [structure.label_value for structure in Structure] == [1, 2, 3]
