"""Portal vein or hepatic vein: each voxel of a liver's vessels, decided along the trees that they form.

A network's opinion of a single voxel is uncertain; along a branch it is not. So opinions are spread over the graph of
the vessels' voxels: neighbours agree the more the thicker the vessel is where they meet, so that a trunk is one thing,
while two trees that merely touch keep their own (a random walker: Grady, IEEE PAMI 28, 2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Float
from scipy import sparse
from scipy.ndimage import map_coordinates
from scipy.sparse.linalg import cg

from LiverTumorSegLib.anatomy.graph import Places, neighbours
from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.volume import Volume

Values = Float[np.ndarray, " n"]
_CLOSE = 1e-3
_MOST_ROUNDS = 400


@dataclass(frozen=True)
class VeinSettings:
    """reach_mm: along a vessel 1 mm thick, over about this length opinions are averaged. portal_weight: of the portal
    opinion, which the network gives too low; chosen on six patients (docs/models/anatomy.md).
    """

    reach_mm: float = 10.0
    portal_weight: float = 1.4


def portal_voxels(
    vessel: Volume,
    portal: Volume,
    hepatic: Volume,
    settings: VeinSettings = VeinSettings(),
) -> Mask:
    """Of the vessels (a mask: anything but 0), those that are portal vein; the others are hepatic veins.

    portal, hepatic: probabilities on one grid, which need not be the vessels'. No vessel: an empty mask.
    """
    found = np.zeros(vessel.shape, bool)
    box = bounding_box(vessel.array)
    if box is None:
        return found
    mask = vessel.crop(box)
    inside = mask.array != 0
    ijk = np.argwhere(inside).astype(np.int64)
    points_ras = mask.ras_from_ijk(ijk)
    opinion = settings.portal_weight * _at(portal, points_ras) - _at(hepatic, points_ras)
    spread = _spread(opinion, ijk, inside, mask.spacing_mm, settings)
    part = np.zeros(inside.shape, bool)
    part[tuple(ijk.T)] = spread >= 0
    found[box] = part
    return found


def _at(opinion: Volume, points_ras: np.ndarray) -> Values:
    return np.asarray(
        map_coordinates(opinion.array, opinion.ijk_from_ras(points_ras).T, output=np.float64, order=1, mode="nearest")
    )


def _spread(
    opinion: Values, ijk: Places, inside: Mask, spacing_mm: tuple[float, float, float], settings: VeinSettings
) -> Values:
    """The solution x of (L + D) x = D o: L the graph's Laplacian, D how much each voxel's own opinion counts."""
    laplacian = _laplacian(ijk, inside, spacing_mm)
    own = np.abs(opinion) + _CLOSE
    weight = sparse.diags(own / settings.reach_mm**2)
    solution, _ = cg(laplacian + weight, weight @ opinion, x0=opinion, rtol=_CLOSE, maxiter=_MOST_ROUNDS)
    return np.asarray(solution)


def _laplacian(ijk: Places, inside: Mask, spacing_mm: tuple[float, float, float]) -> sparse.csr_matrix:
    """Edges weigh (thickness / length)^2, both in mm: thickness is the lesser depth below the vessel's surface."""
    depth_mm = edt.edt(np.pad(inside, 1), anisotropy=spacing_mm)[tuple((ijk + 1).T)]
    rows, columns, steps = neighbours(ijk, inside)
    length_mm = np.linalg.norm(steps * np.array(spacing_mm), axis=1)
    weights = (np.minimum(depth_mm[rows], depth_mm[columns]) / length_mm) ** 2
    one_way = sparse.coo_matrix((weights, (rows, columns)), shape=(len(ijk), len(ijk)))
    graph = one_way + one_way.T
    return sparse.diags(np.asarray(graph.sum(1)).ravel()) - graph
