"""Portal and hepatic veins: trees that grow through the liver until every part of it is near a branch.

Space colonization (Runions, Lane and Prusinkiewicz 2007) for the paths, Murray's law for the radii.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from LiverTumorSegLib.arrays import Points

STEP_MM = 4.0
REACHED_MM = 7.0
MURRAY_EXPONENT = 2.7
LEAF_RADIUS_MM = 0.8
INERTIA = 0.7
"""How much a branch keeps the direction it had."""


Targets = Float[np.ndarray, "m 3"]


@dataclass(frozen=True)
class VesselTree:
    """Conical pieces: piece n goes from start_ras[n] to stop_ras[n] (n, 3) with its radii in mm."""

    start_ras: Points
    stop_ras: Points
    start_radius_mm: NDArray[np.float64]
    stop_radius_mm: NDArray[np.float64]


def grow_tree(
    trunks_ras: list[list[tuple[float, float, float]]], targets_ras: Targets, root_radius_mm: float
) -> VesselTree:
    """From trunks that share their first point (or stand alone) towards all targets (n, 3).

    No targets: the trunks alone. Radii follow from the number of leaves; none exceeds the root's.
    """
    nodes, parents = _plant(trunks_ras)
    targets = targets_ras
    for _ in range(80):
        near, node = cKDTree(nodes).query(targets) if len(targets) else (np.empty(0), np.empty(0, int))
        targets, node = targets[near > REACHED_MM], node[near > REACHED_MM]
        if not len(targets):
            break
        grown, grown_from = _grown(nodes, parents, targets, node)
        parents, nodes = np.concatenate([parents, grown_from]), np.concatenate([nodes, grown])
    nodes = _smoothed(nodes, parents)
    radii = _radii(parents, root_radius_mm)
    return tree_of(nodes, parents, radii)


def tree_of(nodes_ras: Points, parents: NDArray[np.int64], radii_mm: NDArray[np.float64]) -> VesselTree:
    """The pieces between nodes (n, 3) and their parents (-1: a root); thin branches leave a thick one thin."""
    child = np.flatnonzero(parents >= 0)
    parent = parents[child]
    start_radius = np.minimum(radii_mm[parent], radii_mm[child] * 1.4)
    return VesselTree(nodes_ras[parent], nodes_ras[child], start_radius, radii_mm[child])


def _plant(trunks_ras: list[list[tuple[float, float, float]]]) -> tuple[Points, NDArray[np.int64]]:
    """Nodes every STEP_MM along the trunks; a trunk that starts where an earlier node is branches off there."""
    nodes: list[NDArray[np.float64]] = []
    parents: list[int] = []
    for trunk in trunks_ras:
        last = _index_of(nodes, np.array(trunk[0]))
        if last < 0:
            nodes.append(np.array(trunk[0], dtype=np.float64))
            parents.append(-1)
            last = len(nodes) - 1
        for start, stop in pairwise(trunk):
            a, b = np.array(start, dtype=np.float64), np.array(stop, dtype=np.float64)
            count = max(1, round(float(np.linalg.norm(b - a)) / STEP_MM))
            for n in range(1, count + 1):
                nodes.append(a + (b - a) * (n / count))
                parents.append(last)
                last = len(nodes) - 1
    return np.array(nodes), np.array(parents, dtype=np.int64)


def _index_of(nodes: list[NDArray[np.float64]], point: NDArray[np.float64]) -> int:
    same = [n for n, node in enumerate(nodes) if np.allclose(node, point)]
    return same[0] if same else -1


def _grown(
    nodes: Points, parents: NDArray[np.int64], targets: Targets, node: NDArray[np.int64]
) -> tuple[Float[np.ndarray, "new 3"], NDArray[np.int64]]:
    """One new node for each that is the nearest to some target, towards their mean direction.

    Where the targets' pulls cancel and it would fall on an older node, it goes to the first target instead.
    """
    pull = targets - nodes[node]
    pull /= np.linalg.norm(pull, axis=1, keepdims=True)
    growing, first, slot = np.unique(node, return_index=True, return_inverse=True)
    direction = np.zeros((len(growing), 3))
    np.add.at(direction, slot, pull)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    before = nodes[growing] - nodes[np.maximum(parents[growing], 0)]
    before /= np.maximum(np.linalg.norm(before, axis=1, keepdims=True), 1e-6)
    is_tip = ~np.isin(growing, parents)
    direction += INERTIA * before * is_tip[:, None]
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    grown = nodes[growing] + STEP_MM * direction
    stuck = cKDTree(nodes).query(grown)[0] < 0.4 * STEP_MM
    grown[stuck] = (nodes[node] + STEP_MM * pull)[first][stuck]
    return grown, growing


def _smoothed(nodes: Points, parents: NDArray[np.int64]) -> Points:
    """Every node that has a parent and children moves half-way to their mean; twice."""
    child = np.flatnonzero(parents >= 0)
    for _ in range(2):
        total, count = np.zeros_like(nodes), np.zeros(len(nodes))
        np.add.at(total, parents[child], nodes[child])
        np.add.at(count, parents[child], 1)
        inner = (count > 0) & (parents >= 0)
        mean = (total[inner] / count[inner, None] + nodes[parents[inner]]) / 2
        nodes = nodes.copy()
        nodes[inner] = (nodes[inner] + mean) / 2
    return nodes


def _radii(parents: NDArray[np.int64], root_radius_mm: float) -> NDArray[np.float64]:
    """Murray: the powers of the children's radii add up to the parent's. A parent always comes before its children."""
    leaves = np.zeros(len(parents))
    is_leaf = ~np.isin(np.arange(len(parents)), parents)
    leaves[is_leaf] = 1
    for n in range(len(parents) - 1, -1, -1):
        if parents[n] >= 0:
            leaves[parents[n]] += leaves[n]
    return np.minimum(LEAF_RADIUS_MM * leaves ** (1 / MURRAY_EXPONENT), root_radius_mm)
