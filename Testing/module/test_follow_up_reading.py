"""Two visits side by side and the charts, from the module's panel, with the real layout logic."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from followup_numbers import KEYS, PLACES_RAS
from followup_scene import follow_up_with_numbers, layout_logic
from module_widget import opened_module
from plan_cases import write_result
from report_cases import box_case

from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.results import RUN
from LiverTumorSegLib.io.text_files import read_json, write_json
from LiverTumorSegLib.mrml.followup import follow_up_in
from LiverTumorSegLib.mrml.followup_nodes import keep_keys
from LiverTumorSegLib.mrml.followup_views import CHARTS, LEFT, RIGHT, SIDE_BY_SIDE, SIDES
from LiverTumorSegLib.mrml.grid import affine_of
from LiverTumorSegLib.mrml.volume_node import view_of

FOUR_UP = 3


@pytest.fixture
def layout(scene):
    logic = layout_logic(scene)
    node = logic.GetLayoutNode()
    node.SetViewArrangement(FOUR_UP)
    yield node
    node.SetViewArrangement(FOUR_UP)
    logic.SetMRMLScene(None)
    # Views outlive a closed scene; Slicer complains of a stored one that is turned into an oblique CT.
    for side in SIDES:
        scene.RemoveNode(scene.GetSingletonNode(side, "vtkMRMLSliceNode"))


@pytest.fixture
def module(scene, layout):
    with opened_module() as widget:
        widget.ui.followUpCollapsibleButton.collapsed = False
        yield widget


def shown(scene, module):
    follow_up, results = follow_up_with_numbers(scene)
    module.logic.tick()
    return follow_up, results


def place_in(scene, side):
    return affine_of(scene.GetSingletonNode(side, "vtkMRMLSliceNode").GetSliceToRAS())[:3, 3]


def background_of(scene, side):
    nodes = [
        scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode")
        for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode"))
    ]
    return next(node.GetBackgroundVolumeID() for node in nodes if node.GetLayoutName() == side)


def test_a_click_on_a_lesion_turns_both_views_to_its_place_in_their_own_visits(scene, module, layout):
    _follow_up, results = shown(scene, module)
    ui = module.followUpUi
    assert (ui.followUpLeftSelector.currentText, ui.followUpRightSelector.currentText) == ("1: CT 1", "3: CT 3")
    ui.followUpSideBySideButton.click()
    assert layout.GetViewArrangement() == SIDE_BY_SIDE
    ui.followUpLesionsTable.cellClicked.emit(0, 3)
    assert place_in(scene, LEFT) == pytest.approx(PLACES_RAS[0])
    assert place_in(scene, RIGHT) == pytest.approx(PLACES_RAS[2])
    assert background_of(scene, LEFT) == results[0].volume.GetID()
    # Gone at the third visit: the view goes to where it would lie there
    ui.followUpLesionsTable.cellClicked.emit(1, 4)
    assert place_in(scene, RIGHT) == pytest.approx((9.0, 24.0, 20.5))


def test_another_visit_in_a_view_keeps_the_lesion(scene, module, layout):
    _follow_up, results = shown(scene, module)
    ui = module.followUpUi
    ui.followUpSideBySideButton.click()
    ui.followUpLesionsTable.cellClicked.emit(0, 3)
    ui.followUpRightSelector.setCurrentIndex(1)
    assert background_of(scene, RIGHT) == results[1].volume.GetID()
    assert place_in(scene, RIGHT) == pytest.approx(PLACES_RAS[1])
    assert place_in(scene, LEFT) == pytest.approx(PLACES_RAS[0])


def test_the_button_goes_up_with_another_layout_and_outlines_are_back(scene, module, layout):
    _follow_up, results = shown(scene, module)
    ui = module.followUpUi
    ui.followUpSideBySideButton.click()
    module.logic.tick()
    assert ui.followUpSideBySideButton.checked
    assert results[1].segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() > 0
    layout.SetViewArrangement(FOUR_UP)
    module.logic.tick()
    assert not ui.followUpSideBySideButton.checked
    assert all(result.segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() == 0 for result in results)
    ui.followUpSideBySideButton.click()
    ui.followUpSideBySideButton.click()
    assert layout.GetViewArrangement() == FOUR_UP


def test_charts_take_the_views_place_and_side_by_side_ends(scene, module, layout):
    _follow_up, results = shown(scene, module)
    ui = module.followUpUi
    ui.followUpSideBySideButton.click()
    ui.followUpChartsButton.click()
    module.logic.tick()
    assert layout.GetViewArrangement() == CHARTS
    assert not ui.followUpSideBySideButton.checked
    assert results[0].segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() == 0


# A visit that lies in a folder


def stored(folder, *, with_ct=True):
    """The box-shaped case as the command line leaves it, and its CT."""
    case = box_case("sheared by the gantry")
    ct = folder / "ct.nii.gz"
    if with_ct:
        write_nifti(ct, case.study.ct)
    write_result(folder / "visit", case)
    run = read_json(folder / "visit" / RUN)
    run["source"] = asdict(case.study.source) | {"path": str(ct), "sha256": KEYS[2] + "0" * 52, "warnings": []}
    write_json(folder / "visit" / RUN, run)
    return folder / "visit", case


def with_folder_for_the_third(scene, module, folder):
    follow_up, results = shown(scene, module)
    module.followUpPanel.visits.check_box(2).checked = False
    module.logic.tick()
    module.followUpPanel.add_folder(folder)
    entries = follow_up.entries
    keep_keys(follow_up, {entries[2].number: "", entries[3].number: KEYS[2]})
    module.logic.tick()
    return follow_up, results


def test_a_folders_ct_and_outlines_are_loaded_to_be_seen_and_go_with_the_follow_up(scene, module, layout, tmp_path):
    folder, case = stored(tmp_path)
    follow_up, _results = with_folder_for_the_third(scene, module, folder)
    ui = module.followUpUi
    before = scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    ui.followUpSideBySideButton.click()
    entry = follow_up.entries[3]
    volume = follow_up.volume_of(entry)
    assert background_of(scene, RIGHT) == volume.GetID()
    seen = view_of(volume)
    corner = np.array([[0, 0, 0], np.array(seen.shape) - 1])
    assert np.allclose(seen.ras_from_ijk(corner), case.study.ct.ras_from_ijk(corner), atol=1e-3)
    ui.followUpSideBySideButton.click()
    ui.followUpSideBySideButton.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == before + 1  # loaded once
    module.logic.tick()
    assert len(module.logic.measuring._changed) == 0  # it is no result that could be edited
    ui.followUpRemoveButton.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == before
    assert volume.GetScene() is None
    assert follow_up_in(scene) is None


def test_without_its_ct_a_folder_cannot_be_shown_and_says_so(scene, module, layout, tmp_path):
    folder, _case = stored(tmp_path, with_ct=False)
    with_folder_for_the_third(scene, module, folder)
    ui = module.followUpUi
    ui.followUpSideBySideButton.click()
    assert "no CT at" in ui.followUpStatusLabel.text
    assert layout.GetViewArrangement() == FOUR_UP
    assert not ui.followUpSideBySideButton.checked
