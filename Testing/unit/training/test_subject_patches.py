"""Patches of annotated CTs: from where, how often, and what lies beyond the CT."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.training.augmentation.heavy import HeavyAugmentation
from LiverTumorSegLib.training.augmentation.placement import AIR_HU
from LiverTumorSegLib.training.augmentation.published import PublishedAugmentation
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.training.data.subject import LabelledCt
from LiverTumorSegLib.training.partial_labels import IRCAD, LITS
from LiverTumorSegLib.training.preparation import prepare_loaded
from LiverTumorSegLib.training.prepared import PreparedCase
from LiverTumorSegLib.training.samples import Source
from LiverTumorSegLib.training.subject_patches import SubjectPatches
from LiverTumorSegLib.volume import Volume

SPACING_MM = 2.0
SHAPE = (46, 40, 34)
SIZE = (16, 12, 10)
GRID = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
PARTIAL = frozenset({Structure.LIVER, Structure.TUMOR})


def labelled(annotated: frozenset[Structure] = ALL_STRUCTURES) -> LabelledCt:
    """HU that are nowhere alike; a block of liver with a vessel and a tumour of very different volumes."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[5:40, 5:35, 5:30] = 1
    if Structure.VESSEL in annotated:
        labels[20:30, 20:22, 10:12] = 2
    labels[8:10, 8:10, 8:10] = 3
    hu = np.random.default_rng(0).integers(-900, 3000, SHAPE).astype(np.int16)
    return LabelledCt(Volume(hu, GRID), Volume(labels, GRID), annotated)


def place_of(patch: np.ndarray, volume: np.ndarray) -> tuple[int, ...]:
    """Where a piece begins that is in the volume once."""
    (found,) = [
        first
        for first in np.argwhere(volume == patch[0, 0, 0])
        if np.array_equal(volume[tuple(slice(a, a + n) for a, n in zip(first, patch.shape, strict=True))], patch)
    ]
    return tuple(int(n) for n in found)


@pytest.fixture
def case(tmp_path) -> PreparedCase:
    return prepare_loaded(labelled(), "one", tmp_path, SPACING_MM)


def draw(source: SubjectPatches, count: int):
    return [source.sample(np.random.default_rng(seed)) for seed in range(count)]


def test_a_patch_is_a_piece_of_the_ct_with_its_labels(case):
    source = SubjectPatches([case], SIZE, foreground_share=0.0)
    assert isinstance(source, Source)
    hu, labels = case.arrays()
    firsts = set()
    for sample in draw(source, 60):
        first = place_of(sample.hu, hu)
        box = tuple(slice(a, a + n) for a, n in zip(first, SIZE, strict=True))
        np.testing.assert_array_equal(sample.labels, labels[box])
        assert sample.annotated == IRCAD
        firsts.add(first)
    assert len(firsts) > 50
    assert np.min(list(firsts), 0) == pytest.approx((0, 0, 0), abs=3)
    assert np.max(list(firsts), 0) == pytest.approx(np.array(SHAPE) - SIZE, abs=3)


def test_a_third_of_the_patches_is_centred_on_a_structure_each_as_often(case):
    middle = tuple(n // 2 for n in SIZE)
    centred = [int(sample.labels[middle]) for sample in draw(SubjectPatches([case], SIZE, foreground_share=1.0), 600)]
    assert np.bincount(centred, minlength=4) / 600 == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3], abs=0.07)
    # The tumour has 8 of 62,560 voxels: whatever shows it in the middle was centred on it.
    usual = [int(sample.labels[middle]) for sample in draw(SubjectPatches([case], SIZE), 1500)]
    assert np.mean(np.array(usual) == 3) == pytest.approx(1 / 9, abs=0.03)


def test_structures_that_are_not_annotated_are_no_centres(tmp_path):
    case = prepare_loaded(labelled(PARTIAL), "lits", tmp_path, SPACING_MM)
    source = SubjectPatches([case], SIZE, foreground_share=1.0)
    samples = draw(source, 200)
    assert all(sample.annotated == LITS for sample in samples)
    assert {int(sample.labels[8, 6, 5]) for sample in samples} == {1, 3}


