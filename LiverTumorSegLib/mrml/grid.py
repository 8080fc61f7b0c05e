"""Between affines and what Slicer's nodes hold: matrices, images, and grids whose axes are not at right angles.

Slicer keeps the shear of a tilted or free-form acquisition in a volume node, but most of what it does with the volume
(segment statistics, volume rendering, resampling filters) takes the axes to be at right angles and is silently wrong.
So a node holds an upright grid of the same voxel volume, and a linear transform above it holds the rest: nothing is
resampled, every voxel's centre stays where it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from LiverTumorSegLib.arrays import Affine, ImageArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.volume import Volume


def matrix_of(affine: Affine) -> vtkMatrix4x4:
    """4x4 array -> VTK's matrix."""
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(affine, dtype=np.float64).ravel().tolist())
    return matrix


def affine_of(matrix: vtkMatrix4x4) -> Affine:
    """VTK's matrix -> 4x4 array."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def image_of(array: ImageArray, start_ijk: tuple[int, int, int] = (0, 0, 0)) -> vtkImageData:
    """A copy of an (i, j, k) array as VTK's image whose extent begins at ``start_ijk``; unit spacing, no origin."""
    image = vtkImageData()
    image.SetExtent(*[bound for low, n in zip(start_ijk, array.shape, strict=True) for bound in (low, low + n - 1)])
    image.GetPointData().SetScalars(numpy_to_vtk(array.ravel(order="F"), deep=True))
    return image


def array_of(image: vtkImageData) -> ImageArray:
    """The voxels of VTK's image as (i, j, k): a view that lives as long as the image does."""
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions(), order="F")


def right_handed(volume: Volume) -> Volume:
    """The same voxels in the same places (a view), with the last axis reversed if the three axes were left-handed.

    Slicer's reader does that to every left-handed file; doing it before keeps CT and segmentation on one grid.
    """
    if np.linalg.det(volume.affine[:3, :3]) > 0:
        return volume
    reversed_last = np.diag([1.0, 1.0, -1.0, 1.0])
    reversed_last[2, 3] = volume.shape[2] - 1
    return Volume(volume.array[:, :, ::-1], volume.affine @ reversed_last)


def upright_affine(volume: Volume) -> Affine:
    """The grid with axes at right angles that comes closest: same first voxel, same voxel volume, same slice planes.

    The affine itself where its axes are at right angles to the precision of a header (no corner moves by more than
    GRID_TOLERANCE_MM). By QR decomposition with the slice axis last: only the stacking direction turns on a tilted
    gantry, and the new distance of the slices is the one along their normal.
    """
    normal = slice_axis(volume.affine)
    order = [axis for axis in range(3) if axis != normal] + [normal]
    directions, triangle = np.linalg.qr(volume.affine[:3, :3][:, order])
    upright = volume.affine.copy()
    upright[:3, order] = directions * np.diag(triangle)
    return volume.affine if volume.same_grid(Volume(volume.array, upright)) else upright


def add_shear_transform(scene: slicer.vtkMRMLScene, volume: Volume, name: str) -> Any | None:
    """The transform node from the upright grid to the patient; None where the grid needs none."""
    upright = upright_affine(volume)
    if np.array_equal(upright, volume.affine):
        return None
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
    node.SetMatrixTransformToParent(matrix_of(volume.affine @ np.linalg.inv(upright)))
    node.SetDescription("Maps the upright grid of the CT and its segmentation to the tilted axes of the acquisition")
    return node


def to_world_of(node: slicer.vtkMRMLTransformableNode) -> Affine:
    """The map of a node's own frame to the patient (RAS). Raises InputError if it is not linear."""
    transform = node.GetParentTransformNode()
    if transform is None:
        return np.eye(4)
    if not transform.IsTransformToWorldLinear():
        raise InputError(
            found=f"{node.GetName()} under the warping transform {transform.GetName()}",
            expected="no transform, or a linear one",
            remedy="Harden or remove the transform",
        )
    matrix = vtkMatrix4x4()
    transform.GetMatrixTransformToWorld(matrix)
    return affine_of(matrix)
