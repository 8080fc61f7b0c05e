"""The charts of a follow-up: where their lines lie, that every value is there, as data, SVG and picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from followup_pages import DATES, examinations, timeline

from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.report.chart import Axis, label_places, linear_axis, log_axis
from LiverTumorSegLib.report.chart_picture import COLORS
from LiverTumorSegLib.report.chart_svg import Place, chart_svg, tick_rows
from LiverTumorSegLib.report.followup_charts import (
    MOST_LINES,
    charts_of,
    drawn_lesions,
    progression_level,
    spider_chart,
    total_chart,
    visit_places,
    volume_chart,
)
from LiverTumorSegLib.report.followup_overview import followup_overview, shown_visits
from LiverTumorSegLib.report.followup_pictures import lesion_pictures
from LiverTumorSegLib.timeline import Assessment, Category, Criterion, Role


def with_totals(*totals: float):
    """A follow-up of RECIST with these sums, each judged against the smallest one before."""
    shown = timeline()
    rows = [Assessment(None, "", totals[0])]
    for n, total in enumerate(totals[1:], start=1):
        rows.append(Assessment(Category.SD, "", total, nadir_visit=int(np.argmin(totals[:n]))))
    return replace(shown, assessments={Criterion.RECIST: tuple(rows)})


def test_the_partial_line_lies_30_percent_below_the_baseline_from_there_to_the_end():
    chart = total_chart(with_totals(100.0, 60.0, 80.0), Criterion.RECIST)
    (line,) = [line for line in chart.references if line.kind == "better"]
    np.testing.assert_allclose(line.points, [(0.0, 70.0), (visit_places(timeline())[-1], 70.0)])


def test_the_progression_line_is_a_step_over_the_nadir_so_far():
    """Over 100: 120 by then; over the nadir 60: 72."""
    chart = total_chart(with_totals(100.0, 60.0, 80.0), Criterion.RECIST)
    (line,) = [line for line in chart.references if line.kind == "worse"]
    assert [y for _, y in line.points] == pytest.approx([120, 120, 72, 72])
    assert [x for x, _ in line.points] == pytest.approx([visit_places(timeline())[n] for n in (0, 1, 1, 2)])


@pytest.mark.parametrize(("nadir", "level"), [(100.0, 120.0), (20.0, 25.0), (25.0, 30.0), (0.0, 5.0)])
def test_what_is_progression_needs_20_percent_and_5_mm(nadir, level):
    rule = RULES[Criterion.RECIST]
    assert progression_level(rule, nadir) == pytest.approx(level)
    assert rule.is_progression(level, nadir)
    assert not rule.is_progression(level - 0.01, nadir)


def test_sums_that_are_not_known_break_the_line():
    shown = with_totals(100.0, 60.0, 80.0)
    rows = shown.assessments[Criterion.RECIST]
    broken = replace(shown, assessments={Criterion.RECIST: (rows[0], replace(rows[1], total=None), rows[2])})
    (line,) = total_chart(broken, Criterion.RECIST).series
    assert [len(run) for run in line.runs] == [1, 1]
    assert [chart.key for chart in charts_of(broken)] == ["sum-recist", "spider", "volume"]


def test_time_runs_by_dates_and_without_them_by_visits():
    assert visit_places(timeline()) == pytest.approx([0.0, 90 / 30.4375, 180 / 30.4375])
    assert visit_places(timeline(("", "", ""))) == [1.0, 2.0, 3.0]
    assert visit_places(timeline((DATES[0], "", DATES[2]))) == [1.0, 2.0, 3.0]
    dated, numbered = total_chart(timeline(), Criterion.RECIST).x, total_chart(timeline(("",) * 3), Criterion.RECIST).x
    assert [words for _, words in dated.ticks] == list(DATES)
    assert [words for _, words in numbered.ticks] == ["visit 1", "visit 2", "visit 3"]


def test_the_spider_has_each_lesion_that_was_there_at_the_baseline():
    shown = timeline()
    chart = spider_chart(shown)
    sizes = [seen.long_axis_mm for seen in shown.lesions[0].sightings]
    first, second = chart.series
    assert [mark.y for mark in first.marks] == pytest.approx(
        [0, 100 * (sizes[1] / sizes[0] - 1), 100 * (sizes[2] / sizes[0] - 1)]
    )
    assert [None if mark is None else mark.y for mark in second.marks] == [
        0,
        -100,
        None,
    ]  # the last one is not confirmed
    assert [line.key for line in chart.series] == ["L1", "L2"]
    later = spider_chart(replace(shown, baseline=1))
    assert [line.key for line in later.series] == ["L1"]
    assert later.series[0].marks[0] is None


def test_volumes_are_on_a_logarithmic_axis_and_what_is_gone_is_hollow_at_its_end():
    shown = timeline()
    chart = volume_chart(shown)
    assert chart.y.is_log
    whole, first, second, third = chart.series
    assert [mark.y for mark in whole.marks] == pytest.approx([visit.tumor_ml for visit in shown.visits])
    assert [mark.y for mark in first.marks] == pytest.approx([seen.volume_ml for seen in shown.lesions[0].sightings])
    assert [mark.is_open for mark in second.marks] == [False, True, True]
    assert second.marks[1].y == chart.y.low
    assert third.marks[:2] == (None, None)
    assert third.is_dashed
    assert not first.is_dashed


def test_excluded_lesions_are_in_no_chart_and_the_largest_of_many_are():
    shown = timeline()
    lesions = (replace(shown.lesions[0], role=Role.EXCLUDED), *shown.lesions[1:])
    keys = {line.key for chart in charts_of(replace(shown, lesions=lesions)) for line in chart.series}
    assert "L1" not in keys
    small = [replace(shown.lesions[2], id=f"L{n}") for n in range(4, 40)]
    chosen = drawn_lesions(replace(shown, lesions=(*small, *shown.lesions)))
    assert len(chosen) == MOST_LINES
    assert {"L1", "L2"} < {lesion.id for lesion in chosen}


def test_axes_have_round_ticks_around_all_values():
    axis = linear_axis([12.0, 63.0], "", from_zero=True)
    assert [value for value, _ in axis.ticks] == [0, 20, 40, 60, 80]
    signed = linear_axis([-48.0, 31.0], "", from_zero=True, sign=True)
    assert [words for _, words in signed.ticks] == ["−60", "−40", "−20", "0", "+20", "+40"]
    assert linear_axis([], "", from_zero=True).high > 0
    assert linear_axis([0.0, 0.0], "", from_zero=True).high > 0
    assert [words for _, words in log_axis([0.04, 12.0, 0.0], "").ticks] == ["0.01", "0.1", "1", "10", "100"]
    assert log_axis([10.0], "").low < log_axis([10.0], "").high
    assert Axis(1.0, 100.0, (), is_log=True).share(10.0) == pytest.approx(0.5)


def test_labels_are_pushed_apart_and_stay_inside():
    places = label_places([10.0, 11.0, 12.0, 99.0], 15.0, 0.0, 100.0)
    assert places == pytest.approx([10, 25, 40, 99])
    low = label_places([98.0, 97.0, 99.0], 15.0, 0.0, 100.0)
    assert sorted(low) == pytest.approx([70, 85, 100])
    assert low[1] < low[0] < low[2]
    assert label_places([], 15.0, 0.0, 100.0) == []


def test_dates_that_are_near_to_each_other_take_two_rows_and_then_none():
    placed = tick_rows([(0.0, "a"), (10.0, "b"), (20.0, "c"), (100.0, "d")], apart=78.0)
    assert placed == [(0.0, 0, "a"), (10.0, 1, "b"), (20.0, 0, ""), (100.0, 0, "d")]


def test_every_mark_of_the_svg_lies_where_its_value_does_and_carries_its_words():
    chart = total_chart(timeline(), Criterion.RECIST)
    place, root = Place(chart), ET.fromstring(chart_svg(chart))
    circles = [element for element in root.iter() if element.tag == "circle"]
    marks = chart.series[0].marks
    assert len(circles) == len(marks)
    for circle, mark in zip(circles, marks, strict=True):
        assert float(circle.get("cx")) == pytest.approx(place.x(mark.x), abs=0.06)
        assert float(circle.get("cy")) == pytest.approx(place.y(mark.y), abs=0.06)
        assert circle.find("title").text == mark.text
    assert place.left <= place.x(marks[0].x) < place.x(marks[-1].x) <= place.right
    assert place.y(marks[1].y) > place.y(marks[0].y)  # a smaller sum lies lower


def test_more_lesions_than_colours_have_other_marks():
    shown = timeline()
    many = [replace(shown.lesions[0], id=f"L{n}") for n in range(1, 11)]
    svg = chart_svg(volume_chart(replace(shown, lesions=tuple(many))))
    groups = re.findall(r'<g class="series (c\d|ink)[^"]*" data-key="(L\d+|all)">\n?<polyline', svg)
    assert [color for color, key in groups if key in ("L1", "L9")] == ["c0", "c0"]
    assert "<polygon" in svg
    assert len(COLORS) == 8


def test_the_overview_holds_charts_and_pictures_also_of_many_visits_and_of_none():
    shown = timeline()
    image = followup_overview(shown, lesion_pictures(examinations(), shown.lesions))
    pixels = np.asarray(image)
    assert image.size[0] == 1600
    assert pixels[100:500, :520].std() > 8
    assert pixels[560:780, 160:400].std() > 8
    empty = followup_overview(replace(shown, lesions=()), [])
    assert empty.size[1] < image.size[1]
    many = replace(shown, visits=shown.visits * 4, baseline=0)
    assert shown_visits(many) == [0, 8, 9, 10, 11]
    assert shown_visits(shown) == [0, 1, 2]
