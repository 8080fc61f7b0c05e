"""Confidences of lesions and qualities of cases: sure where networks agree in the liver, not elsewhere."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from confident_cases import BESIDE, GRIDS, INSIDE, ORGAN, answer, patient
from phantoms import box, sphere, union

from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.measurements import Grade, Measurements
from LiverTumorSegLib.registry import CLASSICAL, MODELS
from LiverTumorSegLib.uncertainty.case_features import CaseFeatures
from LiverTumorSegLib.uncertainty.confidence import (
    ANY_MODEL,
    COEFFICIENTS,
    ConfidenceModel,
    case_quality,
    confidence_model,
    grade_of,
    model_of,
)
from LiverTumorSegLib.uncertainty.evidence import Evidence
from LiverTumorSegLib.uncertainty.inputs import case_inputs, lesion_inputs
from LiverTumorSegLib.uncertainty.judging import find_features, judged
from LiverTumorSegLib.uncertainty.reasons import Limits, reasons_in_words

BALL, MASS = sphere(12.0, INSIDE), sphere(24.0, BESIDE)
NOTHING = sphere(0.0, (500.0, 0.0, 0.0))
GOOD = CaseFeatures(1500.0, 0.93, 0.7, 0.95, 0.96, 0.96, 0.72, 0.0, 0.0)
HAND_SET = model_of(read_json(COEFFICIENTS), ANY_MODEL)


def voices(organs, tumors) -> Evidence:
    organ, tumor = ([answer(shape, 0.95) for shape in shapes] for shapes in (organs, tumors))
    mean_organ, mean_tumor = (pair[0].with_array((pair[0].array + pair[1].array) / 2) for pair in (organ, tumor))
    return Evidence(mean_organ, mean_tumor, dict(zip("ab", organ, strict=True)), dict(zip("ab", tumor, strict=True)))


def judge(*lesions, evidence: Evidence, grid="upright") -> Measurements:
    made = patient(*lesions, evidence=evidence, grid=grid)
    return judged(made.measurements, made.segmentation, made.lesions, made.evidence, HAND_SET)


@pytest.mark.parametrize("grid", GRIDS)
def test_two_voices_that_agree_inside_the_liver_are_believed(grid):
    found = judge(BALL, evidence=voices((ORGAN, ORGAN), (BALL, BALL)), grid=grid)
    assert found.lesions[0].confidence > 0.9
    assert "doubtful-lesion" not in found.lesions[0].flags
    assert found.quality.grade is Grade.GOOD
    assert found.quality.reasons == ()
    assert "low-confidence" not in found.flags


@pytest.mark.parametrize("grid", GRIDS)
def test_a_voice_that_is_alone_is_believed_less(grid):
    one = judge(BALL, evidence=voices((ORGAN, ORGAN), (BALL, NOTHING)), grid=grid)
    two = judge(BALL, evidence=voices((ORGAN, ORGAN), (BALL, BALL)), grid=grid)
    assert one.lesions[0].confidence < two.lesions[0].confidence - 0.2
    assert one.quality.score < two.quality.score


@pytest.mark.parametrize("grid", GRIDS)
def test_a_mass_outside_of_what_one_network_calls_liver_makes_the_case_poor(grid):
    found = judge(MASS, evidence=voices((union(ORGAN, MASS), ORGAN), (MASS, MASS)), grid=grid)
    assert found.lesions[0].confidence < 0.2
    assert "doubtful-lesion" in found.lesions[0].flags
    assert found.quality.grade is Grade.POOR
    assert "low-confidence" in found.flags
    assert any("may lie beside it" in reason for reason in found.quality.reasons)
    assert any("is doubtful" in reason for reason in found.quality.reasons)


def test_no_measured_value_changes_and_flags_are_only_added():
    made = patient(BALL, MASS)
    found = judged(made.measurements, made.segmentation, made.lesions, made.evidence, HAND_SET)
    for before, after in zip(made.measurements.lesions, found.lesions, strict=True):
        assert after.flags[: len(before.flags)] == before.flags
        assert replace(after, flags=before.flags, confidence=None) == before
    assert found.flags[: len(made.measurements.flags)] == made.measurements.flags
    plain = replace(found, lesions=made.measurements.lesions, flags=made.measurements.flags, quality=None)
    assert plain == made.measurements


def test_without_an_organ_there_is_no_quality():
    made = patient()
    empty = made.segmentation.with_array(made.segmentation.array * 0)
    nothing = Measurements(0.0, 0.0, 0.0, None, (), ("no-liver-found",))
    assert judged(nothing, empty, empty, made.evidence, HAND_SET) == nothing


def test_a_liver_without_lesions_has_a_quality():
    found = judge(evidence=voices((ORGAN, ORGAN), (NOTHING, NOTHING)))
    assert found.lesions == ()
    assert found.quality.grade is Grade.GOOD


def test_one_network_alone_is_judged_by_what_there_is():
    found = judge(BALL, evidence=Evidence(answer(ORGAN, 0.95), answer(BALL)))
    assert 0.5 < found.lesions[0].confidence < 1
    assert found.quality.grade is Grade.GOOD


def test_networks_that_disagree_about_the_liver_say_by_how_much():
    found = judge(evidence=voices((box((90.0, 90.0, 60.0)), box((90.0, 90.0, 30.0))), (NOTHING, NOTHING)))
    assert any(reason.startswith("The networks disagree about 33 %") for reason in found.quality.reasons)
    assert any("has 50 % of the volume of another's" in reason for reason in found.quality.reasons)
    assert found.quality.grade is Grade.POOR


def test_nothing_unusual_needs_no_reason():
    assert reasons_in_words(GOOD, HAND_SET.limits) == ()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"organ_probability": 0.861}, "86.1 % sure"),
        ({"border_entropy": 0.95}, "uncertainty 0.95 of 1"),
        ({"voices_dice": 0.8}, "disagree about 20 % of the liver"),
        ({"voices_volume_ratio": 0.7}, "70 % of the volume"),
        ({"organ_ml": 430.0}, "430 ml is implausible"),
        ({"solidity": 0.5}, "fills 50 % of its convex hull"),
        ({"cut_cm2": 166.1}, "over 166 cm²"),
        ({"implausible_share": 0.056}, "6 % of the liver is a mass"),
        ({"least_confidence": 0.27}, "confidence 27 %"),
    ],
)
def test_whatever_is_unusual_is_a_reason_in_words_and_no_case_with_one_is_good(changed, words):
    case = replace(GOOD, **changed)
    (reason,) = reasons_in_words(case, HAND_SET.limits)
    assert words in reason
    assert reason.endswith(".")
    assert case_quality(case, HAND_SET).grade is not Grade.GOOD
    assert case_quality(case, HAND_SET).score < case_quality(GOOD, HAND_SET).score


@pytest.mark.parametrize(
    ("score", "has_reasons", "grade"),
    [(0.39, False, "poor"), (0.4, False, "check"), (0.8, False, "good"), (0.95, True, "check"), (0.1, True, "poor")],
)
def test_classes_begin_where_the_conventions_say(score, has_reasons, grade):
    assert grade_of(score, has_reasons=has_reasons) == grade


def test_the_native_example_and_the_mass_of_patient_7_are_poor_and_patient_1_is_not():
    """Features as the KU Leuven networks alone gave them, without a reference: hand-set weights were set by them."""
    patient_1 = CaseFeatures(1488.6, 0.925, 0.809, None, None, None, 0.765, 0.0, 0.0, 0.9)
    patient_7 = CaseFeatures(1557.8, 0.902, 0.839, None, None, None, 0.626, 0.0, 0.0557, 0.26)
    native = CaseFeatures(1464.1, 0.865, 0.863, None, None, None, 0.527, 166.05, 0.0)
    assert case_quality(patient_1, HAND_SET).grade is Grade.GOOD
    assert case_quality(patient_7, HAND_SET).grade is Grade.POOR
    assert case_quality(native, HAND_SET).grade is Grade.POOR


@pytest.mark.parametrize("spec", [spec for spec in MODELS if spec != CLASSICAL], ids=lambda spec: spec.id)
def test_the_stored_coefficients_fit_the_inputs(spec):
    model = confidence_model(spec.id)
    made = patient(BALL)
    found = find_features(made.measurements, made.segmentation, made.lesions, made.evidence)
    assert set(model.lesion.terms) == set(lesion_inputs(found.lesions[0]))
    assert set(model.case.terms) == set(case_inputs(found.case))
    assert model.fitted_on.endswith(".")
    assert ConfidenceModel.from_json(model.to_json()) == model


def test_weights_set_by_hand_say_so():
    assert not HAND_SET.is_calibrated
    assert not case_quality(GOOD, HAND_SET).is_calibrated


def test_coefficients_of_another_schema_are_refused():
    with pytest.raises(ValueError, match="schema 2"):
        model_of({"schema": 2}, "combined")


def test_a_limit_exists_for_each_feature_that_has_one():
    names = {field.name for field in fields(CaseFeatures)}
    assert {field.name for field in fields(Limits)} <= names
