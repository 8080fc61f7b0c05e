"""Lesions painted into a real liver: where they may lie, how dark they are, and that the labels say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LiverTumorSegLib.training.augmentation.inserted_lesions import with_synthetic_lesions
from LiverTumorSegLib.training.augmentation.parenchyma import parenchyma_of, thick_vessels
from LiverTumorSegLib.training.partial_labels import HEPATIC_VESSEL, HV_LIVER, IRCAD, LITS, Annotated
from LiverTumorSegLib.training.samples import Sample

SPACING_MM = 2.0
SHAPE = (64, 56, 48)
LIVER_HU, NOISE_HU = 110.0, 8.0


def liver(liver_hu: float = LIVER_HU, annotated: Annotated = IRCAD) -> Sample:
    """An ellipsoid with a thick vessel (12 mm), a thin one (4 mm) and fat around it."""
    i, j, k = np.indices(SHAPE)
    labels = (((i - 32) / 26) ** 2 + ((j - 28) / 22) ** 2 + ((k - 24) / 18) ** 2 < 1).astype(np.uint8)
    labels[((j - 28) ** 2 + (k - 24) ** 2 <= 9) & (labels == 1)] = 2
    labels[20:44, 18:20, 24:26] = 2
    hu = np.array([-100, liver_hu, liver_hu + 60], np.float32)[labels]
    hu += np.random.default_rng(0).normal(0, NOISE_HU, SHAPE).astype(np.float32)
    return Sample(hu, labels, annotated)


@pytest.fixture(scope="module")
def painted() -> list[Sample]:
    return [with_synthetic_lesions(liver(), SPACING_MM, np.random.default_rng(seed)) for seed in range(30)]


def test_lesions_replace_liver_and_thin_vessels_only(painted):
    before = liver().labels
    thick = thick_vessels(before == 2, SPACING_MM)
    covered = 0
    for sample in painted:
        tumor = sample.labels == 3
        assert tumor.any()
        assert not (tumor & (before == 0)).any()
        assert not (tumor & thick).any()
        assert (sample.labels[~tumor] == before[~tumor]).all()
        covered += (tumor & (before == 2)).sum()
    assert covered > 0


def test_outside_of_the_organ_no_voxel_changes(painted):
    given = liver()
    for sample in painted:
        assert (sample.hu[given.labels == 0] == given.hu[given.labels == 0]).all()


def test_most_lesions_are_darker_than_the_liver_some_brighter_none_darker_than_fluid(painted):
    middles = np.array([np.median(sample.hu[sample.labels == 3]) for sample in painted])
    darker = middles < LIVER_HU - 10
    assert 0.6 < darker.mean() < 1
    assert (np.abs(middles - LIVER_HU) > 8).all()
    assert middles.min() > 0
    # 65 to 145 HU, as much of it as a liver of 110 HU allows: (110 - 10) / 190; each lesion up to a quarter more.
    assert (LIVER_HU - middles[darker]).max() < 145 * 100 / 190 * 1.25 + 15


def test_a_dark_liver_has_fainter_lesions_and_more_bright_ones():
    dark = [with_synthetic_lesions(liver(30.0), SPACING_MM, np.random.default_rng(seed)) for seed in range(30)]
    middles = np.array([np.median(sample.hu[sample.labels == 3]) for sample in dark])
    assert (middles > 30).mean() > 0.3
    assert middles.min() > -10


def test_a_lesion_keeps_the_noise_of_the_liver_and_shows_no_vessel(painted):
    for sample in painted[:10]:
        tumor = sample.labels == 3
        inner = tumor[1:-1] & tumor[:-2] & tumor[2:]
        if inner.sum() < 300:
            continue
        second = (sample.hu[:-2] + sample.hu[2:] - 2 * sample.hu[1:-1])[inner]
        # White noise of s: the second difference has the spread sqrt(6) s.
        assert second.std() == pytest.approx(np.sqrt(6) * NOISE_HU, rel=0.35)


def test_sizes_go_from_a_few_voxels_to_a_third_of_this_liver(painted):
    volumes_ml = sorted((sample.labels == 3).sum() * 0.008 for sample in painted)
    assert volumes_ml[0] < 3
    assert volumes_ml[-1] > 30


@pytest.mark.parametrize("annotated", [HEPATIC_VESSEL, HV_LIVER])
def test_without_annotated_liver_and_tumours_nothing_changes(annotated):
    given = liver(annotated=annotated)
    assert with_synthetic_lesions(given, SPACING_MM, np.random.default_rng(0)) is given


def test_a_patch_with_hardly_any_liver_stays_as_it_is():
    given = liver()
    labels = np.zeros_like(given.labels)
    labels[:10, :10, :10] = 1  # 8 ml
    few = replace(given, labels=labels)
    assert with_synthetic_lesions(few, SPACING_MM, np.random.default_rng(0)) is few


def test_vessels_that_nobody_annotated_are_liver_in_the_labels_and_change_nothing():
    given = liver(annotated=LITS)
    given = replace(given, labels=np.minimum(given.labels, 1))
    sample = with_synthetic_lesions(given, SPACING_MM, np.random.default_rng(1))
    assert set(np.unique(sample.labels)) == {0, 1, 3}


def test_tumours_that_were_there_stay_and_no_lesion_meets_them():
    given = liver()
    labels = given.labels.copy()
    labels[14:24, 24:34, 30:36] = 3
    given = replace(given, labels=labels)
    own = labels == 3
    for seed in range(15):
        sample = with_synthetic_lesions(given, SPACING_MM, np.random.default_rng(seed))
        assert (sample.labels[own] == 3).all()
        assert np.abs(sample.hu - given.hu)[own].max() < 40


def test_the_same_seed_gives_the_same_lesions_and_the_sample_is_left_alone():
    given = liver()
    first, again = (with_synthetic_lesions(given, SPACING_MM, np.random.default_rng(2)) for _ in range(2))
    assert (first.hu == again.hu).all()
    assert (first.labels == again.labels).all()
    assert (given.labels == liver().labels).all()
    assert (given.hu == liver().hu).all()


def test_where_vessels_run_the_parenchyma_is_filled_in():
    given = liver()
    parenchyma = parenchyma_of(given, np.random.default_rng(0))
    assert parenchyma is not None
    assert parenchyma.hu == pytest.approx(LIVER_HU, abs=0.5)
    filled = parenchyma.without_vessels[given.labels == 2]
    assert filled.mean() == pytest.approx(LIVER_HU, abs=1.5)
    assert filled.std() == pytest.approx(NOISE_HU, rel=0.15)


def test_thick_vessels_are_those_that_hold_a_ball_of_three_mm():
    labels = liver().labels
    thick = thick_vessels(labels == 2, SPACING_MM)
    assert thick[32, 28, 24]
    assert not thick[30, 18:20, 24:26].any()
    assert not thick_vessels(np.zeros(SHAPE, bool), SPACING_MM).any()
