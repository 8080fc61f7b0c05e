"""Heavy augmentation: other patients and scanners, the same anatomy under the same labels."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.training.augmentation.augmentation import Augmentation
from LiverTumorSegLib.training.augmentation.bending import Bending, bent
from LiverTumorSegLib.training.augmentation.densities import Contrasts, Densities
from LiverTumorSegLib.training.augmentation.heavy import HeavyAugmentation, Scanner
from LiverTumorSegLib.training.partial_labels import IRCAD
from LiverTumorSegLib.training.samples import Sample
from LiverTumorSegLib.training.synthesis.scanner import blurred, grained

SIZE = (40, 36, 32)
SPACING_MM = 1.5


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def sample() -> Sample:
    """Liver of 100 HU with a vessel of 160 and a tumour of 60 in fat of -100."""
    labels = np.zeros(SIZE, np.uint8)
    labels[6:34, 6:30, 4:28] = 1
    labels[10:30, 14:20, 10:16] = 2
    labels[10:20, 8:13, 16:26] = 3
    return Sample(np.array([-100, 100, 160, 60], np.float32)[labels], labels, IRCAD)


def test_livers_do_not_flip_unless_asked():
    stiff = Bending(elastic_voxels=0.0)
    placements = [HeavyAugmentation(stiff).placement(SIZE, rng(seed)) for seed in range(30)]
    assert all(np.diag(one.matrix).min() > 0 for one in placements)
    flipping = [HeavyAugmentation(stiff, flip_axes=(0,)).placement(SIZE, rng(seed)).matrix for seed in range(60)]
    assert 15 < sum(one[0, 0] < 0 for one in flipping) < 45
    assert all(one[1, 1] > 0 and one[2, 2] > 0 for one in flipping)


def test_turn_and_scale_are_drawn_as_widely_as_the_bending_says():
    matrices = np.array([bent((4, 4, 4), Bending(10.0, 0.2, 0.0), rng(seed)).matrix for seed in range(800)])
    scales = np.log(np.linalg.norm(matrices, axis=1))
    assert scales.mean(1).std() == pytest.approx(np.hypot(0.2, 0.1 / np.sqrt(3)), rel=0.1)
    assert (scales - scales.mean(1, keepdims=True)).std() == pytest.approx(0.1 * np.sqrt(2 / 3), rel=0.1)
    angles = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert angles.std() == pytest.approx(10, rel=0.1)


def test_without_bending_a_patch_lies_straight():
    placement = bent(SIZE, Bending(0.0, 0.0, 0.0), rng())
    assert placement.matrix == pytest.approx(np.eye(3))
    assert placement.elastic is None


def test_elastic_displacements_are_smooth_and_reach_as_far_as_they_may():
    elastic = bent(SIZE, Bending(0.0, 0.0, 6.0), rng(2)).elastic
    assert elastic is not None
    assert elastic.shape == (*SIZE, 3)
    # The reach is two standard deviations.
    assert elastic.std() == pytest.approx(rng_reach(2, 6.0) / 2, rel=0.02)
    assert np.abs(np.diff(elastic, axis=0)).max() < 1


def rng_reach(seed: int, most: float) -> float:
    """What ``bent`` draws after seven normal numbers for turn and scale."""
    drawn = rng(seed)
    drawn.normal(size=7)
    return float(drawn.uniform(0, most))


def test_densities_keep_the_order_of_brightness():
    hu = np.linspace(-1000, 1500, 500, dtype=np.float32).reshape(1, 1, 500)
    for seed in range(30):
        assert (np.diff(Densities().changed(hu, rng(seed)).ravel()) > 0).all()


def test_gamma_moves_the_middle_of_soft_tissue_and_not_its_ends():
    hu = np.array([-900, -160, 40, 240, 900], np.float32).reshape(1, 1, 5)
    changed = Densities(0.0, 0.0, 0.3).changed(hu, rng(1)).ravel()
    gamma = np.exp(rng(1).normal(0, (0.0, 0.0, 0.3))[2])
    assert changed[[0, 1, 3, 4]] == pytest.approx([-900, -160, 240, 900], abs=1e-2)
    assert changed[2] == pytest.approx(-160 + 400 * 0.5**gamma, abs=1e-2)
    assert abs(changed[2] - 40) > 3


def test_contrasts_are_multiplied_and_the_surroundings_stay():
    given = sample()
    changed = Contrasts(10.0, (0.5, 0.5), (2.0, 2.0)).changed(given.hu, given.labels, rng(3))
    liver = changed[8, 26, 6]
    assert 90 <= liver <= 110
    assert liver != 100
    assert changed[15, 17, 13] - liver == pytest.approx(30, abs=0.5)
    assert changed[15, 10, 20] - liver == pytest.approx(-80, abs=0.5)
    assert changed[1, 1, 1] == -100


def test_contrasts_need_a_labelled_liver():
    given = sample()
    unlabelled = np.where(given.labels == 1, np.uint8(0), given.labels)
    assert (Contrasts().changed(given.hu, unlabelled, rng()) == given.hu).all()


def test_noise_has_the_strength_that_is_asked_for_whatever_its_grain():
    hu = np.zeros((64, 48, 40), np.float32)
    spread = [Scanner(blur_share=0.0, noise_hu=8.0).seen(hu, 1.5, rng(seed)).std() for seed in range(60)]
    assert np.mean(spread) == pytest.approx(8, rel=0.25)
    noise = rng().standard_normal(hu.shape, dtype=np.float32)
    coarse = grained(noise, 0.8, 0.4)
    assert coarse.std() == pytest.approx(1, abs=1e-3)
    steps = [np.abs(np.diff(coarse, axis=axis)).mean() for axis in (0, 2)]
    assert steps[0] < steps[1] < np.abs(np.diff(noise, axis=2)).mean()


def test_a_thick_slice_is_the_mean_of_thin_ones():
    hu = np.zeros((5, 5, 9), np.float32)
    hu[:, :, 4] = 90
    assert blurred(hu, 0.0, 0.0, 3.0)[2, 2] == pytest.approx([0, 0, 0, 30, 30, 30, 0, 0, 0], abs=1e-4)
    assert blurred(hu, 0.0, 0.0, 1.0)[2, 2, 4] == 90


def test_the_same_seed_gives_the_same_patch_and_the_sample_is_left_alone():
    given, augmentation = sample(), HeavyAugmentation()
    assert isinstance(augmentation, Augmentation)
    first, again, other = (augmentation.changed_hu(given, SPACING_MM, rng(seed)) for seed in (4, 4, 5))
    assert first.dtype == np.float32
    assert (first == again).all()
    assert np.abs(first - other).mean() > 1
    assert (given.hu == sample().hu).all()
