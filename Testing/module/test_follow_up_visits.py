"""Visits of the scene on their way to the child, by real ``measure`` runs: written, kept, refused, cancelled."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import slicer
from followup_scene import add_visits
from LiverTumorSegModule.surroundings import python_words
from module_runs import surroundings
from module_widget import edit
from plan_scenes import MOVED

from LiverTumorSegLib.child.job import JobState
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Anchor, Corrections, DiameterCorrection
from LiverTumorSegLib.io.results import read_case
from LiverTumorSegLib.mrml.followup_nodes import add_follow_up, add_result_visit, change_visit
from LiverTumorSegLib.mrml.grid import matrix_of
from LiverTumorSegLib.mrml.result import results_in
from LiverTumorSegLib.mrml.result_nodes import keep_moved_lines
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.workbench.follow_up_run import FollowUpRun
from LiverTumorSegLib.workbench.follow_up_scene import run_of
from LiverTumorSegLib.workbench.follow_up_visits import VisitFiles, facts_of, iso_date, with_lines_of
from LiverTumorSegLib.workbench.follow_up_wish import TrackWish, VisitSource, patients_of, sources_of


@pytest.fixture
def files(temporary):
    made = VisitFiles(python_words(), temporary)
    yield made
    made.close()
    assert list(temporary.iterdir()) == []


def written(files, result) -> Path:
    """The result folder of a result as it is now, made by the real child."""
    job = files.writing(result)
    job.start()
    deadline = time.monotonic() + 120
    while job.poll():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert job.failure is None, job.failure
    return files.folder_of(result)


def test_a_result_folder_holds_the_mask_as_it_is_now_with_the_same_numbers(scene, files):
    (result,) = add_visits(scene, 1, turn_degrees=11.0)
    stored = read_case(written(files, result))
    ct = view_of(result.volume)
    assert np.array_equal(stored.segmentation.array, segmentation_of(result.segmentation, ct).array)
    assert np.allclose(stored.segmentation.affine, ct.affine, atol=1e-4)
    before = result.measurements.lesions[0]
    assert stored.measurements.lesions[0].long_axis_mm == pytest.approx(before.long_axis_mm, abs=1e-4)
    empty = np.zeros(ct.shape, bool)
    edit(result, "tumor", empty)
    assert files.folder_of(result) is None
    assert read_case(written(files, result)).measurements.lesions == ()


def test_what_has_not_changed_is_not_written_again(scene, files):
    first, second = add_visits(scene, 2)
    folder = written(files, first)
    edit(second, "tumor", segmentation_of(second.segmentation, view_of(second.volume)).array == 1)
    assert files.folder_of(first) == folder
    assert files.folder_of(second) is None


def test_a_ct_has_the_same_key_after_the_scene_was_stored_and_its_mask_edited(scene, files, tmp_path):
    (result,) = add_visits(scene, 1, turn_degrees=23.7)
    key = facts_of(written(files, result)).key
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    scene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    (back,) = results_in(scene)
    edit(back, "tumor", segmentation_of(back.segmentation, view_of(back.volume)).array == 3)
    assert facts_of(written(files, back)).key == key


def test_a_visit_under_a_transform_is_written_where_the_patient_lies(scene, files):
    (result,) = add_visits(scene, 1)
    before = np.mean(result.measurements.lesions[0].long_axis_ras_mm, axis=0)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(matrix_of(MOVED))
    for node in (result.volume, result.segmentation):
        node.SetAndObserveTransformNodeID(transform.GetID())
    measured = read_case(written(files, result)).measurements.lesions[0]
    middle = np.mean(measured.long_axis_ras_mm, axis=0)
    assert middle == pytest.approx((MOVED @ [*before, 1.0])[:3], abs=4.0)  # another slice may be the longest


def test_lines_that_were_dragged_in_the_scene_count_unless_the_follow_up_has_its_own(scene):
    (result,) = add_visits(scene, 1)
    line = result.lines[0]
    line.SetNthControlPointPositionWorld(0, *(np.array(line.GetNthControlPointPositionWorld(0)) + (0.0, 4.0, 0.0)))
    assert keep_moved_lines(result)
    (reader,) = result.reader_lines
    middle = tuple(np.mean(result.measurements.lesions[0].long_axis_ras_mm, axis=0))
    (said,) = with_lines_of(Corrections(), result, "k").diameters
    assert said.lesion.visit == "k"
    assert said.lesion.point_ras_mm == pytest.approx(middle)
    lengths = (said.long_axis_mm, said.short_axis_mm)
    assert sum(length is None for length in lengths) == 1
    assert max(length or 0 for length in lengths) == pytest.approx(reader.GetMeasurement("length").GetValue())
    own = Corrections(diameters=(DiameterCorrection(Anchor("k", said.lesion.point_ras_mm), 12.0),))
    assert with_lines_of(own, result, "k") == own


# Refusals


def sources(count: int, **values) -> list[VisitSource]:
    names = ("A", "B", "C")
    return [VisitSource(n + 1, "", folder=Path(names[n]), title=names[n], **values) for n in range(count)]


@pytest.mark.parametrize(
    ("visits", "words"),
    [
        (sources(1), "1 visit"),
        ([VisitSource(1, "2024-13-01", title="A"), VisitSource(2, "2024-01-01", title="B")], "2024-13-01 of A"),
        ([VisitSource(1, "31.3.2024", title="A"), VisitSource(2, "2024-01-01", title="B")], r"31\.3\.2024"),
        ([VisitSource(1, "2024-01-31", title="A"), VisitSource(2, "", title="B")], "no date of B"),
        ([VisitSource(1, "", title="A", patient_id="P1"), VisitSource(2, "", title="B", patient_id="P2")], "P1, P2"),
    ],
)
def test_visits_that_cannot_be_followed_are_refused_before_anything_is_written(files, visits, words):
    with pytest.raises(InputError, match=words):
        FollowUpRun(visits, TrackWish(), files, python_words()).start()


def test_the_same_ct_twice_is_refused(files, tmp_path):
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text('{"source": {"sha256": "0123456789abcdef"}}')
    visits = [VisitSource(n, "", folder=tmp_path / name, title=name) for n, name in enumerate(("A", "B"))]
    with pytest.raises(InputError, match="the same CT twice: A and B"):
        FollowUpRun(visits, TrackWish(), files, python_words()).start()


def test_two_patients_may_be_one_if_somebody_says_so():
    visits = [VisitSource(1, "", patient_id="P1"), VisitSource(2, "", patient_id="P2"), VisitSource(3, "")]
    assert patients_of(visits) == ["P1", "P2"]


def test_a_visit_without_its_ct_is_refused_and_one_that_is_left_out_is_not_asked(scene):
    first, second = add_visits(scene, 2)
    follow_up = add_follow_up(scene)
    entries = [add_result_visit(follow_up, result) for result in (first, second)]
    scene.RemoveNode(second.volume)
    with pytest.raises(InputError, match="without its CT"):
        sources_of(follow_up)
    change_visit(follow_up, entries[1].number, is_used=False)
    assert [source.title for source in sources_of(follow_up)] == ["CT 1"]


def test_dates_of_dicom_are_read_and_others_are_none():
    assert [iso_date(text) for text in ("20240131", "2024-01-31", "", "2024", "then")] == [
        "2024-01-31",
        "2024-01-31",
        "",
        "",
        "",
    ]


# Cancel


def test_a_run_that_is_cancelled_while_a_visit_is_measured_leaves_the_scene_as_it_was(scene, files):
    follow_up = add_follow_up(scene)
    for result in add_visits(scene, 2):
        add_result_visit(follow_up, result)
    before = surroundings()
    run = run_of(follow_up, files, python_words())
    run.start()
    assert run.progress.message == "Measuring CT 1"
    run.cancel()
    deadline = time.monotonic() + 20
    while run.poll():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (run.state, run.timeline) == (JobState.CANCELLED, None)
    after = surroundings()
    assert (after.nodes, after.items, after.children) == (before.nodes, before.items, before.children)
