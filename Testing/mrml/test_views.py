"""Views turn to a new result, and to the slice that a lesion was measured in."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from mrml_case import case_on, oblique_affine

from LiverTumorSegLib.mrml.case_nodes import add_case
from LiverTumorSegLib.mrml.views import add_default_views, focus_of, show_position, show_result

AXIAL = np.diag([-0.9, -0.8, 2.5, 1.0])


@pytest.fixture
def layout(scene):
    """The application tells the node what its layouts look like; here they only have to be known."""
    node = slicer.vtkMRMLLayoutNode()
    for name in ("OneUpRedSlice", "SideBySide", "Conventional", "OneUp3D", "FourUp"):
        node.AddLayoutDescription(arrangement(name), "<layout/>")
    scene.AddNode(node)
    return node


def arrangement(name):
    return getattr(slicer.vtkMRMLLayoutNode, f"SlicerLayout{name}View")


def shown(scene, affine):
    case = case_on(affine)
    nodes = add_case(scene, case)
    focus = focus_of(case.segmentation, case.measurements.lesions)
    add_default_views(scene, nodes.volume, focus)
    show_result(scene, nodes.volume, focus)
    return nodes, focus


def normal_of(view):
    return np.array([view.GetSliceToRAS().GetElement(row, 2) for row in range(3)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("OneUpRedSlice", "FourUp"),
        ("SideBySide", "FourUp"),
        ("Conventional", "Conventional"),
        ("OneUp3D", "OneUp3D"),
    ],
)
def test_a_layout_of_slices_alone_gets_a_3d_view_and_others_stay(scene, layout, before, after):
    layout.SetViewArrangement(arrangement(before))
    shown(scene, AXIAL)
    assert layout.GetViewArrangement() == arrangement(after)


def test_the_ct_lies_behind_and_the_slices_go_through_the_largest_lesion(scene):
    nodes, focus = shown(scene, AXIAL)
    for index in range(3):
        composite = scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode")
        assert composite.GetBackgroundVolumeID() == nodes.volume.GetID()
    red = scene.GetNodeByID("vtkMRMLSliceNodeRed")
    assert red.GetSliceToRAS().GetElement(2, 3) == pytest.approx(focus.point_ras[2])
    assert normal_of(red) == pytest.approx([0, 0, 1], abs=1e-9)


def test_views_turn_into_an_oblique_acquisition_and_back_for_an_axial_one(scene):
    oblique, focus = shown(scene, oblique_affine())
    red = scene.GetNodeByID("vtkMRMLSliceNodeRed")
    slices_normal = np.cross(oblique_affine()[:3, 0], oblique_affine()[:3, 1])
    slices_normal /= np.linalg.norm(slices_normal)
    assert abs(normal_of(red) @ slices_normal) == pytest.approx(1, abs=1e-6)
    axial = add_case(scene, case_on(AXIAL))
    show_position(scene, focus.point_ras, axial.volume)
    assert abs(normal_of(red)) == pytest.approx([0, 0, 1], abs=1e-6)
    show_position(scene, focus.point_ras, oblique.volume)
    show_position(scene, np.array([1.0, 2.0, 3.0]))
    assert abs(normal_of(red) @ slices_normal) == pytest.approx(1, abs=1e-6)
