"""The centreline of a vessel: paths between its ends, kept to the middle and smoothed.

After TEASAR (Sato et al., Pacific Graphics 2000): one end is the root; the way to it from the farthest end along voxels
that lie deep inside is the first path, the next one comes from the farthest end that no path has passed yet, and so on.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from LiverTumorSegLib.planning.paths import Path, beside, path_through, window_means, window_of
from LiverTumorSegLib.planning.voxel_graph import VoxelGraph
from LiverTumorSegLib.volume import Volume

PASSED_RADII, PASSED_MM = 1.5, 2.0
"""Voxels so near to a path, in radii and mm, are its own and start no branch."""
CENTRINGS = 3
CORNER_RADII = 1.5
"""From the middle of a tube, a radius before its end, to the corner of the end: the square root of 2, and voxels."""
SHORTEST_MM = 3.0
"""Of a path. Of a branch, the radius of the vessel that it leaves as well: less is a bump of the wall."""


def centreline(vessel: Volume) -> tuple[Path, ...]:
    """Branches of a mask's tree, each piece of it on its own, longest branch of a piece first; () of an empty one."""
    graph = VoxelGraph.of(vessel)
    paths: list[Path] = []
    if len(graph) == 0:
        return ()
    step_mm = max(vessel.spacing_mm)
    # The wall is dear and the middle cheap, whatever the calibre: a path through a thin branch stays in its middle too.
    inward = np.minimum(graph.radius_mm[graph.pairs[:, 0]], graph.radius_mm[graph.pairs[:, 1]])
    costs = graph.matrix(graph.lengths_mm / inward**3)
    _, piece = connected_components(costs, directed=False)
    order = np.argsort(piece, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(piece[order])) + 1):
        paths += _paths_of_piece(graph, costs, members)
    for _ in range(CENTRINGS):
        paths = _centred(paths, graph, step_mm)
    return tuple(paths)


def _centred(paths: list[Path], graph: VoxelGraph, step_mm: float) -> list[Path]:
    """Moved, across their course, to the middle of the voxels around them: on coarse slices the deepest voxel is not in
    the middle.
    """
    near = beside(paths, graph.ras)
    done = []
    for number, path in enumerate(paths):
        own = near.branch == number
        along_mm, place_mm = near.along_mm[own], path.places_mm
        off = [window_means(along_mm, near.outward_mm[own, a], place_mm, window_of(step_mm)) for a in range(3)]
        radius_mm = float(np.median(graph.radius_mm[own])) * 2 if own.any() else 0.0
        moved = path.points_ras + np.column_stack(off) * _freedom(path, window_of(step_mm))
        done.append(path_through(moved, max(step_mm, radius_mm), is_branch=path.is_branch) or path)
    return done


def _freedom(path: Path, window_mm: float) -> np.ndarray:
    """How far a path's points (n, 1) may follow the voxels: where a branch begins, half of these are the other's."""
    to_end_mm = path.length_mm - path.places_mm if path.is_branch else np.full(len(path.points_ras), window_mm)
    return np.asarray(np.clip(to_end_mm / window_mm, 0, 1)[:, np.newaxis])


def _paths_of_piece(graph: VoxelGraph, costs: object, members: np.ndarray) -> list[Path]:
    root = _an_end(graph, costs, members)
    far, parent = dijkstra(costs, directed=False, indices=root, return_predecessors=True)
    length_mm = _length_to_root(graph, far, parent, members)
    tree = cKDTree(graph.ras[members])
    left = np.ones(len(members), bool)
    on_tree = {root}
    paths: list[Path] = []
    while left.any():
        tip = int(members[np.argmax(np.where(left, length_mm, -1.0))])
        way = _way_back(tip, parent, on_tree)
        for at in way:
            reach = PASSED_RADII * graph.radius_mm[at] + PASSED_MM
            left[tree.query_ball_point(graph.ras[at], reach)] = False
        on_tree.update(way)
        path = _path(graph, way, is_branch=bool(paths))
        if path is not None or not paths:
            paths.append(path or _stub(graph.ras[members]))
    return paths


def _an_end(graph: VoxelGraph, costs: object, members: np.ndarray) -> int:
    """The voxel farthest from the thickest one: were the root there, the course would be cut in two at it."""
    thickest = int(members[np.argmax(graph.radius_mm[members])])
    far, parent = dijkstra(costs, directed=False, indices=thickest, return_predecessors=True)
    return int(members[np.argmax(_length_to_root(graph, far, parent, members))])


def _length_to_root(graph: VoxelGraph, far: np.ndarray, parent: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Along the way back, in mm: summed from the root outwards, in the order in which the ways were found."""
    length_mm = np.zeros(len(graph))
    order = members[np.argsort(far[members], kind="stable")]
    step_mm = np.linalg.norm(graph.ras - graph.ras[np.maximum(parent, 0)], axis=1)
    for at in order[1:]:
        length_mm[at] = length_mm[parent[at]] + step_mm[at]
    return length_mm[members]


def _way_back(tip: int, parent: np.ndarray, on_tree: set[int]) -> list[int]:
    way = [tip]
    while way[-1] not in on_tree:
        way.append(int(parent[way[-1]]))
    return way


def _path(graph: VoxelGraph, way: list[int], *, is_branch: bool) -> Path | None:
    """Smoothed; without the way from the wall to the middle at its tip and, of a branch, without what lies inside the
    vessel that it joins. None where nothing is left.
    """
    radius = graph.radius_mm[way]
    points = graph.ras[way]
    start = _climb(points, radius)
    if not is_branch:
        stop = len(way) - _climb(points[::-1], radius[::-1])
        path = path_through(points[start:stop], float(radius.max()), is_branch=False)
        return path if path is not None and path.length_mm >= SHORTEST_MM else None
    stop = int(np.count_nonzero(np.linalg.norm(points - points[-1], axis=1) > radius[-1]))
    own = points[start:stop]
    if len(own) == 0 or np.linalg.norm(own[0] - own[-1]) < max(SHORTEST_MM, float(radius[-1])):
        return None
    return path_through(own, float(radius.max()), is_branch=True)


def _climb(points: np.ndarray, radius: np.ndarray) -> int:
    """Steps from a path's first voxel, in a corner of the vessel's end, to the middle."""
    away = np.linalg.norm(points - points[0], axis=1)
    return int(np.argmax(np.append(away > CORNER_RADII * radius, True)))


def _stub(points_ras: np.ndarray) -> Path:
    """Of a piece too short for a path: its middle, and the direction in which it is longest."""
    middle = points_ras.mean(axis=0)
    _, axes = np.linalg.eigh((points_ras - middle).T @ (points_ras - middle))
    return Path(middle[np.newaxis], axes[:, -1:].T, is_branch=False)
