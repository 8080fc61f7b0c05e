"""Features of lesions and organs, with values known from where everything lies."""

from __future__ import annotations

import numpy as np
import pytest
from confident_cases import BESIDE, GRIDS, INSIDE, ORGAN, answer, patient
from phantoms import affine_of, box, centered, ellipsoid, rotation, sphere, union, voxelize

from LiverTumorSegLib.uncertainty.case_features import cut_cm2, least_confidence
from LiverTumorSegLib.uncertainty.evidence import Evidence, values_at
from LiverTumorSegLib.uncertainty.inputs import case_inputs, lesion_inputs, volume_excess
from LiverTumorSegLib.uncertainty.judging import Features, find_features
from LiverTumorSegLib.uncertainty.organ_view import OrganView, solidity
from LiverTumorSegLib.volume import Volume

VOXEL = (19.2 + 1.2, 1.2, 1.8)
"""Where a voxel of the upright grid has its centre."""
NOTHING = sphere(0.0, (500.0, 0.0, 0.0))
BALL = sphere(12.0, INSIDE)
LESION_GRID = (2.0, 2.0, 3.0)


def features(made) -> Features:
    return find_features(made.measurements, made.segmentation, made.lesions, made.evidence)


def seen(*tumors, organs=(ORGAN, ORGAN), inside=0.9) -> Evidence:
    """Two voices of the organ, as many of the tumour as shapes are given; the combined ones are their means."""
    tumor_voices = {f"t{n}": answer(shape, inside, spacing_mm=LESION_GRID) for n, shape in enumerate(tumors)}
    organ_voices = {f"o{n}": answer(shape, 0.95) for n, shape in enumerate(organs)}
    return Evidence(mean(organ_voices), mean(tumor_voices), organ_voices, tumor_voices)


def mean(voices):
    first, *_ = voices.values()
    return first.with_array(np.mean([voice.array for voice in voices.values()], axis=0, dtype=np.float32))


def test_values_between_voxels_are_linear_and_repeat_the_edge_for_half_a_voxel_only():
    ramp = Volume(np.arange(4, dtype=np.float32)[:, None, None] * np.ones((1, 3, 3), np.float32), affine_of((2, 1, 1)))
    points = np.array([[2.5, 1, 1], [6.9, 1, 1], [7.1, 1, 1], [-0.9, 1, 1], [-1.1, 1, 1], [2.0, 1.0, 40.0]])
    np.testing.assert_allclose(values_at(ramp, points), [1.25, 3.0, 0.0, 0.0, 0.0, 0.0], atol=1e-6)


