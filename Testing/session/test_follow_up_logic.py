"""Follow-up in a browser session: real scene and views, real ``measure`` and ``track`` children, but no browser."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from cli_runs import cli
from followup_pages import DATES, LESIONS, placed, write_visit
from followup_scene import add_visits
from session_workstation import Desk

from LiverTumorSegLib.io.followup_files import REPORT, TIMELINE
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.mrml.grid import affine_of
from LiverTumorSegLib.timeline import Criterion, FollowUp, Role, State
from LiverTumorSegLib.web.session.follow_up_report import pack_report
from LiverTumorSegLib.web.session.served_folder import ServedFolder


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Path:
    """patient/visit0 to visit2, their CTs beside them: L1 stays, L2 is not found any more, L3 is new at the last."""
    root = tmp_path_factory.mktemp("served")
    for visit in range(3):
        write_visit(root / "patient", visit)
    write_visit(root / "other", 1, patient="P2")
    (root / "empty").mkdir()
    return root


@pytest.fixture
def desk(only_desk: Desk, served: Path) -> Iterator[Desk]:
    only_desk.session.follow_up.offer(ServedFolder(served))
    yield only_desk
    only_desk.close()
    follow_up = only_desk.session.follow_up
    for visit in list(follow_up.data.visits):
        only_desk.press(follow_up.choosing.remove, visit.number)
    assert not follow_up.data.has_numbers
    assert not [path for path in follow_up._folder.rglob("*") if path.is_file() and "LiverTumorSeg-visits" in str(path)]


def add_folders(desk: Desk, *places: str) -> None:
    for place in places:
        desk.press(desk.session.follow_up.choosing.add_folder, place)


def wait(desk: Desk) -> None:
    desk.wait_until(lambda: not desk.session.follow_up.data.running)


def run(desk: Desk) -> FollowUp:
    follow_up = desk.session.follow_up
    desk.press(follow_up.follow_up)
    assert follow_up.data.running, desk.session.notices.data.text
    wait(desk)
    assert follow_up.reading.timeline is not None, desk.session.notices.data.text
    return follow_up.reading.timeline


def three(desk: Desk) -> FollowUp:
    add_folders(desk, "patient/visit0", "patient/visit1", "patient/visit2")
    return run(desk)


def grades(desk: Desk) -> list[str]:
    return [row.grade for row in desk.session.follow_up.data.responses]


def test_result_folders_are_judged_as_the_command_judges_them(desk: Desk, served: Path, tmp_path: Path):
    timeline = three(desk)
    data = desk.session.follow_up.data
    assert [visit.patient_id for visit in data.visits] == ["P1"] * 3
    folders = [served / "patient" / f"visit{n}" for n in range(3)]
    done = cli("track", *folders, "-o", tmp_path / "out", "--contents", "data")
    assert done.returncode == 0, done.stderr
    expected = FollowUp.from_json(json.loads((tmp_path / "out" / REPORT / TIMELINE).read_text()))
    assert (timeline.lesions, timeline.assessments) == (expected.lesions, expected.assessments)
    recist = expected.assessments[Criterion.RECIST]
    assert grades(desk) == [str(one.category or "") for one in recist]
    assert [row.total for row in data.responses] == [f"{one.total:.1f} mm" if one.total else "–" for one in recist]
    assert "L3 is new" in data.responses[2].reason
    assert [(row.id, row.role) for row in data.lesions] == [(one.id, str(one.role)) for one in expected.lesions]
    sizes = [[f"{s.long_axis_mm:.1f}" if s.parts else "" for s in one.sightings] for one in expected.lesions]
    assert [[seen.size for seen in row.seen] for row in data.lesions] == sizes
    assert data.dates == [f"{n + 1}: {date}" for n, date in enumerate(DATES)]


def test_charts_are_drawings_without_scripts_of_the_criterion_that_is_chosen(desk: Desk):
    three(desk)
    data = desk.session.follow_up.data
    assert [chart.title.split(" (")[0] for chart in data.charts] == [
        "Sum of the targets' longest diameters", "Each lesion's change from the baseline", "Volumes",
    ]  # fmt: skip
    for chart in data.charts:
        names = {element.tag.split("}")[-1] for element in ElementTree.fromstring(chart.svg).iter()}
        assert names <= {"svg", "g", "line", "polyline", "polygon", "circle", "text", "title"}
    assert "+20 %" in data.charts[0].svg
    with desk.session.state:
        data.criterion = str(Criterion.VOLUME)
    assert data.responses[0].total.endswith(" ml")
    assert data.charts[0].title.startswith("Volume of the targets")


def test_what_a_reader_puts_right_outdates_the_numbers_and_counts_in_the_next_run(desk: Desk):
    three(desk)
    follow_up, data = desk.session.follow_up, desk.session.follow_up.data
    assert all(grades(desk)[1:])
    desk.press(follow_up.reading.choose_role, "L3", "excluded")
    assert (data.is_outdated, grades(desk), data.lesions[2].role) == (True, ["", "", ""], "excluded")
    desk.press(follow_up.reading.choose, "L2", 1)
    assert (data.can_be_gone, data.is_gone, data.earlier) == (True, False, [])
    desk.press(follow_up.reading.toggle_gone)
    assert data.is_gone
    timeline = run(desk)
    assert not data.is_outdated
    assert [lesion.role for lesion in timeline.lesions][2] is Role.EXCLUDED
    assert [seen.confirmed for seen in timeline.lesions[1].sightings][:2] == [False, True]
    desk.press(follow_up.reading.toggle_gone)
    assert not run(desk).lesions[1].sightings[1].confirmed


def test_a_lesion_is_called_the_same_as_another_and_new_again(desk: Desk):
    three(desk)
    follow_up, data = desk.session.follow_up, desk.session.follow_up.data
    desk.press(follow_up.reading.choose, "L3", 2)
    assert (data.can_be_new, data.earlier) == (True, ["L1", "L2"])
    with desk.session.state:
        data.same_as = "L2"
    desk.press(follow_up.reading.call_same)
    timeline = run(desk)
    assert [seen.state for seen in timeline.lesions[1].sightings][2] is State.PERSISTENT
    assert len(timeline.lesions) == 2
    desk.press(follow_up.reading.choose, "L2", 2)
    desk.press(follow_up.reading.call_new)
    assert data.is_outdated
    assert [seen.state for seen in run(desk).lesions[2].sightings][2] is State.NEW


def test_another_baseline_and_other_dates_count_after_the_next_run(desk: Desk):
    three(desk)
    follow_up, data = desk.session.follow_up, desk.session.follow_up.data
    desk.press(follow_up.choosing.choose_baseline, data.visits[1].number)
    assert data.is_outdated
    assert run(desk).baseline == 1
    desk.press(follow_up.choosing.choose_baseline, data.visits[1].number)
    for visit in list(data.visits):
        desk.press(follow_up.choosing.change_date, visit.number, {DATES[0]: "2024-12-01"}.get(visit.date, visit.date))
    timeline = run(desk)
    assert (timeline.baseline, timeline.visits[2].date) == (0, "2024-12-01")


def test_the_views_go_to_a_lesion_where_its_visits_ct_is_on_the_screen(desk: Desk, served: Path):
    three(desk)
    reading, data = desk.session.follow_up.reading, desk.session.follow_up.data
    desk.press(reading.choose, "L1", 1)
    assert "not the one on the screen" in data.where
    desk.press(desk.session.case._show, read_study(served / "patient" / "ct1.nii.gz"))
    desk.press(reading.choose, "L1", 0)
    assert "not the one on the screen" in data.where
    for lesion, half_mm in (("L1", LESIONS[1]["L1"][1]), ("L2", (4.0, 4.0, 4.0))):
        # L2 is not there: the place where it would lie.
        desk.press(reading.choose, lesion, 1)
        assert data.where == ""
        wanted = np.array(placed(LESIONS[0][lesion], 1)[0])
        for view in desk.session.views._slice_views:
            to_ras = affine_of(view.get_view_node().GetSliceToRAS())
            assert abs(to_ras[:3, 2] @ (wanted - to_ras[:3, 3])) < max(half_mm)


def test_results_of_the_page_stay_visits_when_their_ct_is_closed(desk: Desk):
    follow_up, data = desk.session.follow_up, desk.session.follow_up.data
    for count, (result, date) in enumerate(zip(add_visits(desk.scene, 2), DATES[:2], strict=True), start=1):
        desk.session.close_case()
        desk.press(desk.session.run.arrived, result)
        assert data.can_add_open
        desk.press(follow_up.add_open)
        assert data.running
        wait(desk)
        assert (len(data.visits), data.can_add_open) == (count, False), desk.session.notices.data.text
        desk.press(follow_up.choosing.change_date, data.visits[-1].number, date)
    assert [visit.title for visit in data.visits] == ["CT 1", "CT 2"]
    assert len(run(desk).visits) == 2
    desk.press(follow_up.mask_changed, result)
    assert data.is_outdated
    timeline = run(desk)
    desk.press(follow_up.reading.choose, "L1", 1)
    assert data.where == ""
    desk.session.close_case()
    assert (len(data.visits), data.visits[1].note) == (2, "")
    desk.press(follow_up.reading.choose, "L1", 1)
    assert data.where != ""
    assert run(desk).lesions == timeline.lesions


def test_a_cancelled_run_changes_nothing_and_leaves_nothing(desk: Desk):
    timeline = three(desk)
    follow_up = desk.session.follow_up
    desk.press(follow_up.make_report)
    children = [one for one in psutil.Process().children(recursive=True) if "track" in one.cmdline()]
    assert children
    desk.press(follow_up.cancel)
    wait(desk)
    assert desk.session.notices.data.text.startswith("Cancelled")
    assert follow_up.reading.timeline is timeline
    assert not list(follow_up._folder.glob("report-*"))
    _gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_what_cannot_be_followed_is_refused_in_words_that_name_no_place_of_the_server(desk: Desk, served: Path):
    follow_up, notice = desk.session.follow_up, desk.session.notices.data
    linked = served / "linked"
    linked.mkdir(exist_ok=True)
    for item in (served / "other" / "visit1").iterdir():
        (linked / item.name).write_bytes(item.read_bytes())
    (linked / "segmentation.nii.gz").unlink()
    (linked / "segmentation.nii.gz").symlink_to("/etc/hostname")
    said = []
    for place in ("empty", "nothing", "../served", "/etc", "linked"):
        add_folders(desk, place)
        said.append(notice.text)
    assert follow_up.data.visits == []
    assert ["no finished result in empty" in text for text in said] == [True, False, False, False, False]
    assert ["is not in the folder" in text for text in said] == [False, True, True, True, True]
    add_folders(desk, "patient/visit0", "patient/visit0")
    assert "patient/visit0 is a visit already" in notice.text
    add_folders(desk, "other/visit1")
    assert follow_up.data.patients == ["P1", "P2"]
    desk.press(follow_up.follow_up)
    said += [notice.text]
    assert "P1, P2" in notice.text
    desk.press(follow_up.choosing.change_date, follow_up.data.visits[0].number, "")
    with desk.session.state:
        follow_up.data.other_patient = True
    desk.press(follow_up.follow_up)
    assert "no date of visit0" in notice.text
    desk.press(follow_up.choosing.change_date, follow_up.data.visits[0].number, DATES[0])
    assert len(run(desk).visits) == 2
    assert not [text for text in said if str(served) in text]


def test_folders_are_listed_as_results_or_as_folders_to_look_into(desk: Desk):
    follow_up = desk.session.follow_up
    desk.press(follow_up.choosing.show_folders, "")
    shown = {item.path: item.is_folder for item in follow_up.data.folders}
    assert all(shown[name] for name in ("empty", "other", "patient"))
    desk.press(follow_up.choosing.show_folders, "patient")
    assert [(item.path, item.is_folder) for item in follow_up.data.folders] == [
        (f"patient/visit{n}", False) for n in range(3)
    ]


def test_a_packed_report_names_no_place_of_the_server(served: Path, tmp_path: Path):
    folders = [served / "patient" / f"visit{n}" for n in range(2)]
    done = cli("track", *folders, "-o", tmp_path / "made" / "follow-up")
    assert done.returncode == 0, done.stderr
    report = tmp_path / "made" / "follow-up" / REPORT
    packed = pack_report(report, tmp_path / "exports" / "follow-up.zip", [served, tmp_path])
    with zipfile.ZipFile(packed) as archive:
        assert {Path(name).name for name in archive.namelist()} == {item.name for item in report.iterdir()}
        for name in archive.namelist():
            content = archive.read(name)
            assert str(served).encode() not in content, name
            assert str(tmp_path).encode() not in content, name
        stored = FollowUp.from_json(json.loads(archive.read("follow-up/followup.json")))
    assert [visit.result for visit in stored.visits] == ["patient/visit0", "patient/visit1"]
