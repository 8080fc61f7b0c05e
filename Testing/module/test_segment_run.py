"""The main job inside Slicer: a CT of the scene in, an editable result beside it, the window alive all the while."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import qt
import slicer
from cli_runs import cli
from LiverTumorSegModule.logic import LiverTumorSegLogic
from module_runs import (
    QUICK,
    add_ct,
    finish,
    phantom,
    reach,
    running_logic,
    start,
    surroundings,
    temporary_folder,
)
from refusals import refused as refused_input
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringOutputWindow
from vtkmodules.vtkCommonTransforms import vtkThinPlateSplineTransform

from LiverTumorSegLib.labels import SEGMENTATION_LABELS
from LiverTumorSegLib.mrml.result import Result, result_of, results_of
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.volume import Volume

LONGEST_GAP_S = 5.0
"""After which desktops say that a program does not respond; usual is 0.1 s (recorded)."""
STAGES = {"write", "start", "run", "import", "surfaces"}
SEGMENTS = {
    "liver": ("Liver", (221, 130, 101), "SCT^10200004^Liver", 0.25),
    "tumor": ("Liver tumors", (145, 216, 51), "SCT^4147007^Mass", 1.0),
    "portal_vein": ("Portal vein", (150, 95, 235), "SCT^32764006^Portal vein", 1.0),
    "hepatic_vein": ("Hepatic veins", (0, 151, 206), "SCT^8993003^Hepatic vein", 1.0),
}
"""By id: name, color, what it is, opacity in 3D."""
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII"]


class Heartbeat:
    """When a timer of 50 ms was heard: the window is as alive as it is."""

    def __init__(self) -> None:
        self._heard = [time.perf_counter()]
        self._timer = qt.QTimer()
        self._timer.setInterval(50)
        self._timer.connect("timeout()", lambda: self._heard.append(time.perf_counter()))
        self._timer.start()

    def stop(self) -> float:
        """The longest time in seconds that it was not heard."""
        self._timer.stop()
        self._heard.append(time.perf_counter())
        return max(later - earlier for earlier, later in itertools.pairwise(self._heard))


@dataclass
class Finished:
    """A run of the published networks that the application's own event loop has driven to its end."""

    volume: Any
    run: Any
    longest_gap_s: float = 0.0
    fractions: list[float] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    files_left: set[str] = field(default_factory=set)
    complaints: str = ""

    @property
    def result(self) -> Result:
        return self.run.result


@pytest.fixture(scope="module")
def finished(kuleuven_weights):
    """Its scene lives until a test asks for an empty one: the tests of this run come first in this file."""
    ct = phantom()
    slicer.mrmlScene.Clear(0)
    usual, window = vtkOutputWindow.GetInstance(), vtkStringOutputWindow()
    vtkOutputWindow.SetInstance(window)
    with running_logic() as logic:
        files = surroundings().files
        seen = drive(logic, add_ct(ct, "Abdomen 1.0"))
        seen.files_left = surroundings().files - files
        seen.complaints = window.GetOutput()
        vtkOutputWindow.SetInstance(usual)
    return seen


def drive(logic: LiverTumorSegLogic, node: Any) -> Finished:
    """As the module does it: started, then left to the event loop."""
    loop, heartbeat = qt.QEventLoop(), Heartbeat()
    run = logic.startSegmentation(node, SegmentSettings(), logic.runOptions(), lambda _run: loop.quit())
    seen = Finished(node, run)

    def on_progress(activity: Any) -> None:
        seen.fractions.append(activity.progress.fraction)
        seen.stages.append(activity.progress.stage)

    logic.onProgress = on_progress
    qt.QTimer.singleShot(180_000, loop.quit)
    loop.exec_()
    seen.longest_gap_s = heartbeat.stop()
    return seen


