"""A chosen resection: each lesion's own margin, where it is cut, and how all of it is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from plan_cases import anatomy, fields, planned, with_thin_slices

from LiverTumorSegLib.planning.margin import Margin
from LiverTumorSegLib.planning.parts import parts_on
from LiverTumorSegLib.planning.plan import make_plan
from LiverTumorSegLib.planning.planned import Planned, choose
from LiverTumorSegLib.planning.relations import Distance
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import SegmentResection, SurfaceResection
from LiverTumorSegLib.planning.settings import DEFAULT_SETTINGS
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side
from LiverTumorSegLib.planning.tables import relations_table, what_if_table
from LiverTumorSegLib.planning.words import distance_text, lesions_text, margin_text, references_text

GRIDS = ["upright", "oblique", "sheared by the gantry"]
WIDE = SegmentResection(("III", "IV", "V", "VI", "VII", "VIII"))
LINE = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))


@pytest.mark.parametrize("grid", GRIDS)
def test_the_margin_of_a_lesion_is_the_way_to_the_cut(grid):
    """The lesion begins at R 28, segment III at R 19."""
    chosen = choose(fields(grid), WIDE)
    assert chosen.nearest_lesion == 1
    assert chosen.margins[1].distance.mm == pytest.approx(9, abs=chosen.margins[1].voxel_mm)
    assert chosen.margins[1] == chosen.result.margin
    assert chosen.cut_at_ras == {}


@pytest.mark.parametrize("grid", GRIDS)
def test_a_cut_lesion_is_shown_in_the_middle_of_its_cut(grid):
    """Segment V ends at R 43: the cut through the lesion is there, its middle at A 15, S 20."""
    chosen = choose(fields(grid), SegmentResection(("VI", "VII", "VIII")))
    assert chosen.result.lesions_cut == (1,)
    assert chosen.margins[1].distance.is_contact
    assert np.abs(np.subtract(chosen.cut_at_ras[1], (43.0, 15.0, 20.0))).max() < 4.5
    place = np.rint(anatomy(grid).lesions.ijk_from_ras(np.array([chosen.cut_at_ras[1]]))[0]).astype(int)
    assert anatomy(grid).lesions.array[tuple(place)] == 1


def test_a_lesion_that_stays_has_no_margin():
    chosen = choose(fields(), SegmentResection(("I", "II")))
    assert (chosen.margins, chosen.nearest_lesion) == ({}, None)


def test_the_parts_are_1_resected_and_2_remnant_on_the_grid_of_the_ct():
    chosen, whole = choose(fields(), WIDE), anatomy()
    parts = parts_on(chosen.result, whole.segmentation)
    assert parts.same_grid(whole.segmentation)
    expected = np.where(whole.organ, np.where(whole.segments.array >= 3, 1, 2), 0)
    np.testing.assert_array_equal(parts.array, expected)


def test_resections_have_a_title_that_says_what_is_removed():
    plane = Plane((19.0, 8.0, 12.0), (1.0, 0.0, 0.0))
    bent = CurvedSurface(tuple((19.0, a, s) for a in (-20.0, 36.0) for s in (-18.0, 42.0)))
    titles = {
        SegmentResection(("V",)): "Segment V removed",
        WIDE: "Segments III, IV, V, VI, VII, VIII removed",
        SurfaceResection(plane, Side.AGAINST_NORMAL): "Side of a plane against the normal removed",
        SurfaceResection(bent, (1,)): "Side of a curved surface with lesion 1 removed",
    }
    for resection, title in titles.items():
        assert choose(fields(), resection).title == title


def test_the_json_of_a_plan_holds_the_chosen_resection_and_the_plan():
    patient = Patient(170.0, 70.0)
    plane = SurfaceResection(Plane((19.0, 8.0, 12.0), (2.0, 0.0, 0.0)), (1,))
    told = json.loads(json.dumps(planned("upright", plane, patient).to_json(), allow_nan=False))
    assert told["schema"] == 1
    assert told["slice_distance_mm"] == pytest.approx(3.0)
    assert told["resection"]["kind"] == "plane"
    assert told["resection"]["normal_ras"] == [2.0, 0.0, 0.0]
    assert told["resection"]["removes_lesions"] == [1]
    assert told["resection"]["lesion_margins"][0]["lesion"] == 1
    assert told["resection"]["remnant"]["flr_ml"] < told["liver"]["volume_ml"] / 2
    assert planned().to_json()["resection"] is None


def test_slices_of_three_millimetres_and_more_are_thick():
    assert Planned(planned("upright").plan).has_thick_slices
    thin = Planned(make_plan(with_thin_slices(anatomy())))
    assert (thin.slice_distance_mm, thin.has_thick_slices) == (pytest.approx(1.5), False)


def test_tables_have_a_row_for_each_resection_and_each_lesion():
    plan = planned().plan
    header, rows = what_if_table(plan)
    assert len(rows) == len(plan.what_if) > 10
    assert {len(row) for row in rows} == {len(header)}
    first = dict(zip(header, rows[0], strict=True))
    assert first["resection"] == plan.what_if[0].resection.title
    assert first["flr_standardised_percent"] is None
    header, rows = relations_table(plan)
    (row,) = (dict(zip(header, row, strict=True)) for row in rows)
    assert (row["lesion"], row["segments"]) == (1, plan.lesions[0].segments_title)
    assert row["capsule_distance_mm"] == pytest.approx(11, abs=3)  # S 31 to 42, slices of 3 mm
    assert row["hepatic_vein_distance_mm"] == pytest.approx(10, abs=1.5)  # A -4 to 6
    assert row["hepatic_vein_contact"] == 0
    assert row["vena_cava_distance_mm"] is None
    assert row["liver_within_5_mm_ml"] < row["liver_within_10_mm_ml"]


def test_words_tell_the_margin_and_what_a_voxel_would_change():
    def margin(mm: float, *, touches: bool = False) -> Margin:
        return Margin(Distance(mm, 0.5, touches, LINE), 0.8)

    assert margin_text(None) == "-"
    assert margin_text(margin(7.0)) == "7.0 +- 0.8 mm: 5 to under 10 mm"
    assert margin_text(margin(5.3)) == "5.3 +- 0.8 mm: 5 to under 10 mm (may also be 1 to under 5 mm)"
    assert margin_text(margin(0.3, touches=True)).startswith("0 mm: the cut touches the lesion")
    assert distance_text(Distance(3.14, 0.46, False, LINE)) == "3.1 +- 0.5 mm"
    assert distance_text(Distance(0.3, 0.3, True, LINE)) == "touches"
    assert (distance_text(None), lesions_text(()), lesions_text((2, 5))) == ("-", "-", "2, 5")


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        (19.9, "under 20 %"),
        (20.0, "between 20 and 30 %"),
        (39.0, "between 30 and 40 %"),
        (40.0, "over 40 %"),
        (None, ""),
    ],
)
def test_a_percentage_is_set_between_the_reference_lines(percent, words):
    assert references_text(percent, DEFAULT_SETTINGS.references) == words