def test_values_are_those_of_the_patient_on_an_oblique_grid():
    linear = affine_of((1.5, 2.0, 3.0), turn=rotation(20, 0) @ rotation(-30, 2))
    ball = voxelize((60, 50, 40), centered(linear, (60, 50, 40)), sphere(20.0))
    there = values_at(ball, np.array([[0.0, 0.0, 0.0], [10.0, -10.0, 5.0], [25.0, 0.0, 0.0], [0.0, 0.0, -26.0]]))
    assert there.tolist() == [1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("grid", GRIDS)
def test_a_lesion_that_two_voices_see_inside_the_liver(grid):
    (lesion,) = features(patient(BALL, grid=grid, evidence=seen(BALL, BALL))).lesions
    assert lesion.volume_ml == pytest.approx(4 / 3 * np.pi * 1.728, rel=0.05)
    assert lesion.mean_probability == pytest.approx(0.83, abs=0.05)  # partial voxels at its surface
    assert lesion.high_probability == pytest.approx(0.9, abs=1e-5)
    assert lesion.agreement == pytest.approx(1.0, abs=0.05)
    assert lesion.support == pytest.approx({"t0": 1.0, "t1": 1.0}, abs=0.05)
    assert lesion.organ_inside == pytest.approx(0.95, abs=1e-4)
    assert lesion.organ_around == pytest.approx(0.95, abs=1e-4)
    assert lesion.parenchyma == 1.0
    nearest_mm = np.linalg.norm(np.array(INSIDE))
    assert 55 - nearest_mm < lesion.depth_mm < 60


@pytest.mark.parametrize("grid", GRIDS)
def test_a_lesion_that_one_voice_sees_has_no_agreement(grid):
    (lesion,) = features(patient(BALL, grid=grid, evidence=seen(BALL, NOTHING))).lesions
    assert lesion.agreement == 0.0
    assert lesion.support == pytest.approx({"t0": 1.0, "t1": 0.0}, abs=0.05)
    assert lesion.mean_probability == pytest.approx(0.415, abs=0.03)


@pytest.mark.parametrize("grid", GRIDS)
def test_of_a_mass_beside_the_liver_that_one_organ_voice_takes_in_the_other_knows_nothing(grid):
    mass = sphere(20.0, BESIDE)
    both = seen(mass, mass, organs=(union(ORGAN, mass), ORGAN))
    (lesion,) = features(patient(mass, grid=grid, evidence=both)).lesions
    assert lesion.organ_inside < 0.2
    assert lesion.organ_around < 0.4
    assert lesion.parenchyma < 0.4


def test_voices_that_overlap_by_half_support_half():
    halves = seen(BALL, box((100.0, 100.0, 100.0), center=(INSIDE[0] + 50, 0.0, 0.0)))
    (lesion,) = features(patient(BALL, evidence=halves)).lesions
    assert lesion.agreement == pytest.approx(0.5, abs=0.06)


def test_with_one_voice_there_is_no_agreement_to_speak_of():
    alone = Evidence(answer(ORGAN, 0.95), answer(BALL, spacing_mm=LESION_GRID))
    found = features(patient(BALL, evidence=alone))
    assert found.lesions[0].agreement is None
    assert list(found.lesions[0].support) == ["tumor"]
    assert (found.case.voices_dice, found.case.voices_volume_ratio, found.case.final_dice) == (None, None, None)


def test_a_lesion_of_a_voxel_has_surroundings_too():
    made = patient(sphere(1.9, VOXEL), evidence=seen(BALL, BALL))
    (lesion,) = features(made).lesions
    assert lesion.volume_ml == pytest.approx(made.segmentation.voxel_ml)
    assert lesion.organ_around == pytest.approx(0.95, abs=1e-4)


def test_lesions_come_in_the_order_of_their_ids():
    found = features(patient(sphere(8.0, (-30.0, 0.0, 0.0)), BALL, evidence=seen(BALL, BALL)))
    assert [lesion.volume_ml for lesion in found.lesions] == sorted(
        (lesion.volume_ml for lesion in found.lesions), reverse=True
    )
    assert [round(lesion.mean_probability) for lesion in found.lesions] == [1, 0]


def test_without_an_organ_there_are_no_features():
    made = patient(BALL)
    nothing = made.segmentation.with_array(np.zeros_like(made.segmentation.array))
    assert find_features(made.measurements, nothing, nothing, made.evidence) == Features((), None)


def test_two_organ_voices_disagree_by_what_only_one_of_them_holds():
    left, right = box((84.0, 90.0, 60.0)), box((84.0, 90.0, 60.0), center=(18.0, 0.0, 0.0))
    case = features(patient(evidence=seen(NOTHING, organs=(left, right)))).case
    assert case.voices_dice == pytest.approx(66 / 84)
    assert case.voices_volume_ratio == pytest.approx(1.0)
    smaller = features(patient(evidence=seen(NOTHING, organs=(left, box((42.0, 90.0, 60.0)))))).case
    assert smaller.voices_volume_ratio == pytest.approx(0.5)


@pytest.mark.parametrize("grid", GRIDS)
def test_an_organ_that_all_are_sure_of(grid):
    case = features(patient(grid=grid, evidence=seen(NOTHING))).case
    assert case.voices_dice == 1.0
    assert case.final_dice == pytest.approx(1.0, abs=0.03)
    assert case.organ_probability == pytest.approx(0.94, abs=0.02)
    assert case.organ_ml == pytest.approx(4 / 3 * np.pi * 7.5 * 6.0 * 5.5, rel=0.02)
    assert case.cut_cm2 == 0.0
    assert (case.implausible_share, case.least_confidence) == (0.0, 1.0)


def test_the_border_is_uncertain_by_a_bit_where_the_probability_is_a_half_and_by_nothing_where_it_is_sure():
    unsure = Evidence(answer(ORGAN, 0.5, 0.5), answer(NOTHING))
    sure = Evidence(answer(ORGAN, 1.0, 0.0), answer(NOTHING))
    assert features(patient(evidence=unsure)).case.border_entropy == pytest.approx(1.0, abs=1e-3)
    assert features(patient(evidence=sure)).case.border_entropy == pytest.approx(0.0, abs=1e-3)


def test_a_mass_that_is_flagged_counts_with_its_share_of_the_organ():
    mass = sphere(24.0, BESIDE)
    made = patient(mass)
    assert "implausible-mass" in made.measurements.flags
    case = features(made).case
    assert case.implausible_share == pytest.approx(made.measurements.tumor_ml / made.measurements.liver_ml)


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (3.0, 2.0, 4.0), (0.7, 0.7, 5.0)])
@pytest.mark.parametrize("shear", [None, {(1, 2): 1.3}])
def test_solidity_is_that_of_the_shape_on_any_grid(spacing_mm, shear):
    bent = np.zeros((130, 130, 34), bool)
    bent[2:122, 2:62, 2:32] = bent[2:62, 2:122, 2:32] = True
    affine = affine_of(spacing_mm, shear=shear)
    assert solidity(Volume(bent, affine)) == pytest.approx(3 / 3.5, rel=0.02)
    assert solidity(Volume(np.ones((5, 4, 3), bool), affine)) == pytest.approx(1.0)
    assert solidity(Volume(np.zeros((5, 4, 3), bool), affine)) is None


