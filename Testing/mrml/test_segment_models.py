"""Segments as light models: the right size in the right place, made again only where voxels have changed."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from mrml_case import SHAPE, ct_array, label_array, oblique_affine, tilted_affine
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersCore import vtkMassProperties, vtkTriangleFilter

from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.mrml.grid import to_world_of
from LiverTumorSegLib.mrml.nodes import nodes_of_class
from LiverTumorSegLib.mrml.segment_models import SegmentModels
from LiverTumorSegLib.mrml.segmentation_node import add_segmentation_node
from LiverTumorSegLib.mrml.volume_node import add_volume_node, view_of
from LiverTumorSegLib.volume import Volume

BLOCK = np.s_[8:26, 7:22, 5:18]


def segmentation(scene, affine, labels):
    ct = add_volume_node(scene, Volume(ct_array(), affine), "CT")
    return add_segmentation_node(scene, Volume(labels, affine), MAIN_LABELS, ct, "result"), ct


def block(value=3):
    labels = np.zeros(SHAPE, np.uint8, order="F")
    labels[BLOCK] = value
    return labels


def models_in(scene):
    return {node.GetName().split()[1]: node for node in nodes_of_class(scene, "vtkMRMLModelNode")}


def points_ras(model):
    points = vtk_to_numpy(model.GetPolyData().GetPoints().GetData())
    to_world = to_world_of(model)
    return points @ to_world[:3, :3].T + to_world[:3, 3]


def volume_mm3(model):
    triangles = vtkTriangleFilter()
    triangles.SetInputData(model.GetPolyData())
    mass = vtkMassProperties()
    mass.SetInputConnection(triangles.GetOutputPort())
    mass.Update()
    return mass.GetVolume()


@pytest.mark.parametrize("affine", [oblique_affine(), tilted_affine()], ids=["oblique", "tilted"])
@pytest.mark.parametrize(("value", "name"), [(1, "liver"), (3, "tumor")])
def test_a_model_has_the_place_and_about_the_volume_of_its_segment(scene, affine, value, name):
    node, ct = segmentation(scene, affine, block(value))
    assert list(SegmentModels(node).update()) == ["liver", "vessel", "tumor"]
    model = models_in(scene)[name]
    grid = view_of(ct)
    center = points_ras(model).min(axis=0) / 2 + points_ras(model).max(axis=0) / 2
    corners = grid.ras_from_ijk(np.argwhere(block(value) > 0).astype(float))
    expected = corners.min(axis=0) / 2 + corners.max(axis=0) / 2
    assert np.abs(center - expected).max() < 0.8
    whole = (block(value) > 0).sum() * abs(np.linalg.det(affine[:3, :3]))
    assert volume_mm3(model) == pytest.approx(whole, rel=0.12)


def test_only_what_has_changed_is_made_again(scene):
    node, _ct = segmentation(scene, oblique_affine(), label_array())
    models = SegmentModels(node)
    assert list(models.update()) == ["liver", "vessel", "tumor"]
    before = {name: model.GetPolyData() for name, model in models_in(scene).items()}
    assert list(models.update()) == []
    edited = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation("tumor", edited)
    vtk_to_numpy(edited.GetPointData().GetScalars())[:] = 0
    edited.SetScalarComponentFromDouble(*np.array(edited.GetExtent()).reshape(3, 2).mean(axis=1).astype(int), 0, 1)
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(edited, node, "tumor")
    assert list(models.update()) == ["tumor"]
    after = {name: model.GetPolyData() for name, model in models_in(scene).items()}
    assert after["liver"] is before["liver"]
    assert after["vessel"] is before["vessel"]
    assert after["tumor"] is not before["tumor"]


def test_an_emptied_segment_has_no_model_and_comes_back(scene):
    node, _ct = segmentation(scene, oblique_affine(), label_array())
    models = SegmentModels(node)
    list(models.update())
    full = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation("vessel", full)
    slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(node, "vessel")
    assert list(models.update()) == ["vessel"]
    assert set(models_in(scene)) == {"liver", "tumor"}
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(full, node, "vessel")
    assert list(models.update()) == ["vessel"]
    assert set(models_in(scene)) == {"liver", "vessel", "tumor"}


def test_models_are_shown_as_their_segments_are(scene):
    node, _ct = segmentation(scene, oblique_affine(), label_array())
    models = SegmentModels(node)
    list(models.update())
    node.GetDisplayNode().SetSegmentVisibility("vessel", False)
    node.GetDisplayNode().SetSegmentOpacity3D("liver", 0.6)
    models.show()
    shown = {name: model.GetDisplayNode() for name, model in models_in(scene).items()}
    assert {name: bool(display.GetVisibility()) for name, display in shown.items()} == {
        "liver": True,
        "vessel": False,
        "tumor": True,
    }
    assert shown["liver"].GetOpacity() == pytest.approx(0.6)
    assert shown["tumor"].GetOpacity() == 1.0
    for label in MAIN_LABELS:
        assert np.allclose(np.array(shown[label.name].GetColor()) * 255, label.color, atol=0.5)


def test_removing_leaves_no_model(scene):
    node, _ct = segmentation(scene, oblique_affine(), label_array())
    before = scene.GetNumberOfNodes()
    models = SegmentModels(node)
    list(models.update())
    models.remove()
    assert scene.GetNumberOfNodes() == before
    assert list(models.update()) == ["liver", "vessel", "tumor"]
