"""The CT as a volume node, and back."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import numpy as np
import slicer
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from LiverTumorSegLib.arrays import HuArray, ImageArray
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
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.volume import Volume

LIVER_WINDOW_HU = 350.0
LIVER_LEVEL_HU = 60.0
"""Wide enough for portal-venous phases without hiding hypodense lesions."""


def add_volume_node(scene: slicer.vtkMRMLScene, ct: Volume, name: str) -> Any:
    """A volume node with the CT in whole HU (int16), placed in the patient, shown in a liver window.

    Fractions of a HU are rounded and values beyond int16 cut off. A grid whose axes are not at right angles comes as an
    upright grid under a linear transform (see ``grid``), a left-handed one with its last axis reversed; no voxel is
    resampled, each keeps its place.
    """
    ct = right_handed(ct)
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(name))
    transform = add_shear_transform(scene, ct, f"{node.GetName()} acquisition axes")
    if transform is not None:
        node.SetAndObserveTransformNodeID(transform.GetID())
    node.SetIJKToRASMatrix(matrix_of(upright_affine(ct)))
    node.SetAndObserveImageData(image_of(_whole_hu(ct.array)))
    _show_liver_window(node)
    return node


def view_of(node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """A volume node's own voxels (valid as long as the node keeps them) with their place in the patient.

    Linear transforms above the node are included, and so is an extent that does not begin at 0. Raises InputError under
    a warping transform, and for a node without voxels or with several values per voxel.
    """
    image = node.GetImageData()
    components = 0 if image is None or not image.GetPointData().GetScalars() else image.GetNumberOfScalarComponents()
    if components != 1:
        raise InputError(
            found=f"{node.GetName()} with {components or 'no'} values per voxel",
            expected="a CT: one value (HU) per voxel",
            remedy="Choose the CT volume, or load it again",
        )
    matrix = vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    affine = to_world_of(node) @ affine_of(matrix)
    affine[:3, 3] += affine[:3, :3] @ image.GetExtent()[::2]
    return Volume(array_of(image), affine)


def volume_of(node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """A copy of a volume node's voxels with their place in the patient. Raises InputError as ``view_of`` does."""
    view = view_of(node)
    return Volume(view.array.copy(order="F"), view.affine)


def volume_title(source: Source) -> str:
    """What a reader sees as the CT's name: the series description, else the file's name, else "CT"."""
    stem = PurePath(source.path).name.split(".")[0]
    return source.series_description.strip() or stem or "CT"


def _whole_hu(array: HuArray) -> ImageArray:
    if array.dtype == np.int16:
        return array
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(array), limits.min, limits.max).astype(np.int16)


def _show_liver_window(node: Any) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.AutoWindowLevelOff()
    display.SetWindowLevel(LIVER_WINDOW_HU, LIVER_LEVEL_HU)
