"""A radiologist's session on a real CT: segment, look, erase a lesion, drag a diameter, save, load; nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from module_widget import cells, edit, opened_module, wait_for_numbers, wait_until
from real_cases import load_case
from scene_pictures import slice_picture

from LiverTumorSegLib.labels import LIVER, MAIN_LABELS, TUMOR, VESSEL
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.mrml.markups import ends_ras_of, is_reader_line
from LiverTumorSegLib.mrml.result import results_in, results_of
from LiverTumorSegLib.mrml.result_nodes import add_result
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.surfaces import create_surfaces
from LiverTumorSegLib.mrml.views import focus_of
from LiverTumorSegLib.mrml.volume_node import add_volume_node, view_of
from LiverTumorSegLib.volume import Volume

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def module(scene):
    with opened_module() as widget:
        yield widget


@pytest.fixture(scope="session")
def ircad01(real_data):
    return load_case(real_data, "ircad01")


def expert_labels(case) -> np.ndarray:
    labels = np.where(case.organ, LIVER.value, 0).astype(np.uint8)
    labels[case.vessels] = VESSEL.value
    labels[case.lesions > 0] = TUMOR.value
    return labels


def expert_result(scene, ct, case):
    """The experts' masks where a run would have put its own."""
    segmentation = Volume(expert_labels(case), case.ct.affine)
    result = add_result(scene, ct, segmentation, MAIN_LABELS, measure_case(segmentation)[0], {"command": "segment"})
    create_surfaces(result.segmentation)
    return result


def near(picture, color, tolerance=40):
    return np.abs(picture.astype(int) - color).max(axis=2) < tolerance


def slice_of(scene, result, point_ras, save_to):
    from PIL import Image

    picture = slice_picture(scene, slicer.app.applicationLogic(), "Axial", point_ras, 360.0, (720, 720), result.volume)
    Image.fromarray(picture).save(save_to)
    return picture


def test_a_session_with_the_real_model(scene, module, ircad01, kuleuven_weights, tmp_path):
    from PIL import Image

    from LiverTumorSegLib.mrml.picture import render_3d

    ct = add_volume_node(scene, ircad01.ct, "ircad01")
    module.ui.inputSelector.setCurrentNode(ct)
    module.ui.segmentButton.click()
    wait_until(lambda: module.logic.activity is None, module, 300)
    assert module.errors == []
    (result,) = results_of(ct)

    # What was found is where the experts drew it, in the scene's own voxels.
    found = segmentation_of(result.segmentation, view_of(ct)).array
    organ = ircad01.organ if np.array_equal(view_of(ct).affine, ircad01.ct.affine) else ircad01.organ[:, :, ::-1]
    dice = 2 * ((found > 0) & organ).sum() / ((found > 0).sum() + organ.sum())
    assert dice > 0.95
    assert result.lesions.GetNumberOfRows() == len(result.measurements.lesions) >= 5

    # The slice of the largest lesion's long axis shows liver and tumor outlines and the line.
    module.resultPanel.jump_to_lesion(1)
    middle_ras = ends_ras_of(result.measured_lines[0]).mean(axis=0)
    picture = slice_of(scene, result, middle_ras, tmp_path / "axial.png")
    assert near(picture, LIVER.color).sum() > 300
    assert near(picture, TUMOR.color).sum() > 100
    focus = focus_of(segmentation_of(result.segmentation, view_of(ct)), result.measurements.lesions)
    view3d = render_3d(scene, slicer.app.applicationLogic(), focus, (700, 600))
    Image.fromarray(view3d).save(tmp_path / "3d.png")
    assert (view3d.min(axis=2) < 200).mean() > 0.15

    # One lesion is erased: the table follows.
    rows = result.lesions.GetNumberOfRows()
    third_ras = np.array(result.measurements.lesions[2].long_axis_ras_mm).mean(axis=0)
    from LiverTumorSegLib.measure.instances import find_instances

    grid = view_of(ct)
    tumor = found == TUMOR.value
    ids = find_instances(Volume(tumor, grid.affine)).volume.array
    third = ids[tuple(np.rint(grid.ijk_from_ras(third_ras[None])[0]).astype(int))]
    edit(result, "tumor", tumor & (ids != third))
    wait_for_numbers(module, result)
    assert result.lesions.GetNumberOfRows() == rows - 1
    assert third_ras.tolist() not in [np.mean(x.long_axis_ras_mm, axis=0).tolist() for x in result.measurements.lesions]

    # A diameter is dragged.
    line = result.measured_lines[0]
    line.SetNthControlPointPositionWorld(1, *(ends_ras_of(line)[0] + (30, 40, 0)))
    wait_until(lambda: is_reader_line(line), module)
    assert cells(result.lesions, 4)[0] == "50"

    # Everything is there after saving and loading.
    expected = (result.measurements, cells(result.lesions, 4), cells(result.volumetry, 1), result.run["model"]["id"])
    mask = segmentation_of(result.segmentation, view_of(ct)).array
    assert slicer.util.saveScene(str(tmp_path / "session.mrb"))
    scene.Clear(0)
    assert module.ui.lesionTable.mrmlTableNode() is None
    slicer.util.loadScene(str(tmp_path / "session.mrb"))
    slicer.app.processEvents()
    (back,) = results_in(scene)
    assert (back.measurements, cells(back.lesions, 4), cells(back.volumetry, 1), back.run["model"]["id"]) == expected
    assert np.array_equal(segmentation_of(back.segmentation, view_of(back.volume)).array, mask)
    assert module.ui.inputSelector.currentNode() is back.volume
    assert module.ui.lesionTable.mrmlTableNode() is back.lesions
    assert len(back.reader_lines) == 1


def test_the_experts_masks_give_the_known_numbers_and_follow_an_erased_lesion(scene, module, ircad01):
    ct = add_volume_node(scene, ircad01.ct, "ircad01")
    result = expert_result(scene, ct, ircad01)
    module.ui.inputSelector.setCurrentNode(ct)
    module.logic.tick()
    assert result.measurements.liver_ml == pytest.approx(1489.41, abs=0.01)
    assert result.lesions.GetNumberOfRows() == 7
    grid = view_of(ct)
    mask = segmentation_of(result.segmentation, grid).array
    largest_ras = np.array(result.measurements.lesions[0].long_axis_ras_mm).mean(axis=0)
    assert mask[tuple(np.rint(grid.ijk_from_ras(largest_ras[None])[0]).astype(int))] == TUMOR.value
    second = result.measurements.lesions[1]
    from LiverTumorSegLib.measure.instances import find_instances

    tumor = mask == TUMOR.value
    ids = find_instances(Volume(tumor, grid.affine)).volume.array
    edit(result, "tumor", tumor & (ids != 2))
    wait_for_numbers(module, result)
    assert result.lesions.GetNumberOfRows() == 6
    assert result.measurements.tumor_ml == pytest.approx(
        measure_case(Volume(expert_labels(ircad01), ircad01.ct.affine))[0].tumor_ml - second.volume_ml
    )


def test_without_a_tumor_the_table_is_empty_and_says_so_by_its_volumes(scene, module, real_data):
    case = load_case(real_data, "ircad07")
    ct = add_volume_node(scene, case.ct, "ircad07")
    result = expert_result(scene, ct, case)
    module.ui.inputSelector.setCurrentNode(ct)
    module.logic.tick()
    assert result.lesions.GetNumberOfRows() == 0
    assert result.measured_lines == []
    assert result.measurements.tumor_ml == 0
    assert 1400 < result.measurements.liver_ml < 1460
