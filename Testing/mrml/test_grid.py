from __future__ import annotations

import numpy as np
import pytest
from mrml_case import SHAPE, oblique_affine, tilted_affine
from vtkmodules.vtkCommonTransforms import vtkThinPlateSplineTransform

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.grid import (
    add_shear_transform,
    affine_of,
    array_of,
    image_of,
    matrix_of,
    right_handed,
    to_world_of,
    upright_affine,
)
from LiverTumorSegLib.volume import Volume


def grid(affine: np.ndarray) -> Volume:
    return Volume(np.zeros(SHAPE, np.uint8), affine)


def test_an_affine_survives_the_way_through_vtk():
    assert np.array_equal(affine_of(matrix_of(oblique_affine())), oblique_affine())


def test_an_image_holds_the_array_from_its_first_index_on():
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = image_of(array, (10, 20, 30))
    assert image.GetExtent() == (10, 11, 20, 22, 30, 33)
    assert image.GetScalarComponentAsDouble(11, 22, 31, 0) == array[1, 2, 1]
    assert np.array_equal(array_of(image), array)


def test_a_left_handed_grid_is_reversed_along_its_last_axis_and_nothing_moves():
    volume = Volume(np.arange(np.prod(SHAPE)).reshape(SHAPE), oblique_affine())
    held = right_handed(volume)
    assert np.linalg.det(held.affine) == pytest.approx(-np.linalg.det(volume.affine))
    assert held.array[3, 5, 0] == volume.array[3, 5, 22]
    assert held.ras_from_ijk(np.array([[3, 5, 0]])) == pytest.approx(volume.ras_from_ijk(np.array([[3, 5, 22]])))


def test_a_right_handed_grid_stays_as_it_is():
    volume = grid(tilted_affine())
    assert right_handed(volume) is volume


def test_a_grid_with_right_angles_stays_as_it_is():
    assert np.array_equal(upright_affine(grid(oblique_affine())), oblique_affine())


def test_a_header_rounded_to_six_digits_is_no_shear():
    rounded = oblique_affine().round(5)
    assert np.array_equal(upright_affine(grid(rounded)), rounded)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_a_gantry_tilt_keeps_its_slice_planes_whatever_the_storage_order(order):
    tilted = tilted_affine()
    tilted[:3, :3] = tilted[:3, :3][:, order]
    upright = upright_affine(grid(tilted))[:3, :3]
    stacking = order.index(2)
    in_plane = [axis for axis in range(3) if axis != stacking]
    assert upright[:, in_plane] == pytest.approx(tilted[:3, :3][:, in_plane], abs=1e-12)
    assert upright[:, stacking] == pytest.approx([0.0, 0.0, 2.2], abs=1e-12)


def test_an_upright_grid_has_right_angles_and_the_same_voxel_volume_and_handedness():
    sheared = oblique_affine()
    sheared[:3, :3] = sheared[:3, :3] @ [[1, 0.2, -0.1], [0, 1, 0.3], [0.1, 0, 1]]
    upright = upright_affine(grid(sheared))
    gram = upright[:3, :3].T @ upright[:3, :3]
    assert gram == pytest.approx(np.diag(np.diag(gram)), abs=1e-12)
    assert np.linalg.det(upright) == pytest.approx(np.linalg.det(sheared))


def test_the_transform_maps_every_upright_voxel_to_its_place(scene):
    volume = grid(tilted_affine())
    node = add_shear_transform(scene, volume, "axes")
    child = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "child")
    child.SetAndObserveTransformNodeID(node.GetID())
    assert to_world_of(child) @ upright_affine(volume) == pytest.approx(tilted_affine(), abs=1e-12)


def test_a_warping_transform_is_refused_by_name(scene):
    child = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "child")
    warp = scene.AddNewNodeByClass("vtkMRMLTransformNode", "warp")
    warp.SetAndObserveTransformToParent(vtkThinPlateSplineTransform())
    child.SetAndObserveTransformNodeID(warp.GetID())
    with pytest.raises(InputError, match="child under the warping transform warp"):
        to_world_of(child)
