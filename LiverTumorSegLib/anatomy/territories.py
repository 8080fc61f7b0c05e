"""The anatomical way to Couinaud segments: each place belongs to the portal branch that reaches it most easily.

Distances are taken through the liver, so that no territory leaks over a fissure, and across a hepatic vein they count
several times: these run between the segments. Branches get their names from the network's opinions, averaged along the
portal tree. docs/decisions/0019-anatomy.md compares it with the network alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64
from scipy import sparse
from scipy.sparse.csgraph import connected_components, dijkstra

from LiverTumorSegLib.anatomy.graph import neighbours
from LiverTumorSegLib.arrays import ProbabilityArray
from LiverTumorSegLib.volume import Volume

Opinions = Float[np.ndarray, "segments n"]


@dataclass(frozen=True)
class TerritorySettings:
    """least_share: of a voxel, from which on it is portal vein. least_lead: by which its best segment must lead: the
    trunk, which feeds all, is no source. across_vein: how many times a step through a hepatic vein counts.
    """

    least_share: float = 0.25
    least_lead: float = 0.2
    across_vein: float = 4.0


def territories(
    opinions: list[Volume], portal: Volume, hepatic: Volume, settings: TerritorySettings | None = None
) -> list[Volume]:
    """1 where a segment's branches reach most easily, else 0: in the form and on the grid of ``opinions``.

    opinions: of the eight segments, 0 outside the organ. portal, hepatic: share of each voxel that is such a vein, on
    their grid. Where no branch can be named, or none reaches, the network's opinion stays.
    """
    settings = settings or TerritorySettings()
    values = np.stack([one.array for one in opinions])
    inside = values.max(0) > 0
    ijk = np.argwhere(inside).astype(np.int64)
    at: ProbabilityArray = values[:, inside]
    sources, names = _named_branches(at, ijk, portal.array[inside], inside, settings)
    labels = at.argmax(0)
    if len(sources):
        reached, nearest = _nearest(ijk, inside, opinions[0], hepatic.array[inside], sources, settings)
        labels[reached] = names[np.searchsorted(sources, nearest[reached])]
    result = []
    for value, one in enumerate(opinions):
        mask = np.zeros(one.shape, np.float32)
        mask[inside] = labels == value
        result.append(one.with_array(mask))
    return result


def _named_branches(
    at: Float[np.ndarray, "segments n"],
    ijk: Int64[np.ndarray, "n 3"],
    share: Float[np.ndarray, " n"],
    inside: Bool[np.ndarray, "i j k"],
    settings: TerritorySettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Portal voxels (numbers among those of the organ) that feed one segment, and which."""
    vein = share >= settings.least_share
    rows, columns, _ = neighbours(ijk, inside)
    both = vein[rows] & vein[columns]
    graph = sparse.coo_matrix((np.ones(both.sum()), (rows[both], columns[both])), shape=(len(ijk),) * 2).tocsr()
    graph = graph + graph.T + sparse.identity(len(ijk))
    mean = sparse.diags(1 / np.asarray(graph.sum(1)).ravel()) @ graph
    smooth = at.T.astype(np.float64)
    for _ in range(2):
        smooth = mean @ smooth
    best = np.sort(smooth, axis=1)
    sources = np.flatnonzero(vein & (best[:, -1] - best[:, -2] >= settings.least_lead))
    return sources, smooth[sources].argmax(1)


def _nearest(
    ijk: Int64[np.ndarray, "n 3"],
    inside: Bool[np.ndarray, "i j k"],
    grid: Volume,
    hepatic: Float[np.ndarray, " n"],
    sources: np.ndarray,
    settings: TerritorySettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Which voxels are reached, and by each the source that is nearest through the organ."""
    rows, columns, steps = neighbours(ijk, inside)
    length_mm = np.linalg.norm(steps * np.array(grid.spacing_mm), axis=1)
    crossing = 1 + (settings.across_vein - 1) * np.maximum(hepatic[rows], hepatic[columns])
    graph = sparse.coo_matrix((length_mm * crossing, (rows, columns)), shape=(len(ijk),) * 2).tocsr()
    _, parts = connected_components(graph, directed=False)
    reached = np.isin(parts, parts[sources])
    _, _, nearest = dijkstra(graph, directed=False, indices=sources, min_only=True, return_predecessors=True)
    return reached, nearest
