"""The remnant's numbers from the formulas of the field."""

from __future__ import annotations

import pytest
from refusals import refused

from LiverTumorSegLib.planning.remnant import FunctionalRemnant, Patient, Remnant, SurfaceFormula, share_percent
from LiverTumorSegLib.planning.settings import PlanSettings, ReferenceLine


def test_a_patient_of_170_cm_and_70_kg_has_the_published_surface_and_standard_liver():
    assert Patient(170.0, 70.0).body_surface_m2 == pytest.approx(1.818, abs=5e-4)
    assert Patient(170.0, 70.0, SurfaceFormula.DUBOIS).body_surface_m2 == pytest.approx(1.810, abs=5e-4)
    assert Patient(170.0, 70.0).standard_liver_ml == pytest.approx(1509.7, abs=0.1)


@pytest.mark.parametrize(
    ("height_cm", "weight_kg"), [(1.7, 70.0), (170.0, 0.0), (-170.0, -70.0), (60.0, 10.0), (210.0, 160.0)]
)
def test_heights_and_weights_in_other_units_are_refused(height_cm, weight_kg):
    with refused("body surface of 0.8 to 3 m2", "height in cm"):
        Patient(height_cm, weight_kg)


def test_of_nothing_there_is_no_share():
    assert share_percent(1.0, 4.0) == 25.0
    assert share_percent(0.0, 0.0) is None


def test_settings_out_of_their_range_are_refused():
    with refused("shells of (5.0, 0.0) mm"):
        PlanSettings(shells_mm=(5.0, 0.0))
    with refused("parts of 0.0 ml"):
        PlanSettings(least_part_ml=0.0)
    with refused("140.0"):
        PlanSettings(references=(ReferenceLine(140.0, "no liver"),))
    assert [line.percent for line in PlanSettings().references] == [20, 30, 40]


@pytest.mark.parametrize(("functional_percent", "doubtful"), [(16.0, False), (14.0, True), (None, False)])
def test_a_functional_remnant_below_half_of_the_measured_one_is_doubtful(functional_percent, doubtful):
    functional = FunctionalRemnant(100.0, functional_percent, 50.0, 0.0)
    assert Remnant(300.0, 0.0, 30.0, None, functional).functional_is_doubtful is doubtful
    assert not Remnant(300.0, 0.0, 30.0, None, None).functional_is_doubtful
    assert not Remnant(300.0, 0.0, None, None, functional).functional_is_doubtful