def test_the_area_on_the_faces_is_that_of_the_planes_on_a_sheared_grid():
    labels = np.zeros((10, 8, 6), np.uint8)
    labels[2:5, 3:7, :3] = 1
    upright = Volume(labels, affine_of((2.0, 3.0, 4.0)))
    tilted = Volume(labels, affine_of((2.0, 3.0, 4.0), turn=rotation(20, 1), shear={(0, 2): 1.1, (1, 2): -0.6}))
    assert cut_cm2(upright) == pytest.approx(3 * 4 * 6.0 / 100)
    assert cut_cm2(tilted) == pytest.approx(3 * 4 * 6.0 / 100)
    labels[0, 0, 5] = 1
    assert cut_cm2(upright) == pytest.approx((3 * 4 * 6.0 + 6.0 + 12.0 + 8.0) / 100)


def test_distances_to_the_surface_are_in_mm_on_both_sides_and_not_to_the_grids_end():
    labels = np.zeros((20, 9, 9), np.uint8)
    labels[:8] = 2
    volume = Volume(labels, affine_of((2.5, 1.0, 1.0)))
    view = OrganView.of(volume, volume.with_array(labels.astype(np.float32)))
    np.testing.assert_allclose(view.distance_mm.array[:, 4, 4], 2.5 * np.r_[8:0:-1, 1:13])
    assert not OrganView.of(volume.with_array(labels * 0), view.mask).distance_mm.array.any()


def test_only_lesions_of_a_millilitre_lower_a_case():
    assert least_confidence([(0.9, 0.1), (1.0, 0.4), (30.0, 0.8)]) == 0.4
    assert least_confidence([(0.9, 0.1)]) == 1.0


@pytest.mark.parametrize(("ml", "excess"), [(500.0, 0.0), (4000.0, 0.0), (250.0, np.log(2)), (8000.0, np.log(2))])
def test_a_volume_outside_the_plausible_range_counts_by_its_ratio(ml, excess):
    assert volume_excess(ml) == pytest.approx(excess)


def test_every_input_is_finite_or_said_to_be_unknown():
    made = patient(BALL, grid="oblique", evidence=Evidence(answer(ORGAN), answer(ellipsoid((9.0, 9.0, 9.0)))))
    found = features(made)
    for row in (lesion_inputs(found.lesions[0]), case_inputs(found.case)):
        assert all(value is None or np.isfinite(value) for value in row.values())
    assert {name for name, value in case_inputs(found.case).items() if value is None} == {
        "voices_dice",
        "voices_volume_ratio",
        "final_dice",
    }
