"""The 48 ways to store one volume: axes in another order, some of them reversed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from LiverTumorSegLib.arrays import Affine, ImageArray
from LiverTumorSegLib.volume import Volume

Axes = tuple[int, int, int]
Reversed = tuple[bool, bool, bool]


@dataclass(frozen=True)
class Turn:
    """axes: axis n of the result is axis axes[n] of the input. is_reversed: of each axis of the result."""

    axes: Axes
    is_reversed: Reversed

    def array(self, array: ImageArray) -> np.ndarray:
        """The same voxels in the other order (a view of three axes)."""
        return np.flip(np.transpose(array, self.axes), tuple(n for n in range(3) if self.is_reversed[n]))

    def volume(self, volume: Volume) -> Volume:
        """The same voxels at the same places in the patient, stored in the other order."""
        steps = volume.affine[:3, list(self.axes)]
        lengths = np.array(volume.shape)[list(self.axes)]
        affine = volume.affine.copy()
        affine[:3, :3] = np.where(self.is_reversed, -steps, steps)
        affine[:3, 3] += (steps * (lengths - 1)) @ np.array(self.is_reversed, dtype=np.float64)
        return Volume(self.array(volume.array), affine)


def turn_towards(source: Affine, target: Affine) -> Turn:
    """The turn after which the axes of ``source`` run as nearly as possible like those of ``target``."""
    cosines = _directions(target).T @ _directions(source)
    axes = max(permutations(range(3)), key=lambda order: sum(abs(cosines[n, order[n]]) for n in range(3)))
    i, j, k = (bool(cosines[n, axes[n]] < 0) for n in range(3))
    return Turn((axes[0], axes[1], axes[2]), (i, j, k))


def find_turn(source: Volume, target: Volume) -> Turn | None:
    """The turn that makes the voxels of ``source`` those of ``target``; None if none of the 48 does.

    The one that the headers tell is tried first, then all: copies of public images have lost their headers
    (LiTS 28 to 47 have an identity affine). Values are compared as whole HU.
    """
    told = turn_towards(source.affine, target.affine)
    for turn in (told, *(turn for turn in every_turn() if turn != told)):
        if _same_voxels(turn.array(source.array), target.array):
            return turn
    return None


def every_turn() -> Iterator[Turn]:
    """All 48."""
    for (i, j, k), (a, b, c) in product(permutations(range(3)), product((False, True), repeat=3)):
        yield Turn((i, j, k), (a, b, c))


def whole_hu(array: np.ndarray) -> np.ndarray:
    """int16: rounded to whole HU, cut off at the ends of int16."""
    if array.dtype == np.int16:
        return array
    ends = np.iinfo(np.int16)
    return np.clip(np.rint(array), ends.min, ends.max).astype(np.int16)


def _same_voxels(first: np.ndarray, second: np.ndarray) -> bool:
    """Slice by slice, so that a wrong turn is found out by its first slice."""
    if first.shape != second.shape:
        return False
    return all(np.array_equal(whole_hu(a), whole_hu(b)) for a, b in zip(first, second, strict=True))


def _directions(affine: Affine) -> np.ndarray:
    return np.asarray(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))
