"""What of a case is compared, and what is left out because nobody annotated it."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.evaluation.agreement import Reference, agreement
from LiverTumorSegLib.evaluation.surface import surface_dice
from LiverTumorSegLib.volume import Volume

AFFINE = np.array([[0.0, -1.0, 0.2, 5], [2.0, 0.0, 0.0, 7], [0.0, 0.1, 5.0, 9], [0, 0, 0, 1]])
SHAPE = (40, 32, 18)


def labels(*boxes) -> Volume:
    out = np.zeros(SHAPE, np.uint8)
    for value, where in boxes:
        out[where] = value
    return Volume(out, AFFINE)


EXPERT = labels(
    (1, np.s_[5:30, 5:25, 4:14]),
    (2, np.s_[8:22, 8:10, 6:9]),
    (3, np.s_[20:25, 15:20, 8:11]),
    (3, np.s_[10:12, 15:17, 5:7]),
)
FOUND = labels(
    (1, np.s_[6:30, 5:26, 4:14]),
    (2, np.s_[8:20, 8:10, 6:9]),
    (3, np.s_[21:25, 15:20, 8:11]),
    (3, np.s_[27:29, 8:10, 6:8]),
)


def test_a_perfect_result_scores_one_everywhere():
    result = agreement(EXPERT, Reference.of_labels(EXPERT))
    assert [(item.name, item.dice, item.nsd) for item in result.classes] == [
        ("liver", 1.0, 1.0),
        ("vessel", 1.0, 1.0),
        ("tumor", 1.0, 1.0),
    ]
    assert result.false_lesions == ()


def test_dice_and_nsd_are_those_of_the_whole_volume():
    """Only the box around all masks is looked at; the answer is that of the full arrays."""
    result = agreement(FOUND, Reference.of_labels(EXPERT))
    for name, value, tolerance in (("liver", 0, 7.0), ("vessel", 2, 3.0), ("tumor", 3, 3.0)):
        found, expert = (np.isin(one.array, (1, 2, 3) if value == 0 else value) for one in (FOUND, EXPERT))
        item = result.of(name)
        assert item.nsd_tolerance_mm == tolerance
        assert item.dice == 2 * (found & expert).sum() / (found.sum() + expert.sum())
        assert item.nsd == pytest.approx(surface_dice(found, expert, AFFINE, tolerance), abs=1e-12)


def test_the_liver_is_liver_vessels_and_tumors_whatever_else_is_judged():
    item = agreement(FOUND, Reference.of_labels(EXPERT, frozenset({"liver"}))).of("liver")
    assert item.reference_ml == pytest.approx(np.count_nonzero(EXPERT.array) * EXPERT.voxel_ml)


@pytest.mark.parametrize("judged", [{"liver", "tumor"}, {"vessel"}, {"vessel", "tumor"}, {"liver"}])
def test_what_was_not_annotated_is_absent_and_not_zero(judged):
    result = agreement(FOUND, Reference.of_labels(EXPERT, frozenset(judged)))
    assert {item.name for item in result.classes} == judged
    assert set(result.to_json()["classes"]) == judged
    assert bool(result.reference_lesions) == ("tumor" in judged)
    assert bool(result.predicted_lesions) == ("tumor" in judged)


def test_an_annotated_structure_without_a_voxel_counts_as_found_wrongly_or_rightly():
    healthy = labels((1, np.s_[5:30, 5:25, 4:14]))
    tumor = agreement(FOUND, Reference.of_labels(healthy)).of("tumor")
    assert (tumor.dice, tumor.nsd, tumor.volume_error) == (0.0, 0.0, None)
    tumor = agreement(healthy, Reference.of_labels(healthy)).of("tumor")
    assert (tumor.dice, tumor.nsd, tumor.volume_error) == (1.0, 1.0, None)


def test_two_empty_label_maps_agree():
    empty = labels()
    assert [item.dice for item in agreement(empty, Reference.of_labels(empty)).classes] == [1.0, 1.0, 1.0]


def test_lesions_carry_their_volume_and_the_diameter_that_is_asked_for():
    def longest_side_mm(lesion: Volume) -> float:
        assert lesion.array.dtype == bool
        return max(n * s for n, s in zip(lesion.shape, lesion.spacing_mm, strict=True))

    result = agreement(FOUND, Reference.of_labels(EXPERT), longest_side_mm)
    large, small = result.reference_lesions
    step_i, _, step_k = EXPERT.spacing_mm
    assert (large.hit, small.hit) == (True, False)
    assert large.covered == pytest.approx(0.8)
    assert large.volume_ml == pytest.approx(75 * EXPERT.voxel_ml)
    assert large.longest_mm == pytest.approx(max(5 * step_i, 3 * step_k))
    np.testing.assert_allclose(large.center_ras, AFFINE[:3] @ [22, 17, 9, 1])
    (false,) = result.false_lesions
    assert false.volume_ml == pytest.approx(8 * EXPERT.voxel_ml)
    np.testing.assert_allclose(false.center_ras, AFFINE[:3] @ [27.5, 8.5, 6.5, 1])


def test_a_share_of_exactly_a_tenth_is_no_hit():
    expert = labels((3, np.s_[10:20, 10:11, 5:6]))
    for voxels, hit in ((1, False), (2, True)):
        found = labels((3, np.s_[10 : 10 + voxels, 10:11, 5:6]))
        assert agreement(found, Reference.of_labels(expert)).reference_lesions[0].hit is hit