@pytest.mark.weights
@pytest.mark.slow
def test_a_run_ends_with_a_result_on_the_screen_and_no_file_in_the_temporary_folder(finished):
    assert (finished.run.failure, finished.run.cancelled) == (None, False)
    assert [result.segmentation for result in results_of(finished.volume)] == [finished.result.segmentation]
    assert finished.files_left == set()
    assert finished.complaints == ""


@pytest.mark.weights
def test_the_window_stays_alive_during_a_run(finished, record_property):
    record_property("longest_gap_s", round(finished.longest_gap_s, 3))
    for stage, seconds in finished.run.seconds.items():
        record_property(f"{stage}_s", round(seconds, 2))
    assert finished.longest_gap_s < LONGEST_GAP_S
    assert set(finished.run.seconds) == STAGES


@pytest.mark.weights
def test_progress_rises_through_all_stages(finished):
    always_seen = ["start", "liver", "tumors", "vessels", "surfaces"]
    assert [stage for stage in dict.fromkeys(finished.stages) if stage in always_seen] == always_seen
    assert finished.fractions == sorted(finished.fractions)
    assert finished.fractions[0] == 0
    assert finished.fractions[-1] == 0.95
    assert len(set(finished.fractions)) > len(always_seen)


@pytest.mark.weights
def test_segments_have_the_names_colors_codes_and_looks_of_what_they_are(finished):
    node = finished.result.segmentation
    segmentation, display = node.GetSegmentation(), node.GetDisplayNode()
    assert node.GetName() == "Abdomen 1.0 segmentation"
    assert node.GetAttribute("LiverTumorSeg.Result") == "segment"
    assert node.GetNodeReference("referenceImageGeometryRef") is finished.volume
    assert list(segmentation.GetSegmentIDs()) == list(SEGMENTS)
    assert display.GetPreferredDisplayRepresentationName3D() == "Closed surface"
    assert display.GetVisibility2DOutline()
    for segment_id, (name, color, code, opacity) in SEGMENTS.items():
        segment = segmentation.GetSegment(segment_id)
        assert segment.GetName() == name
        assert [round(255 * channel) for channel in segment.GetColor()] == list(color)
        assert segment.GetTerminology().split("~")[2] == code
        assert display.GetSegmentOpacity3D(segment_id) == opacity
        assert display.GetSegmentVisibility2DOutline(segment_id)
        assert segment.GetRepresentation("Closed surface").GetNumberOfPolys() > 20


@pytest.mark.weights
def test_tables_and_lines_show_what_was_measured(finished):
    result, measured = finished.result, finished.result.measurements
    volumes = [result.volumetry.GetCellText(row, 1) for row in range(result.volumetry.GetNumberOfRows())]
    without_tumors_ml = measured.liver_ml - measured.tumor_ml
    expected = [measured.liver_ml, without_tumors_ml, measured.vessel_ml, measured.tumor_ml]
    expected += [measured.portal_vein_ml, measured.hepatic_vein_ml, *(one.volume_ml for one in measured.segments)]
    assert len(measured.segments) == 8
    assert [float(text) for text in volumes] == [round(volume_ml, 1) for volume_ml in expected]
    assert result.lesions.GetNumberOfRows() == len(measured.lesions) > 0
    for row, lesion in enumerate(measured.lesions):
        numbers = (lesion.volume_ml, lesion.long_axis_mm, lesion.short_axis_mm)
        shown = [float(result.lesions.GetCellText(row, column)) for column in (1, 2, 3)]
        assert shown == [round(number, 1) for number in numbers]
        long, short = result.measured_lines[2 * row : 2 * row + 2]
        assert (long.GetName(), short.GetName()) == (f"Lesion {row + 1} long axis", f"Lesion {row + 1} short axis")
        assert long.GetMeasurement("length").GetValue() == pytest.approx(lesion.long_axis_mm, abs=1e-3)
        assert short.GetMeasurement("length").GetValue() == pytest.approx(lesion.short_axis_mm, abs=1e-3)


