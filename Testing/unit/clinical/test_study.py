"""A whole prior: of a known relation, stored, read back, applied to others."""

from __future__ import annotations

import json

import numpy as np
import pytest
from clinical_tables import QUICK, linear_rows

from LiverTumorSegLib.clinical.applying import apply_prior
from LiverTumorSegLib.clinical.equation import Equation
from LiverTumorSegLib.clinical.prior import Prior
from LiverTumorSegLib.clinical.study import Target, fit_prior
from LiverTumorSegLib.clinical.table import ColumnChoice, RawTable, read_table, read_target
from LiverTumorSegLib.errors import CancelledError, InputError

ROWS = linear_rows()


def raw(rows: list[dict[str, object]]) -> RawTable:
    return RawTable(tuple(rows[0]), tuple(tuple(row.values()) for row in rows))  # type: ignore[arg-type]


def made(rows: list[dict[str, object]], observed: int | None = None, **choice: object) -> Prior:
    """observed: how many of the patients have a ratio, the first ones."""
    table = raw(rows)
    values = read_target(table, "TLVR").values
    values[observed:] = np.nan if observed is not None else values[observed:]
    return fit_prior(
        read_table(table, ColumnChoice(target="TLVR", **choice)), Target("tlvr", values, (0.0, 1.0)), QUICK
    )


@pytest.fixture(scope="module")
def prior() -> Prior:
    return made(ROWS, observed=35)


def test_an_exact_relation_is_found_for_those_who_were_left_out_too(prior):
    assert prior.own.in_sample.r.value == pytest.approx(1)
    assert prior.own.cross_validated.r.value == pytest.approx(1)
    assert prior.own.cross_validated.mae.value == pytest.approx(0, abs=1e-9)
    assert prior.curves.count == 3
    assert {one.column for one in prior.contributions} == {"age", "Evidence_of_cirh", "hepatitis"}
    assert [one.chosen for one in prior.contributions] == [1.0] * 3


def test_weights_have_the_signs_and_sizes_of_the_relation(prior):
    weights = dict(zip(((t.column, t.level) for t in prior.equation.terms), prior.equation.weights, strict=True))
    age = next(term for term in prior.equation.terms if term.column == "age")
    assert weights["age", None] == pytest.approx(0.002 * age.deviation)
    assert weights["Evidence_of_cirh", None] == pytest.approx(0.05, rel=0.01)
    assert weights["hepatitis", "HBV"] < 0 < weights["hepatitis", "HCV"]


def test_every_patient_has_a_prediction_and_those_observed_a_fold(prior):
    assert [one.case for one in prior.predictions] == [row["TCIA_ID"] for row in ROWS]
    assert {one.fold for one in prior.predictions[:35]} == {1, 2, 3}
    for one, row in zip(prior.predictions, ROWS, strict=True):
        assert one.predicted == pytest.approx(row["TLVR"], abs=1e-9)
    assert all(one.fold is None and one.observed is None for one in prior.predictions[35:])


def test_the_outcome_that_gives_it_away_is_not_used(prior):
    assert "TTP" not in prior.columns
    assert not prior.uses_outcome
    with_outcome = made(ROWS, outcome=True)
    assert with_outcome.uses_outcome
    assert with_outcome.curves.count == 1
    assert "TTP follows tlvr with r = -1.000" in " ".join(with_outcome.notes)


def test_it_is_the_same_each_time(prior):
    again = made(ROWS, observed=35)
    assert json.dumps(again.to_json()) == json.dumps(prior.to_json())


def test_a_stored_equation_predicts_what_it_predicted(prior):
    stored = json.loads(json.dumps(prior.to_json(), allow_nan=False))
    assert stored["schema"] == 1
    assert stored["target"] == "tlvr"
    assert stored["predictions"]["HCC_001"] == {
        "predicted": prior.predictions[0].predicted, "fold": prior.predictions[0].fold, "observed": ROWS[0]["TLVR"],
    }  # fmt: skip
    equation = Equation.from_json(stored["model"])
    applied = apply_prior(equation, (0.0, 1.0), raw(ROWS))
    assert applied.predicted == {one.case: pytest.approx(one.fitted, abs=1e-12) for one in prior.predictions}
    assert set(applied.unknown.values()) == {0}


def test_new_patients_are_predicted_and_what_is_not_known_is_average(prior):
    new = [
        {"id": "x1", "Age": "60 years", "evidence of cirrh": 1, "hepatitis": "hcv", "more": 7},
        {"id": "x2", "Age": 60, "evidence of cirrh": 1, "hepatitis": "HDV", "more": 7},
    ]
    applied = apply_prior(prior.equation, (0.0, 1.0), raw(new))
    assert applied.unknown == {"x1": 1, "x2": 1}, "an age in years where no unit was known; a virus that nobody had"
    average = {"HBV": 0.55, "HCV": 0.6}
    assert average["HBV"] < applied.predicted["x2"] < average["HCV"]
    assert len(applied.notes) == 2
    with pytest.raises(InputError, match="no column 'Evidence_of_cirh'"):
        apply_prior(prior.equation, None, raw([{"id": "x", "age": 1, "hepatitis": "HBV"}]))


def test_ratios_stay_between_their_bounds(prior):
    old = [{"id": "x", "age": 900, "Evidence_of_cirh": 1, "hepatitis": "HCV"}]
    assert apply_prior(prior.equation, (0.0, 1.0), raw(old)).predicted == {"x": 1.0}


def test_too_few_patients_and_a_target_without_differences_are_refused():
    with pytest.raises(InputError, match="19 patients with a value of tlvr"):
        made(ROWS, observed=19)
    same = [row | {"TLVR": 0.25} for row in ROWS]
    with pytest.raises(InputError, match=r"tlvr is 0\.25 in all patients"):
        made(same)


def test_a_run_can_be_stopped_while_it_fits():
    table = raw(ROWS)
    target = Target("tlvr", read_target(table, "TLVR").values)
    seen = []

    def stop(event):
        seen.append(event.fraction)
        if len(seen) == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        fit_prior(read_table(table, ColumnChoice(target="TLVR")), target, QUICK, stop)
    assert seen == sorted(seen)
    assert 0 < seen[-1] < 0.5
