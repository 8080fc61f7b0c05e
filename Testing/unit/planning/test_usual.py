"""The table of the usual resections, its ranking, and the plan as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.plan import make_plan, result_json
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import SegmentResection, SurfaceResection, resect
from LiverTumorSegLib.planning.surfaces import Plane, Side
from LiverTumorSegLib.planning.usual import USUAL_RESECTIONS, what_if

LESIONS = {1: (slice(45, 47), slice(10, 12), slice(4, 6)), 2: (slice(74, 76), slice(10, 12), slice(4, 6))}
"""In V and in VIII."""
WITH_WHOLE_IV = [usual for usual in USUAL_RESECTIONS if not {"IVa", "IVb"} & set(usual.segments)]


@pytest.fixture(scope="module")
def anatomy(slab_liver, pipes):
    return slab_liver(LESIONS, pipes)


def test_the_usual_resections_are_those_of_the_textbook():
    named = {usual.title: set(usual.segments) for usual in USUAL_RESECTIONS}
    assert named["Right hepatectomy"] == {"V", "VI", "VII", "VIII"}
    assert named["Extended right hepatectomy"] == named["Right hepatectomy"] | {"IV"}
    assert named["Left hepatectomy"] == {"II", "III", "IV"}
    assert named["Extended left hepatectomy"] == {"II", "III", "IV", "V", "VIII"}
    assert named["Left lateral sectionectomy"] == {"II", "III"}
    assert named["Central hepatectomy"] == {"IV", "V", "VIII"}
    assert len(named) == len(USUAL_RESECTIONS) == len({frozenset(one) for one in named.values()})


def test_what_removes_most_lesions_comes_first_and_then_the_largest_remnant(anatomy):
    rows = what_if(PlanningFields.of(anatomy))
    assert len(rows) == len(WITH_WHOLE_IV)
    assert rows[0].resection.title == "Right anterior sectionectomy"
    assert rows[0].remnant.flr_ml == pytest.approx(6 * 192)
    ranks = [(row.lesions_not_removed, -row.remnant.flr_ml) for row in rows]
    assert ranks == sorted(ranks)
    assert [row.removes_all_lesions for row in rows] == [not missed for missed, _ in ranks]
    assert len({missed for missed, _ in ranks}) > 1
    clears = [row.removes_all_lesions for row in rows]
    assert sum(clears) == sum({"V", "VIII"} <= set(usual.segments) for usual in WITH_WHOLE_IV) == 6
    for row in rows:
        assert row.resected_ml == pytest.approx(192 * len(row.resection.segments))
        assert set(row.lesions_left) == {n for n, name in ((1, "V"), (2, "VIII")) if name not in row.resection.segments}


def test_a_resection_of_a_segment_that_is_missing_is_left_out(anatomy):
    segments = np.where(anatomy.segments.array == 1, 2, anatomy.segments.array).astype(np.uint8)
    without = PlanAnatomy(anatomy.segmentation, anatomy.lesions, anatomy.segments.with_array(segments))
    titles = [row.resection.title for row in what_if(PlanningFields.of(without))]
    assert "Segmentectomy I" not in titles
    assert "Extended right hepatectomy with I" not in titles
    assert len(titles) == len(WITH_WHOLE_IV) - 2


def test_where_iv_is_divided_its_parts_and_the_whole_can_be_removed(anatomy):
    segments = anatomy.segments.array.copy()
    four = segments == 4
    upper = np.zeros_like(four)
    upper[:, : four.shape[1] // 2] = True
    segments[four & upper], segments[four & ~upper] = 9, 10
    divided = PlanAnatomy(anatomy.segmentation, anatomy.lesions, anatomy.segments.with_array(segments))
    rows = {row.resection.title: row for row in what_if(PlanningFields.of(divided))}
    assert len(rows) == len(USUAL_RESECTIONS)
    parts_ml = [rows[f"Segmentectomy {name}"].resected_ml for name in ("IVa", "IVb")]
    assert min(parts_ml) > 0
    assert sum(parts_ml) == pytest.approx(rows["Segmentectomy IV"].resected_ml) == pytest.approx(192)
    assert rows["Bisegmentectomy IVb, V"].resected_ml == pytest.approx(192 + parts_ml[1])


def test_a_part_of_iv_that_nobody_has_divided_is_refused(anatomy):
    with refused("IVa in a liver whose segment IV is not divided"):
        resect(PlanningFields.of(anatomy), SegmentResection(("IVa",)))


def test_a_plan_is_json_with_unrounded_values(anatomy):
    plan = make_plan(anatomy, Patient(170.0, 70.0))
    told = json.loads(json.dumps(plan.to_json()))
    assert told["schema"] == 1
    assert told["liver"] == {"volume_ml": pytest.approx(1536), "functional_ml": pytest.approx(1536 - 16 * 0.03)}
    assert told["patient"]["standard_liver_ml"] == pytest.approx(1509.7, abs=0.1)
    assert [line["percent"] for line in told["references"]] == [20, 30, 40]
    assert [lesion["segments"] for lesion in told["lesions"]] == ["V", "VIII"]
    assert told["lesions"][0]["capsule"]["distance_mm"] == pytest.approx(22.5)
    assert {vessel["vessel"] for vessel in told["lesions"][0]["vessels"]} == {"portal_vein", "hepatic_vein"}
    assert [shell["reach_mm"] for shell in told["lesions"][0]["shells"]] == [5, 10]
    first = told["what_if"][0]
    assert (first["title"], first["segments"]) == ("Right anterior sectionectomy", ["V", "VIII"])
    assert first["lesions_removed"] == [1, 2]
    assert first["margin"]["distance_mm"] == pytest.approx(7.0)  # voxel 76 to voxel 69, or 46 to 50
    assert first["margin"]["class"] == "5-10"
    assert len(first["margin"]["line_ras_mm"][0]) == 3
    assert first["remnant"]["measured_percent"] == pytest.approx(100 * 1152 / (1536 - 0.48))
    assert make_plan(anatomy).to_json()["patient"] is None


def test_any_resection_can_be_told_as_json(anatomy):
    fields = PlanningFields.of(anatomy)
    (point,) = anatomy.segmentation.ras_from_ijk(np.array([[46.5, 20.0, 8.0]]))
    plane = Plane(tuple(map(float, point)), tuple(map(float, anatomy.segmentation.affine[:3, 0])))
    told = result_json(resect(fields, SurfaceResection(plane, Side.AGAINST_NORMAL)))
    assert told["resected_ml"] == pytest.approx(41 * 19.2)
    assert (told["lesions_left"], told["margin"], told["removes_all_lesions"]) == ([1, 2], None, False)
    assert json.loads(json.dumps(told)) == told
