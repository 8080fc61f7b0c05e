"""The planning child: what it answers is what the library says of the same liver, and it lives as long as its input."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plan_cases import anatomy, fields

from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.labels import HEPATIC_VEIN
from LiverTumorSegLib.planning import live
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.live_session import LiveSession, _without_gaps
from LiverTumorSegLib.planning.plan import result_json
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import SegmentResection, SurfaceResection, resect
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side
from LiverTumorSegLib.planning.usual import USUAL_RESECTIONS, what_if
from LiverTumorSegLib.volume import Volume

ROOT = Path(__file__).parents[3]
GRIDS = ("upright", "slices first", "oblique", "sheared by the gantry")
RIGHT = ("V", "VI", "VII", "VIII")
POINT, NORMAL = (36.9, 8.0, 12.0), (1.0, 0.1, -0.2)
_CORNERS_ASB = ((-22.0, -20.0, 0.0), (38.0, -20.0, 3.0), (38.0, 44.0, 0.0), (-22.0, 44.0, 3.0))
CORNERS = tuple((36.9 + bend, a, s) for a, s, bend in _CORNERS_ASB)


def opening(folder: Path, grid: str, labels: Any = None, number: int = 1, cava: Volume | None = None) -> live.Request:
    whole = anatomy(grid)
    labels = whole.segmentation.array if labels is None else labels
    box = bounding_box(labels)
    assert box is not None
    parts = (np.asarray(part[box], np.uint8) for part in (labels, whole.segments.array))
    return live.open_request(folder, number, whole.segmentation, *(next(parts), box, next(parts)), cava)


class Asked:
    """A session, and all that it has said."""

    def __init__(self, folder: Path, grid: str = "oblique", labels: Any = None) -> None:
        self.said: list[live.Answer] = []
        self.session = LiveSession(self.said.append)
        self.session.handle(opening(folder, grid, labels))

    def __call__(self, request: live.Request) -> live.Answer:
        self.session.handle(request)
        return self.said[-1]


def parts_on_ct(answer: live.Answer, shape: tuple[int, ...]) -> np.ndarray:
    part = live.taken_in(answer["parts"])
    whole = np.zeros(shape, np.uint8)
    whole[tuple(slice(start, start + n) for start, n in zip(answer["start"], part.shape, strict=True))] = part
    return whole


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("how", ["segments", "plane", "other side of the plane", "points"])
def test_a_resection_is_answered_with_the_librarys_numbers_and_parts(tmp_path, grid, how):
    requests = {
        "segments": live.segments_request(2, RIGHT),
        "plane": live.plane_request(2, np.array([POINT]), np.array([NORMAL]), against=False),
        "other side of the plane": live.plane_request(2, np.array([POINT]), np.array([NORMAL]), against=True),
        "points": live.points_request(2, np.array(CORNERS), against=True),
    }
    resections = {
        "segments": SegmentResection(RIGHT),
        "plane": SurfaceResection(Plane(POINT, NORMAL), Side.ALONG_NORMAL),
        "other side of the plane": SurfaceResection(Plane(POINT, NORMAL), Side.AGAINST_NORMAL),
        "points": SurfaceResection(CurvedSurface(CORNERS), Side.AGAINST_NORMAL),
    }
    answer = Asked(tmp_path, grid)(requests[how])
    expected = resect(fields(grid), resections[how])
    assert answer["event"] == "resected"
    assert answer["numbers"] == json.loads(json.dumps(result_json(expected)))
    grid_of = anatomy(grid).segmentation
    both = expected.resected_on(grid_of).array + 2 * expected.remnant_on(grid_of).array
    assert np.array_equal(parts_on_ct(answer, grid_of.shape), both)
    assert list(tmp_path.iterdir()) == []


def test_blood_leaves_through_a_vena_cava_that_is_known(tmp_path):
    """At the far end of the hepatic veins, so that what was upstream is downstream."""
    whole = anatomy("oblique")
    ends = np.argwhere(whole.segmentation.array == HEPATIC_VEIN.value)
    flows = []
    for place in (ends[0], ends[-1]):
        cava = np.zeros(whole.segmentation.shape, np.uint8)
        cava[tuple(place)] = 1
        known = replace(whole, cava=whole.segmentation.with_array(cava))
        request = opening(tmp_path, "oblique", cava=known.cava)
        said: list[live.Answer] = []
        session = LiveSession(said.append)
        session.handle(request)
        session.handle(live.segments_request(2, ("V", "VI")))
        expected = resect(PlanningFields.of(known), SegmentResection(("V", "VI")))
        assert said[-1]["numbers"] == json.loads(json.dumps(result_json(expected)))
        flows.append(expected.remnant.functional.without_outflow_ml)
    assert flows[0] != flows[1]


def test_the_margin_comes_in_words_with_what_one_voxel_could_make_of_it(tmp_path):
    """From the lesion's last centre, R 29, to the remnant's before a cut at R 23.5, R 23: 6 mm, and 4 between faces."""
    plane = live.plane_request(2, np.array([(23.5, 8.0, 12.0)]), np.array([(1.0, 0.0, 0.0)]), against=False)
    answer = Asked(tmp_path, "upright")(plane)
    assert answer["numbers"]["lesions_removed"] == [1]
    assert answer["margin_class"] == "5 to under 10 mm (may also be 1 to under 5 mm)"
    assert answer["margin_mm"] == "5.0 +- 2.0 mm"
    assert answer["title"] == "Side of a plane along the normal removed"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (live.plane_request(2, np.array([(300.0, 0, 0)]), np.array([(1.0, 0, 0)]), against=False), "a cut through"),
        (live.points_request(2, np.array(CORNERS[:3]), against=False), "3 points"),
        (live.segments_request(2, ()), "Choose the segments"),
        (live.plane_request(2, np.array([POINT]), np.zeros((1, 3)), against=False), "Place the plane again"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_words_and_the_next_request_is_answered(tmp_path, request_, words):
    ask = Asked(tmp_path)
    answer = ask(request_)
    assert (answer["event"], answer["kind"], answer["number"]) == ("refused", "resect", 2)
    assert words in answer["message"]
    assert ask(live.segments_request(3, ("II",)))["event"] == "resected"


def test_a_liver_that_cannot_be_opened_is_refused_and_so_is_what_is_asked_of_it(tmp_path):
    whole = anatomy()
    ask = Asked(tmp_path)
    empty = np.zeros((1, 1, 1), np.uint8)
    no_liver = live.open_request(tmp_path, 2, whole.segmentation, empty, (slice(0, 1),) * 3, empty)
    assert (ask(no_liver)["event"], ask.said[-1]["kind"]) == ("refused", "open")
    assert "without a liver" in ask.said[-1]["message"]
    assert ask(live.segments_request(3, RIGHT))["event"] == "refused"


def test_what_an_edit_has_added_beside_the_liver_goes_to_the_nearest_segment(tmp_path):
    """A speck painted to the right of segment VIII, which ends at R 67."""
    whole = anatomy("upright").segmentation
    labels = whole.array.copy()
    i, j, k = np.rint(whole.ijk_from_ras(np.array([(74.0, 8.0, 12.0)]))[0]).astype(int)
    labels[i, j, k] = 1
    answer = Asked(tmp_path, "upright", labels)(live.segments_request(2, ("VIII",)))
    parts = parts_on_ct(answer, whole.shape)
    assert parts[i, j, k] == 1
    assert np.count_nonzero(parts) == np.count_nonzero(labels)


def test_the_nearest_segment_is_the_nearest_in_mm():
    """Three voxels of 1 mm along the first axis are nearer than two of 5 mm along the last one."""
    segments = np.zeros((8, 3, 8), np.uint8)
    segments[4, 1, 1], segments[1, 1, 3] = 1, 2
    organ = segments > 0
    organ[1, 1, 1] = True
    assert _without_gaps(segments, organ, (1.0, 1.0, 5.0))[1, 1, 1] == 1
    assert _without_gaps(segments, organ, (1.0, 1.0, 1.0))[1, 1, 1] == 2


def test_height_and_weight_go_for_the_resections_and_the_table_that_follow(tmp_path):
    ask = Asked(tmp_path)
    patient = Patient(175.0, 80.0)
    before = ask(live.segments_request(2, RIGHT))
    assert before["numbers"]["remnant"]["standardised_percent"] is None
    assert ask(live.patient_request(3, 175.0, 80.0)) == {"event": "patient", "number": 3, "remark": ""}
    after = ask(live.segments_request(4, RIGHT))["numbers"]["remnant"]
    expected = 100 * after["flr_ml"] / patient.standard_liver_ml
    assert after["standardised_percent"] == pytest.approx(expected)
    while ask.session.has_more:
        ask.session.go_on()
    assert ask.said[-1]["rows"] == rows_of(what_if(fields("oblique"), patient))
    ask(live.patient_request(5, 0.0, 0.0))
    assert ask.said[-1]["rows"] == rows_of(what_if(fields("oblique")))


def rows_of(rows: Any) -> list[Any]:
    from LiverTumorSegLib.planning.live_session import _row_json

    return [_row_json(row, None) | result_json(row) for row in rows]


@pytest.mark.parametrize(("height_cm", "weight_kg", "words"), [(175, 0, "only one"), (250, 300, "body surface")])
def test_a_patient_who_cannot_be_is_told_and_the_remnant_is_not_standardised(tmp_path, height_cm, weight_kg, words):
    ask = Asked(tmp_path)
    assert words in ask(live.patient_request(2, float(height_cm), float(weight_kg)))["remark"]
    assert ask(live.segments_request(3, RIGHT))["numbers"]["remnant"]["standardised_percent"] is None


def test_distances_are_told_for_every_point_and_refused_where_there_is_nothing_to_be_near_to(tmp_path):
    """The hepatic vein's faces are at A -4.8 and S 15: 4.8 and 7 mm from a point, the portal vein's at R 26: 11 mm."""
    ask = Asked(tmp_path, "upright")
    points = np.array([(37.0, 0.0, 8.0), (22.0, 0.0, 8.0)])
    answer = ask(live.distances_request(tmp_path, 2, points, "vessels"))
    far, inside = live.taken_in(answer["values"])
    assert (far, inside) == (pytest.approx(np.hypot(4.8, 7.0), abs=1e-3), 0.0)
    labels = anatomy("upright").segmentation.array.copy()
    labels[labels == 3] = 1
    without = Asked(tmp_path, "upright", labels)(live.distances_request(tmp_path, 2, points, "tumors"))
    assert (without["event"], "without tumors" in without["message"]) == ("refused", True)


# The process


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "LiverTumorSegLib.planning.live"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    yield process
    process.kill()
    process.wait()


def told(child: subprocess.Popen[str], event: str) -> live.Answer:
    """The next answer of a kind; others before it are passed over."""
    assert child.stdout is not None
    for line in child.stdout:
        message: live.Answer = json.loads(line)
        if message["event"] == event:
            return message
    raise AssertionError(event)


def send(child: subprocess.Popen[str], *requests: live.Request) -> None:
    assert child.stdin is not None
    child.stdin.write("".join(json.dumps(request) + "\n" for request in requests))
    child.stdin.flush()


def test_the_child_answers_tries_the_usual_resections_meanwhile_and_ends_with_its_input(tmp_path, child):
    usual = told(child, "ready")["usual"]
    assert [one["title"] for one in usual] == [one.title for one in USUAL_RESECTIONS]
    send(child, opening(tmp_path, "upright"), live.segments_request(2, RIGHT))
    assert told(child, "opened")["lesions"] == [1]
    assert told(child, "resected")["number"] == 2
    rows = told(child, "what-if")["rows"]
    assert [row["title"] for row in rows] == [row.resection.title for row in what_if(fields("upright"))]
    child.stdin.close()
    assert child.wait(10) == 0


def test_of_resections_that_wait_the_last_one_alone_is_carried_out(tmp_path, child):
    requests = [live.segments_request(number, (name,)) for number, name in ((2, "II"), (3, "III"), (4, "VI"))]
    send(child, opening(tmp_path, "upright"), *requests)
    assert told(child, "opened")["number"] == 1
    assert told(child, "superseded")["number"] in (2, 3)
    answer = told(child, "resected")
    while answer["number"] != 4:
        answer = told(child, "resected")
    assert answer["title"] == "Segment VI removed"


def test_the_child_ends_although_the_usual_resections_are_not_all_tried(tmp_path, child):
    send(child, opening(tmp_path, "upright"))
    told(child, "opened")
    child.stdin.close()
    began = time.monotonic()
    assert child.wait(10) == 0
    assert time.monotonic() - began < 10