def test_a_case_without_any_structure_gives_patches_from_anywhere(tmp_path):
    empty = labelled()
    empty = LabelledCt(empty.ct, empty.labels.with_array(np.zeros(SHAPE, np.uint8)), ALL_STRUCTURES)
    case = prepare_loaded(empty, "empty", tmp_path, SPACING_MM)
    assert draw(SubjectPatches([case], SIZE, foreground_share=1.0), 1)[0].hu.shape == SIZE


def test_a_ct_smaller_than_the_patch_lies_in_it_as_a_whole_with_air_and_background_around(case):
    size = (64, 50, 24)
    _, labels = case.arrays()
    places = set()
    for sample in draw(SubjectPatches([case], size, foreground_share=0.0), 20):
        is_air = sample.hu == AIR_HU
        assert (~is_air).sum() == SHAPE[0] * SHAPE[1] * 24
        assert (sample.labels[is_air] == 0).all()
        i, j = (int(np.flatnonzero((~is_air).any(axes))[0]) for axes in ((1, 2), (0, 2)))
        inside = sample.labels[i : i + SHAPE[0], j : j + SHAPE[1]]
        assert any((inside == labels[..., k : k + 24]).all() for k in range(SHAPE[2] - 24 + 1))
        places.add((i, j))
    assert len(places) > 10


def test_unknown_voxels_stay_unknown(tmp_path):
    part = labelled()
    unknown = part.labels.array.copy()
    unknown[..., 20:] = 255
    case = prepare_loaded(LabelledCt(part.ct, part.labels.with_array(unknown), ALL_STRUCTURES), "x", tmp_path, 2.0)
    samples = draw(SubjectPatches([case], SHAPE, foreground_share=0.0), 2)
    assert all((sample.labels == unknown).all() for sample in samples)


@pytest.mark.parametrize("augmentation", [None, PublishedAugmentation(), HeavyAugmentation()])
def test_the_same_seed_gives_the_same_sample_in_another_process(case, augmentation):
    source = SubjectPatches([case], SIZE, augmentation, lesion_share=0.5)
    copy = pickle.loads(pickle.dumps(source))
    for seed in range(3):
        first, again = (one.sample(np.random.default_rng(seed)) for one in (source, copy))
        assert (first.hu == again.hu).all()
        assert (first.labels == again.labels).all()
        assert first.hu.dtype == np.float32
        assert first.hu.shape == first.labels.shape == SIZE


def test_synthetic_lesions_come_as_often_as_asked_for_and_before_the_augmentation(tmp_path):
    block = np.zeros((40, 40, 40), np.uint8)
    block[2:38, 2:38, 2:38] = 1
    noise = np.random.default_rng(0).normal(0, 5, block.shape)
    hu = np.rint(np.where(block, 110, -100) + noise).astype(np.int16)
    case = prepare_loaded(LabelledCt(Volume(hu, GRID), Volume(block, GRID), ALL_STRUCTURES), "x", tmp_path, SPACING_MM)
    source = SubjectPatches([case], (40, 40, 40), foreground_share=0.0, lesion_share=0.25)
    painted = [(sample.labels == 3).any() for sample in draw(source, 60)]
    assert 7 <= sum(painted) <= 23
    windowed = SubjectPatches([case], (40, 40, 40), PublishedAugmentation(), foreground_share=0.0, lesion_share=1.0)
    assert all(sample.hu.min() >= -21.56 for sample in draw(windowed, 4))


def test_each_case_comes_as_often(tmp_path, case):
    other = prepare_loaded(labelled(PARTIAL), "two", tmp_path, SPACING_MM)
    samples = draw(SubjectPatches([case, other], SIZE), 400)
    assert np.mean([sample.annotated == LITS for sample in samples]) == pytest.approx(0.5, abs=0.08)


def test_cases_of_several_spacings_and_no_case_at_all_are_refused(tmp_path, case):
    other = prepare_loaded(labelled(), "coarse", tmp_path, 4.0)
    with refused("spacings [2.0, 4.0] mm"):
        SubjectPatches([case, other], SIZE)
    with refused("no case"):
        SubjectPatches([], SIZE)
