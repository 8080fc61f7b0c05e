"""How much of a place an image shows, on a grid that is neither upright nor cubic."""

from __future__ import annotations

import numpy as np
import pytest
from report_cases import GRIDS

from LiverTumorSegLib.followup.regions import share_in_view
from LiverTumorSegLib.volume import Volume


@pytest.mark.parametrize("grid", ["oblique", "sheared by the gantry"])
def test_a_margin_is_measured_across_the_faces_of_the_volume(grid):
    volume = Volume(np.zeros((30, 24, 18), np.uint8), GRIDS[grid])
    normals = np.linalg.inv(volume.affine[:3, :3])
    middle = (np.array(volume.shape) - 1) / 2
    for axis in range(3):
        normal = normals[axis] / np.linalg.norm(normals[axis])
        face = middle.copy()
        face[axis] = -0.5
        on_face = volume.ras_from_ijk(face[None])
        for depth_mm, shown in ((-0.1, 0.0), (0.1, 1.0)):
            assert share_in_view(volume, on_face + depth_mm * normal) == shown
            assert share_in_view(volume, on_face + (5 + depth_mm) * normal, 5.0) == shown
