"""From records to coefficients, and the numbers that say how reliable they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.uncertainty.calibration import LEAST_OF_EACH, calibrate
from LiverTumorSegLib.uncertainty.calibration_report import markdown, reliability_chart
from LiverTumorSegLib.uncertainty.case_features import CaseFeatures
from LiverTumorSegLib.uncertainty.confidence import ANY_MODEL, COEFFICIENTS, case_quality, lesion_confidence, model_of
from LiverTumorSegLib.uncertainty.judging import Features
from LiverTumorSegLib.uncertainty.lesion_features import LesionFeatures
from LiverTumorSegLib.uncertainty.records import Record
from LiverTumorSegLib.uncertainty.reliability import reliability

LIMITS = model_of(read_json(COEFFICIENTS), ANY_MODEL).limits
TRUE = LesionFeatures(8.0, 0.85, 0.98, {"a": 0.95, "b": 0.9}, 0.88, 0.93, 0.9, 0.95, 20.0)
FALSE = LesionFeatures(8.0, 0.55, 0.7, {"a": 0.9, "b": 0.1}, 0.08, 0.6, 0.4, 0.35, 4.0)
GOOD = CaseFeatures(1500.0, 0.93, 0.7, 0.95, 0.96, 0.96, 0.72, 0.0, 0.0)
BAD = CaseFeatures(1800.0, 0.86, 0.9, 0.82, 0.8, 0.88, 0.55, 90.0, 0.05)


def record(number: int, *, good: bool, synthetic: bool = True) -> Record:
    """Good and bad cases, one in ten of which looks like the other kind."""
    rng = np.random.default_rng(number)
    looks_good = good != (rng.random() < 0.1)
    lesion = TRUE if looks_good else FALSE
    lesion = replace(lesion, mean_probability=lesion.mean_probability + float(rng.normal(0, 0.05)))
    case = GOOD if looks_good else BAD
    case = replace(case, organ_probability=case.organ_probability + float(rng.normal(0, 0.01)))
    name = f"{'synthetic' if synthetic else 'real'}-{number}"
    dice = 0.96 if good else 0.85
    return Record(name, f"p{number % 9}", synthetic, Features((lesion,), case), (good,), dice)


def records(count: int = 60) -> list[Record]:
    return [record(n, good=n % 3 > 0, synthetic=n > 1) for n in range(count)]


def test_what_separates_is_learned_and_told_for_patients_that_were_left_out():
    found = calibrate(records(), LIMITS, "Sixty made-up cases.")
    assert found.model.is_calibrated
    assert found.model.fitted_on == "Sixty made-up cases."
    assert lesion_confidence(TRUE, found.model) > 0.85 > 0.4 > lesion_confidence(FALSE, found.model)
    good = case_quality(replace(GOOD, least_confidence=0.9), found.model)
    assert good.score > 0.8 > 0.4 > case_quality(replace(BAD, least_confidence=0.2), found.model).score
    assert found.lesions.outcomes.total == found.cases.outcomes.total == 60
    assert found.lesions.outcomes.hits == 40
    assert found.cases.brier < found.cases.base_brier
    assert found.cases.auc > 0.8
    assert len(found.scores) == 60


def test_limits_move_to_what_good_cases_keep_and_stay_with_few_of_them():
    many = calibrate(records(), LIMITS, "").model.limits
    good = [r.features.case.organ_probability for r in records() if r.is_good]
    assert many.organ_probability == pytest.approx(np.percentile(good, 5))
    assert many.solidity == LIMITS.solidity
    assert calibrate(records(24), LIMITS, "").model.limits == LIMITS


def test_a_case_without_an_organ_is_counted_but_not_fitted_to():
    lost = Record("lost", "p1", True, Features((), None), (), 0.0)
    found = calibrate([*records(), lost], LIMITS, "")
    assert found.scores[-1] is None
    assert found.cases.outcomes.total == 60
    assert "in 1 no liver was found" in markdown(found, "combined", "r.png")


def test_one_voice_is_calibrated_by_what_it_has():
    def alone(r: Record) -> Record:
        case = replace(r.features.case, voices_dice=None, voices_volume_ratio=None, final_dice=None)
        lesions = tuple(replace(lesion, agreement=None, support={"tumor": 1.0}) for lesion in r.features.lesions)
        return replace(r, features=Features(lesions, case))

    found = calibrate([alone(r) for r in records()], LIMITS, "")
    assert found.model.lesion.terms["agreement"].weight == 0.0
    assert found.model.limits.voices_dice == LIMITS.voices_dice
    assert found.lesions.auc > 0.8


def test_too_few_failures_are_nothing_to_learn_from():
    only_good = [record(n, good=True) for n in range(20)]
    with pytest.raises(InputError, match=f"20 true and 0 false lesions.*at least {LEAST_OF_EACH} of each"):
        calibrate(only_good, LIMITS, "")


@pytest.mark.parametrize(
    ("dice", "ml", "is_true", "good"),
    [(0.93, 5.0, True, True), (0.929, 5.0, True, False), (0.95, 1.0, False, False), (0.95, 0.99, False, True)],
)
def test_a_case_is_good_with_a_good_liver_and_no_false_lesion_of_a_millilitre(dice, ml, is_true, good):
    lesion = replace(TRUE, volume_ml=ml)
    assert Record("x", "p", True, Features((lesion,), GOOD), (is_true,), dice).is_good is good


def test_records_survive_json():
    for one in (record(1, good=True), Record("lost", "p1", True, Features((), None), (), 0.0)):
        assert Record.from_json(one.to_json()) == one


def test_reliability_of_predictions_worked_out_by_hand():
    found = reliability([0.1, 0.1, 0.3, 0.9, 1.0], [False, True, False, True, True])
    assert found.brier == pytest.approx((0.01 + 0.81 + 0.09 + 0.01 + 0.0) / 5)
    assert found.base_brier == pytest.approx(0.6 * 0.4)
    assert found.auc == pytest.approx((0.5 + 0 + 1 + 1 + 1 + 1) / 6)
    assert [(b.low, b.observed.hits, b.observed.total) for b in found.bins] == [(0.0, 1, 2), (0.2, 0, 1), (0.8, 2, 2)]
    assert found.ece == pytest.approx((2 * 0.4 + 0.3 + 2 * 0.05) / 5)


def test_reliability_of_one_outcome_has_no_auc_and_of_nothing_is_refused():
    assert reliability([0.7, 0.9], [True, True]).auc is None
    with pytest.raises(ValueError, match="outcome"):
        reliability([], [])


def test_the_page_says_what_was_synthetic_and_shows_every_real_case():
    found = calibrate(records(), LIMITS, "")
    text = markdown(found, "combined", "reliability.png")
    assert "60 cases: **58 synthetic** and 2 real, of 9 patients" in text
    assert "left out of the fit" in text
    assert "![Reliability of lesions and cases](reliability.png)" in text
    assert "| real-0 | 0.850 | 1 | no |" in text
    assert "| real-1 | 0.960 | 0 | yes |" in text
    for line in text.splitlines():
        assert not line.startswith("|") or line.endswith("|")


def test_the_picture_has_both_plots():
    picture = np.asarray(reliability_chart(calibrate(records(), LIMITS, "")))
    assert picture.shape == (580, 1100, 3)
    blue = (np.abs(picture.astype(int) - (0, 98, 160)).sum(axis=2) < 40).any(axis=0)
    assert blue[:550].any()
    assert blue[550:].any()