@pytest.mark.weights
def test_the_run_record_names_volume_model_and_settings(finished):
    run = finished.result.run
    assert (run["command"], run["volume"]) == ("segment", "Abdomen 1.0")
    assert (run["model"]["id"], run["settings"]["model"]) == ("combined", "auto")
    assert run["timings_s"]["total"] > 0


@pytest.mark.weights
@pytest.mark.slow
def test_numbers_and_voxels_are_those_of_the_command_line(finished, tmp_path):
    ct = phantom()
    nib.save(nib.Nifti1Image(ct.array, ct.affine), tmp_path / "ct.nii.gz")
    done = cli("segment", tmp_path / "ct.nii.gz", "-o", tmp_path / "out", "--contents", "data", "--progress", "none")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out" / "measurements.json").read_text(encoding="utf-8"))
    assert finished.result.measurements.to_json() == written
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "exported")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(finished.result.segmentation, list(SEGMENTS), labels, finished.volume)
    values = np.array([0, *(SEGMENTATION_LABELS[name].value for name in SEGMENTS)], np.uint8)
    exported = values[slicer.util.arrayFromVolume(labels).transpose()]
    stored = np.asarray(nib.load(tmp_path / "out" / "segmentation.nii.gz").dataobj)
    assert np.array_equal(exported, stored)
    assert set(np.unique(stored)) == {0, 1, 3, 4, 5}
    assert logic.ExportSegmentsToLabelmapNode(finished.result.segments, ROMAN, labels, finished.volume)
    divided = np.asarray(nib.load(tmp_path / "out" / "couinaud.nii.gz").dataobj)
    assert np.array_equal(slicer.util.arrayFromVolume(labels).transpose(), divided)
    assert np.array_equal(divided > 0, stored > 0)


@pytest.mark.weights
def test_couinaud_segments_are_a_segmentation_of_their_own_that_is_hidden_at_first(finished):
    node = finished.result.segments
    assert node.GetName() == "Abdomen 1.0 Couinaud segments"
    assert list(node.GetSegmentation().GetSegmentIDs()) == ROMAN
    assert not node.GetDisplayVisibility()
    seventh = node.GetSegmentation().GetSegment("VII")
    assert seventh.GetName() == "Segment VII"
    assert seventh.GetTerminology().split("~")[2] == "SCT^277961009^Couinaud hepatic segment VII"
    assert node in finished.result.parts


# From here on each test has a scene of its own; the quick model, which goes the same way


@pytest.fixture
def logic(scene):
    phantom()
    with running_logic() as logic:
        yield logic


def refused(logic, node):
    """What a script is told; nothing is left."""
    before = surroundings()
    with pytest.raises(RuntimeError) as caught:
        logic.process(node, QUICK)
    assert logic.activity is None
    assert surroundings() == before
    return str(caught.value)


def test_process_waits_and_returns_the_segmentation_with_its_surfaces(logic):
    node = add_ct()
    segmentation = logic.process(node, QUICK)
    result = result_of(segmentation)
    assert result.volume is node
    assert result.measurements.flags[0] == "no-network"
    assert segmentation.GetSegmentation().GetSegment("liver").GetRepresentation("Closed surface") is not None


def test_a_script_that_goes_from_patient_to_patient_gets_the_numbers_of_each(logic):
    for name in ("first", "second"):
        slicer.mrmlScene.Clear(0)
        result = result_of(logic.process(add_ct(name=name), QUICK))
        assert result.run["volume"] == name
        assert result.measurements.liver_ml > 500


def test_a_script_does_not_wait_for_ever_when_the_scene_is_closed_meanwhile(logic):
    before = surroundings()
    qt.QTimer.singleShot(1500, lambda: slicer.mrmlScene.Clear(0))
    with pytest.raises(RuntimeError, match="Cancelled"):
        logic.process(add_ct(), QUICK)
    assert surroundings() == before


