"""What the network of a stage sees: its grid, its axes, the liver alone; and what is said about the whole case."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.registry import Stage, StageFacts
from LiverTumorSegLib.training.augmentation.placement import Placement
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES
from LiverTumorSegLib.training.data.subject import LabelledCt
from LiverTumorSegLib.training.partial_labels import IGNORE, LITS
from LiverTumorSegLib.training.preparation import on_own_grid
from LiverTumorSegLib.training.prepared import PreparedCase, store
from LiverTumorSegLib.training.samples import Sample, WholeLiver
from LiverTumorSegLib.training.smoothsegnet.facts import cut_size
from LiverTumorSegLib.training.smoothsegnet.view import StageView
from LiverTumorSegLib.training.subject_patches import SubjectPatches
from LiverTumorSegLib.volume import Volume

CUBES = StageFacts(Stage.MULTICLASS, "segresnet", (2.0, 2.0, 2.0), "RAS", (-200.0, 250.0), (16, 16, 8))


class Fixed:
    """A Source of one sample."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample

    def sample(self, _rng: np.random.Generator) -> Sample:
        return self._sample


def seen(sample: Sample, facts: StageFacts, **priors: float) -> Sample:
    return StageView(Fixed(sample), facts, priors).sample(np.random.default_rng(0))


def sample_of(hu: np.ndarray, labels: np.ndarray) -> Sample:
    return Sample(hu.astype(np.float32), labels.astype(np.uint8), LITS, "one", WholeLiver(1000.0, 80.0))


def test_cubes_become_the_cells_of_the_recipe():
    """A ramp stays the ramp at the cells' middles: 2 mm cubes, cells of 2 x 2 x 6 mm, so every third cube's place."""
    facts = replace(CUBES, spacing_mm=(2.0, 2.0, 6.0), window=(16, 16, 8))
    assert cut_size(facts) == (16, 16, 24)
    i, j, k = np.indices(cut_size(facts))
    labels = np.where((k >= 6) & (k < 12), 3, 1)
    found = seen(sample_of(10.0 * i + 3.0 * j - 2.0 * k, labels), facts)
    assert found.hu.shape == found.labels.shape == (16, 16, 8)
    i, j, k = np.indices((16, 16, 8))
    inner = found.hu[:, :, 2:-2]
    assert np.allclose(inner, (10.0 * i + 3.0 * j - 2.0 * (3 * k + 1))[:, :, 2:-2], atol=1e-3)
    assert np.array_equal(found.labels == 3, (k >= 2) & (k < 4))
    assert (found.whole.organ_voxels, found.whole.tumor_voxels) == pytest.approx((1000 / 3, 80 / 3))


def test_cells_that_are_no_multiple_of_the_finest_are_covered():
    facts = replace(CUBES, spacing_mm=(1.5, 2.0, 5.0))
    size = cut_size(facts)
    assert size == (16, 22, 27)  # 16 x 2 / 1.5 = 21.3, 8 x 5 / 1.5 = 26.7
    assert seen(sample_of(np.full(size, 40.0), np.ones(size)), facts).labels.all()


def test_the_axes_are_those_of_the_facts():
    """PLI: the first axis runs to the back, the second to the left, the third to the feet."""
    facts = replace(CUBES, axes="PLI", window=(24, 16, 8), spacing_mm=None)
    assert cut_size(facts) == (16, 24, 8)
    hu = np.arange(16 * 24 * 8).reshape(16, 24, 8)
    found = seen(sample_of(hu, hu % 2), facts)
    assert found.hu.shape == (24, 16, 8)
    assert found.hu[2, 3, 4] == hu[16 - 1 - 3, 24 - 1 - 2, 8 - 1 - 4]
    assert np.array_equal(found.labels, found.hu % 2)
    unequal = replace(facts, spacing_mm=(2.0, 4.0, 6.0))
    assert cut_size(unequal) == (32, 24, 24)


def test_the_second_stage_sees_the_liver_alone():
    labels = np.zeros((16, 16, 8))
    labels[4:12, 4:12] = 1
    labels[6, 6], labels[7, 7], labels[8, 8] = 2, 3, IGNORE
    sample = sample_of(np.full((16, 16, 8), 90.0), labels)
    found = seen(sample, replace(CUBES, stage=Stage.TUMOR)).hu
    assert np.array_equal(found == 90.0, np.isin(labels, (1, 2, 3)))
    assert set(np.unique(found)) == {-200.0, 90.0}
    assert (sample.hu == 90.0).all()
    assert (seen(sample, CUBES).hu == 90.0).all()


def test_the_prior_goes_by_case_id():
    sample = sample_of(np.zeros((16, 16, 8)), np.ones((16, 16, 8)))
    assert seen(sample, CUBES, one=0.125, two=0.5).whole.expected_ratio == 0.125
    assert math.isnan(seen(sample, CUBES, two=0.5).whole.expected_ratio)
    assert math.isnan(seen(replace(sample, case_id=""), CUBES, one=0.5).whole.expected_ratio)


