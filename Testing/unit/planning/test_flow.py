"""Inflow and outflow along pipes through the slabs: what lies behind a resected slab has none."""

from __future__ import annotations

import pytest

from LiverTumorSegLib.labels import HEPATIC_VEIN, PORTAL_VEIN
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.resection import SegmentResection, resect
from LiverTumorSegLib.planning.settings import PlanSettings

SEGMENT_ML = 192.0
LOW_END = (slice(-4, 0), slice(18, 23), slice(6, 11))
"""A trunk that meets the portal pipe where it enters segment I."""


def functional(anatomy, *segments: str):
    return resect(PlanningFields.of(anatomy), SegmentResection(segments)).remnant.functional


def test_what_lies_on_the_mouths_side_keeps_both_flows(slab_liver, pipes):
    found = functional(slab_liver(labels=pipes), "I", "II", "III")
    assert found.ml == pytest.approx(5 * SEGMENT_ML)
    assert found.percent == pytest.approx(100 * 5 / 8)
    assert (found.without_inflow_ml, found.without_outflow_ml) == (0.0, 0.0)


def test_what_lies_behind_the_resected_slab_has_neither(slab_liver, pipes):
    found = functional(slab_liver(labels=pipes), "IV")
    assert found.ml == pytest.approx(4 * SEGMENT_ML)
    assert found.without_inflow_ml == pytest.approx(3 * SEGMENT_ML)
    assert found.without_outflow_ml == pytest.approx(3 * SEGMENT_ML)


def test_no_resection_takes_the_mouth_itself(slab_liver, pipes):
    """The pipe meets the trunk up to voxel 1, and 15 mm further lies voxel 8: removing I (0 to 9) cuts it off. A mouth
    of 16.5 mm reaches to voxel 9, which stays."""
    anatomy = slab_liver(labels=pipes, trunk=LOW_END)
    lost = resect(PlanningFields.of(anatomy, PlanSettings(mouth_mm=15.0)), SegmentResection(("I",)))
    assert lost.remnant.functional.without_inflow_ml == pytest.approx(7 * SEGMENT_ML)
    kept = resect(PlanningFields.of(anatomy, PlanSettings(mouth_mm=16.5)), SegmentResection(("I",)))
    assert kept.remnant.functional.without_inflow_ml == 0.0


def test_the_portal_trunk_says_where_blood_comes_from(slab_liver, pipes):
    found = functional(slab_liver(labels=pipes, trunk=LOW_END), "IV")
    assert found.without_inflow_ml == pytest.approx(4 * SEGMENT_ML)
    assert found.without_outflow_ml == pytest.approx(3 * SEGMENT_ML)
    assert found.ml == 0.0


def test_the_cava_says_where_blood_goes(slab_liver, pipes):
    cava = (slice(80, 84), slice(6, 11), slice(0, 8))
    found = functional(slab_liver(labels=pipes, cava=cava), "II")
    assert found.without_outflow_ml == pytest.approx(SEGMENT_ML)
    assert functional(slab_liver(labels=pipes, cava=cava), "VIII").without_outflow_ml == pytest.approx(7 * SEGMENT_ML)


def test_a_gap_in_a_vessel_is_no_end_of_it(slab_liver, pipes):
    broken = {
        value: [(slice(0, 35), *blocks[0][1:]), (slice(38, 80), *blocks[0][1:])] for value, blocks in pipes.items()
    }
    found = functional(slab_liver(labels=broken, trunk=LOW_END), "VIII")
    assert found.without_inflow_ml == 0.0
    assert functional(slab_liver(labels=broken, trunk=LOW_END), "VII").without_inflow_ml == pytest.approx(SEGMENT_ML)


def test_tumour_in_the_remnant_does_no_work(slab_liver, pipes):
    lesions = {1: (slice(45, 50), slice(0, 4), slice(0, 2))}
    found = functional(slab_liver(labels=pipes, lesions=lesions), "I")
    assert found.ml == pytest.approx(7 * SEGMENT_ML - 40 * 0.03)
    assert found.percent == pytest.approx(100 * found.ml / (8 * SEGMENT_ML - 40 * 0.03))


@pytest.mark.parametrize("missing", [PORTAL_VEIN.value, HEPATIC_VEIN.value])
def test_without_one_of_the_two_veins_nothing_is_said(slab_liver, pipes, missing):
    told = {value: blocks for value, blocks in pipes.items() if value != missing} | {2: pipes[missing]}
    assert functional(slab_liver(labels=told), "I") is None
