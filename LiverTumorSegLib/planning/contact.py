"""How a lesion lies against a vessel: along how much of its course, and around how much of its circumference.

Both are taken from the faces that voxels of the two share; where they touch by edges and corners alone, both are 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from LiverTumorSegLib.planning.centreline import centreline
from LiverTumorSegLib.planning.paths import STEP_MM, beside, window_of, window_sums
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class Contact:
    """length_mm: the longest stretch of one branch beside which the two touch without a break. total_mm: all stretches
    of all branches together, which ragged masks make long. angle_deg: the largest share of the circumference that
    touches, 360 where the vessel is encased.
    """

    length_mm: float
    total_mm: float
    angle_deg: float


@dataclass(frozen=True, eq=False)
class VesselWall:
    """The faces of a vessel's voxels, and where each of them lies along the centreline.

    beyond_ijk: (n, 3) the voxel on the other side. branch: which path it belongs to. along_mm: where on that path.
    half_mm: half of what it covers of the path. turn: what it covers of the circumference, radian times mm of path.
    bridge_mm: a break no longer than this, one voxel, is noise of the masks and parts no stretch.
    """

    beyond_ijk: Int[np.ndarray, "n 3"]
    branch: Int[np.ndarray, " n"]
    along_mm: Float[np.ndarray, " n"]
    half_mm: Float[np.ndarray, " n"]
    turn: Float[np.ndarray, " n"]
    window_mm: float
    bridge_mm: float

    @classmethod
    def of(cls, vessel: Volume) -> VesselWall:
        """Of a mask that holds something: its faces and its centreline are found here, once for all lesions."""
        paths = centreline(vessel)
        inner, beyond, axis = _faces(vessel.array != 0)
        steps = vessel.affine[:3, :3].T
        center_ras = (vessel.ras_from_ijk(inner) + vessel.ras_from_ijk(beyond)) / 2
        near = beside(paths, center_ras)
        sides = np.abs(near.tangent @ steps.T)
        sides[np.arange(len(axis)), axis] = 0
        half_mm = sides.max(axis=1) / 2
        turn = _turn(steps, axis, (beyond - inner)[np.arange(len(axis)), axis], near.outward_mm)
        step_mm = max(vessel.spacing_mm)
        return cls(beyond, near.branch, near.along_mm, half_mm, turn, window_of(step_mm), step_mm)

    def contact_with(self, lesions: Volume, lesion_id: int) -> Contact:
        """With one lesion of a map on the vessel's grid; 0 mm and 0 degrees where no face is shared."""
        shape = np.array(lesions.shape)
        within = ((self.beyond_ijk >= 0) & (self.beyond_ijk < shape)).all(axis=1)
        at = np.clip(self.beyond_ijk, 0, shape - 1)
        touches = within & (lesions.array[tuple(at.T)] == lesion_id)
        branches = np.unique(self.branch[touches])
        stretches = [mm for one in branches for mm in self._stretches_mm(touches & (self.branch == one))]
        shares = [self._share(self.branch == one, touches) for one in branches]
        return Contact(max(stretches, default=0.0), sum(stretches, 0.0), 360.0 * max(shares, default=0.0))

    def _stretches_mm(self, faces: np.ndarray) -> list[float]:
        """Lengths of the stretches that some faces of one branch cover together."""
        order = np.argsort(self.along_mm[faces] - self.half_mm[faces])
        low, high = ((self.along_mm + sign * self.half_mm)[faces][order] for sign in (-1, 1))
        so_far = np.maximum.accumulate(high)
        breaks = np.flatnonzero(low[1:] - so_far[:-1] > self.bridge_mm)
        starts, stops = np.append(0, breaks + 1), np.append(breaks, len(low) - 1)
        return [float(so_far[stop] - low[start]) for start, stop in zip(starts, stops, strict=True)]

    def _share(self, of_branch: np.ndarray, touches: np.ndarray) -> float:
        """Largest over windows along one branch; a window that sees less than half a circumference counts as half."""
        both = of_branch & touches
        centers = np.arange(self.along_mm[both].min(), self.along_mm[both].max() + STEP_MM, STEP_MM)
        whole, part = (
            window_sums(self.along_mm[some], self.turn[some], centers, self.window_mm) for some in (of_branch, both)
        )
        return float(np.clip(part / np.maximum(whole, np.pi * self.window_mm), 0, 1).max())


def _faces(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voxels (n, 3) with a face to the outside, the voxel on its other side, which may lie outside the array, and the
    face's axis (n,).
    """
    padded = np.pad(mask, 1)
    inner = np.argwhere(mask)
    found = []
    for axis in range(3):
        for sign in (-1, 1):
            step = np.zeros(3, int)
            step[axis] = sign
            here = inner[~padded[tuple((inner + 1 + step).T)]]
            found.append((here, here + step, np.full(len(here), axis)))
    voxels, beyond, axes = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return voxels, beyond, axes


def _turn(steps: np.ndarray, axis: np.ndarray, sign: np.ndarray, outward: np.ndarray) -> np.ndarray:
    """Area of each face as seen from the centreline, over its distance.

    Around a closed wall this adds up to 2 pi per mm of course whatever stairs the voxels make; a count does not.
    """
    volume = np.linalg.det(steps)
    areas = np.array([np.cross(steps[(a + 1) % 3], steps[(a + 2) % 3]) for a in range(3)]) * np.sign(volume)
    radius = np.maximum(np.linalg.norm(outward, axis=1), np.linalg.norm(steps, axis=1).min() / 2)
    return np.asarray(((areas[axis] * sign[:, np.newaxis]) * outward).sum(axis=1) / radius**2)