def a_case(tmp_path, *, affine: np.ndarray | None = None) -> PreparedCase:
    """A liver of 10 x 20 x 6 voxels with a tumour of 2 x 2 x 2."""
    labels = np.zeros((30, 40, 20), np.uint8)
    labels[10:20, 15:35, 4:10] = 1
    labels[12:14, 20:22, 5:7] = 3
    hu = (np.arange(labels.size) % 3001).astype(np.int16).reshape(labels.shape)
    grid = np.diag([2.0, 2.0, 2.0, 1.0]) if affine is None else affine
    folder = store(LabelledCt(Volume(hu, grid), Volume(labels, grid), ALL_STRUCTURES), tmp_path / "case").folder
    return PreparedCase(folder, "one")


def patches(case: PreparedCase, size: tuple[int, int, int], **more) -> list[Sample]:
    source = SubjectPatches([case], size, tells_whole=True, **more)
    return [source.sample(np.random.default_rng(n)) for n in range(40)]


def test_patches_in_the_organ_lie_in_its_box(tmp_path):
    found = patches(a_case(tmp_path), (8, 8, 4), foreground_share=0.0, in_organ=True)
    assert all((one.labels > 0).all() for one in found)
    assert len({float(one.hu[0, 0, 0]) for one in found}) > 10


def test_a_patch_larger_than_the_organ_shows_all_of_it_in_its_middle(tmp_path):
    for one in patches(a_case(tmp_path), (16, 8, 8), foreground_share=0.0, in_organ=True):
        assert np.array_equal(np.flatnonzero(one.labels.any((1, 2))), np.arange(3, 13))
        assert np.array_equal(np.flatnonzero(one.labels.any((0, 1))), np.arange(1, 7))


def test_a_sample_tells_its_case_and_how_much_liver_that_has(tmp_path):
    case = a_case(tmp_path)
    assert (case.organ.voxels, case.organ.tumor_voxels) == (1200, 8)
    for one in patches(case, (8, 8, 4)):
        assert (one.case_id, one.whole.organ_voxels, one.whole.tumor_voxels) == ("one", 1200.0, 8.0)
    plain = SubjectPatches([case], (8, 8, 4)).sample(np.random.default_rng(0))
    assert (plain.case_id, plain.whole.organ_voxels) == ("one", 0.0)


def test_where_lesions_were_painted_in_the_case_is_another_one(tmp_path):
    assert {one.case_id for one in patches(a_case(tmp_path), (16, 16, 8), lesion_share=1.0)} == {""}


class Larger:
    """An augmentation that shows everything twice as large along i and three times along k."""

    def placement(self, _size, _rng):
        return Placement(np.diag([0.5, 1.0, 1 / 3]))

    def changed_hu(self, sample, _spacing_mm, _rng):
        return sample.hu


def test_the_whole_liver_is_told_in_voxels_of_the_patch(tmp_path):
    (one, *_) = patches(a_case(tmp_path), (24, 24, 24), augmentation=Larger(), in_organ=True, foreground_share=0.0)
    assert (one.whole.organ_voxels, one.whole.tumor_voxels) == pytest.approx((7200.0, 48.0))
    assert (one.labels > 0).sum() == pytest.approx(7200, rel=0.15)  # which it shows as a whole


def test_native_voxels_are_only_turned():
    """Axes to the front, the feet and the left, of three lengths, a little oblique."""
    turn = np.array([[0.1, 0.05, -0.99], [0.99, 0.0, 0.1], [0.0, -1.0, -0.05]])
    affine = np.eye(4)
    affine[:3, :3] = turn * [0.7, 3.0, 0.9]
    hu = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    made = on_own_grid(LabelledCt(Volume(hu, affine), Volume((hu % 4).astype(np.uint8), affine), ALL_STRUCTURES))
    assert made.ct.shape == (7, 5, 6)
    assert made.ct.spacing_mm == pytest.approx(
        (0.9 * np.linalg.norm(turn[:, 2]), 0.7 * np.linalg.norm(turn[:, 0]), 3.0), rel=1e-2
    )
    assert np.array_equal(made.ct.array, hu.transpose(2, 0, 1)[::-1, :, ::-1])
    assert np.array_equal(made.labels.array, made.ct.array % 4)


def test_cases_of_several_spacings_need_leave(tmp_path):
    cases = [a_case(tmp_path / "a"), a_case(tmp_path / "b", affine=np.diag([0.7, 0.7, 5.0, 1.0]))]
    with refused("2 cases with the spacings"):
        SubjectPatches(cases, (8, 8, 4))
    assert SubjectPatches(cases, (8, 8, 4), any_spacing=True).sample(np.random.default_rng(0)).hu.shape == (8, 8, 4)
