from __future__ import annotations

import numpy as np
from liver_blocks import make_block
from scipy import ndimage

from LiverTumorSegLib.classical.lesions import find_lesions


def test_a_dark_ball_in_the_liver_is_the_only_lesion():
    block = make_block(noise_hu=15, degrees=20)
    found = find_lesions(block.ct, block.organ)
    away_mm = ndimage.distance_transform_edt(~block.lesion, sampling=block.ct.spacing_mm)
    assert found[block.lesion].mean() > 0.95
    assert away_mm[found].max() < 4


def test_a_liver_without_a_dark_ball_has_no_lesion():
    block = make_block(lesion_hu=0, noise_hu=20)
    assert not find_lesions(block.ct, block.organ).any()


def test_fat_at_the_border_and_water_are_no_lesions():
    block = make_block(lesion_hu=-105)
    too_wide = np.roll(block.organ, 4, axis=0) | block.organ
    assert not find_lesions(block.ct, too_wide).any()


def test_an_empty_organ_has_no_lesion():
    block = make_block()
    assert not find_lesions(block.ct, np.zeros_like(block.organ)).any()
