"""The published augmentations: how often, how far, and nothing between the original and the patch but one step."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.training.augmentation.augmentation import Augmentation
from LiverTumorSegLib.training.augmentation.placement import cut
from LiverTumorSegLib.training.augmentation.published import PublishedAugmentation
from LiverTumorSegLib.training.partial_labels import IRCAD
from LiverTumorSegLib.training.samples import Sample

SIZE = (24, 20, 16)
DRAWN = 5000


@pytest.fixture(scope="module")
def matrices() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.array([PublishedAugmentation().placement(SIZE, rng).matrix for _ in range(DRAWN)])


def test_a_fifth_is_scaled_by_a_factor_from_the_published_range(matrices):
    factors = np.abs(np.linalg.det(matrices)) ** (1 / 3)
    scaled = ~np.isclose(factors, 1, atol=1e-9)
    assert scaled.mean() == pytest.approx(0.2, abs=0.02)
    assert 0.7 <= factors.min() < 0.71 < 1.39 < factors.max() <= 1.4
    assert factors[scaled].mean() == pytest.approx(1.05, abs=0.02)


def test_a_fifth_is_turned_by_up_to_thirty_degrees_about_each_axis(matrices):
    factors = np.abs(np.linalg.det(matrices)) ** (1 / 3)
    turned = np.array([np.abs(one - np.diag(np.diag(one))).max() > 1e-9 for one in matrices])
    assert turned.mean() == pytest.approx(0.2, abs=0.02)
    # The last of the three turns is about k; "xyz" leaves its tangent in the first column.
    first = matrices[turned] / factors[turned, None, None]
    about_k = np.degrees(np.arctan2(np.abs(first[:, 1, 0]), np.abs(first[:, 0, 0])))
    assert 28 < about_k.max() <= 30 + 1e-6


def test_each_axis_is_flipped_half_of_the_time_and_independently(matrices):
    flips = np.array([np.diag(one) < 0 for one in matrices])
    assert flips.mean(0) == pytest.approx([0.5, 0.5, 0.5], abs=0.03)
    counts = np.bincount(flips @ (1, 2, 4), minlength=8) / DRAWN
    assert counts == pytest.approx(np.full(8, 1 / 8), abs=0.02)


def test_most_patches_are_only_copied():
    rng = np.random.default_rng(2)
    copied = [PublishedAugmentation().placement(SIZE, rng).flipped_axes is not None for _ in range(DRAWN)]
    assert np.mean(copied) == pytest.approx(0.8 * 0.8, abs=0.02)


def test_a_ball_in_image_and_labels_stays_one_ball_in_all_placements():
    i, j, k = np.indices((48, 44, 40))
    inside = (i - 26) ** 2 + (j - 20) ** 2 + (k - 21) ** 2 <= 6**2
    hu, labels = np.where(inside, 300, 0).astype(np.int16), inside.astype(np.uint8)
    for seed in range(40):
        placement = PublishedAugmentation().placement(SIZE, np.random.default_rng(seed))
        patch, patch_labels = cut(hu, labels, np.array([23.5, 21.5, 19.5]), SIZE, placement)
        both = ((patch > 150) & (patch_labels == 1)).sum()
        assert 2 * both / ((patch > 150).sum() + (patch_labels == 1).sum()) > 0.93


def test_hu_are_seen_through_a_window_and_the_sample_is_left_alone():
    hu = np.linspace(-1000, 1000, int(np.prod(SIZE)), dtype=np.float32).reshape(SIZE)
    sample = Sample(hu.copy(), np.zeros(SIZE, np.uint8), IRCAD)
    augmentation = PublishedAugmentation()
    assert isinstance(augmentation, Augmentation)
    for seed in range(10):
        seen = augmentation.changed_hu(sample, 1.0, np.random.default_rng(seed))
        assert (seen.min(), seen.max()) == pytest.approx((-21.55, 195.75), abs=1e-3)
    assert (sample.hu == hu).all()