def test_a_volume_without_voxels_is_refused(logic):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    assert refused(logic, empty) == (
        "Empty with no values per voxel. Expected a CT: one value (HU) per voxel."
        " Choose the CT volume, or load it again."
    )


def test_a_volume_under_a_warping_transform_is_refused_with_what_to_do(logic):
    node = add_ct()
    warp = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "breathing")
    warp.SetAndObserveTransformToParent(vtkThinPlateSplineTransform())
    node.SetAndObserveTransformNodeID(warp.GetID())
    message = refused(logic, node)
    assert "CT under the warping transform breathing" in message
    assert "Harden or remove the transform" in message


def test_a_flat_image_is_refused_by_its_name_in_the_scene(logic):
    flat = add_ct(Volume(np.zeros((64, 48, 1), np.int16), np.diag([-3.0, -3.0, 5.0, 1.0])), "Scout")
    message = refused(logic, flat)
    assert "Scout.nii is an image of 64 x 48 x 1 voxels" in message
    assert "Expected a volume with three axes" in message


def test_a_volume_with_a_name_that_is_no_file_name_is_segmented(logic):
    node = add_ct(name="../Müller: CT? 5/3 " + 300 * "ö")
    assert result_of(logic.process(node, QUICK)).run["volume"] == node.GetName()


def test_a_temporary_folder_that_does_not_exist_is_an_error_in_words(logic, tmp_path):
    options = replace(logic.runOptions(), temporary_folder=tmp_path / "nowhere")
    with pytest.raises(RuntimeError, match="nowhere"):
        logic.process(add_ct(), QUICK, options)


def test_a_second_run_is_refused_while_one_is_running_and_the_first_goes_on(logic):
    node = add_ct()
    run = start(logic, node)
    with pytest.raises(RuntimeError, match=r"CT is running\. Expected one run at a time\. Wait for it, or cancel it\."):
        logic.process(add_ct(name="other"), QUICK)
    assert len(list(temporary_folder().glob("LiverTumorSeg-*/*.nii"))) == 1
    finish(logic, run)
    assert results_of(node)[0].segmentation is run.result.segmentation


def test_a_report_and_an_installation_are_refused_during_a_run_and_leave_no_file(logic, tmp_path):
    node = add_ct()
    result = result_of(logic.process(node, QUICK))
    start(logic, node)
    before = surroundings()
    with refused_input("CT is running"):
        logic.startReport(result, tmp_path / "report", lambda _job: None)
    with refused_input("CT is running"):
        logic.startInstallation(["no-such-package"], None, lambda _installation: None)
    assert {path for path in surroundings().files if "-report-" in path or "-install-" in path} == set()
    assert surroundings().children == before.children


def test_a_ct_that_is_removed_during_the_run_is_a_failure_that_leaves_no_node(logic):
    node = add_ct()
    empty = surroundings()
    run = start(logic, node)
    reach(logic, run, "liver")
    slicer.mrmlScene.RemoveNode(node)
    before = surroundings()
    assert before.nodes < empty.nodes
    finish(logic, run)
    assert run.failure.message == (
        "CT is no longer in the scene. Expected the CT to stay until its result is there."
        " Load it again and segment it again."
    )
    assert (surroundings().nodes, surroundings().items) == (before.nodes, before.items)
    assert surroundings().files == empty.files


def test_results_of_one_ct_and_of_another_are_kept_apart(logic):
    first, second = add_ct(name="first"), add_ct(name="second")
    nodes = [logic.process(node, QUICK) for node in (first, first, second)]
    assert [result.segmentation for result in results_of(first)] == nodes[:2]
    assert [result.segmentation for result in results_of(second)] == nodes[2:]
    parts = [part.GetID() for node in nodes for part in result_of(node).parts]
    assert len(set(parts)) == len(parts)
    assert len({node.GetName() for node in nodes}) == 3
    assert [result_of(node).run["volume"] for node in nodes] == ["first", "first", "second"]
