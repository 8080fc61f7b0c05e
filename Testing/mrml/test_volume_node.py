from __future__ import annotations

import numpy as np
import pytest
from mrml_case import ct_array, oblique_affine, tilted_affine
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from LiverTumorSegLib.mrml.volume_node import add_volume_node, volume_of, volume_title
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.volume import Volume

GRIDS = pytest.mark.parametrize("affine", [oblique_affine(), tilted_affine()], ids=["oblique", "tilted"])


def held_by_slicer(node, position_ras):
    """The value that Slicer's own matrices find at a place in the patient."""
    local, matrix = [0.0, 0.0, 0.0], vtkMatrix4x4()
    node.TransformPointFromWorld(position_ras, local)
    node.GetRASToIJKMatrix(matrix)
    index_ijk = np.array(matrix.MultiplyPoint((*local, 1))[:3])
    assert index_ijk == pytest.approx(np.rint(index_ijk), abs=1e-6)
    return node.GetImageData().GetScalarComponentAsDouble(*np.rint(index_ijk).astype(int).tolist(), 0)


@GRIDS
def test_every_voxel_has_its_value_and_its_place(scene, affine):
    ct = Volume(ct_array(), affine)
    node = add_volume_node(scene, ct, "CT")
    for index_ijk in ((30, 3, 17), (0, 28, 5), (12, 12, 22)):
        assert held_by_slicer(node, ct.ras_from_ijk(np.array([index_ijk]))[0]) == ct.array[index_ijk]
    assert node.GetImageData().GetScalarTypeAsString() == "short"


def test_a_volume_comes_back_as_it_went_in(scene):
    ct = Volume(ct_array(), tilted_affine())
    back = volume_of(add_volume_node(scene, ct, "CT"))
    assert np.array_equal(back.array, ct.array)
    assert back.affine == pytest.approx(tilted_affine(), abs=1e-12)


def test_a_left_handed_volume_comes_back_with_its_last_axis_reversed_as_slicer_reads_it(scene):
    ct = Volume(ct_array(), oblique_affine())
    assert np.linalg.det(ct.affine) < 0
    back = volume_of(add_volume_node(scene, ct, "CT"))
    assert np.array_equal(back.array, ct.array[:, :, ::-1])
    assert np.linalg.det(back.affine) > 0


def test_a_tilted_grid_lies_upright_under_a_transform_and_an_oblique_one_under_none(scene):
    oblique = add_volume_node(scene, Volume(ct_array(), oblique_affine()), "oblique")
    tilted = add_volume_node(scene, Volume(ct_array(), tilted_affine()), "tilted")
    assert oblique.GetParentTransformNode() is None
    assert tilted.GetParentTransformNode().GetName() == "tilted acquisition axes"
    assert tilted.GetSpacing() == pytest.approx((1.1, 1.3, 2.2), abs=1e-12)


def test_fractions_of_a_hu_are_rounded_not_cut_off_and_wild_values_stay_in_range(scene):
    array = np.zeros((2, 2, 3), np.float32)
    array[0, 0, 0], array[1, 0, 0], array[0, 1, 2], array[1, 1, 2] = -0.7, 40.6, 1e9, -1e9
    stored = volume_of(add_volume_node(scene, Volume(array, np.eye(4)), "CT")).array
    assert (stored[0, 0, 0], stored[1, 0, 0], stored[0, 1, 2], stored[1, 1, 2]) == (-1, 41, 32767, -32768)


def test_a_ct_opens_in_a_liver_window(scene):
    display = add_volume_node(scene, Volume(ct_array(), oblique_affine()), "CT").GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel(), display.GetAutoWindowLevel()) == (350, 60, 0)


def test_a_second_volume_of_that_name_gets_a_name_of_its_own(scene):
    names = [add_volume_node(scene, Volume(ct_array(), oblique_affine()), "CT").GetName() for _ in range(2)]
    assert names == ["CT", "CT_1"]


@pytest.mark.parametrize(
    ("path", "description", "expected"),
    [("/a/b.c/belly.nii.gz", "", "belly"), ("/a/x.zip", "Portal 1.5 B30f", "Portal 1.5 B30f"), ("", " ", "CT")],
)
def test_a_volume_is_named_after_its_series_else_its_file(path, description, expected):
    assert volume_title(Source(path, "dicom", "", series_description=description)) == expected
