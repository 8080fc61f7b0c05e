"""Longest diameter of a lesion in the slices it was acquired in (RECIST), with its perpendicular short axis.

Definitions: docs/conventions.md. The mask is never resampled; end points are exact on tilted and sheared grids.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.geometry.affine import SUPERIOR, slice_normal
from LiverTumorSegLib.geometry.components import pieces_of_slice
from LiverTumorSegLib.geometry.diameter import Chord, feret_mm, longest_chords, perpendicular_chord
from LiverTumorSegLib.geometry.ordering import TIE_MM, first_of, ordered_ends
from LiverTumorSegLib.geometry.outline import Outline, vertices_of
from LiverTumorSegLib.volume import Volume

ALGORITHM = "axial-ld-1"
"""Version of the definitions in docs/conventions.md; changes whenever a stored diameter could change."""


@dataclass(frozen=True, eq=False)
class AxialDiameters:
    """Lines: end points (2, 3) in RAS mm, the one of lower R first. slice_index: in the volume that was given."""

    long_axis_mm: float
    short_axis_mm: float
    feret_mm: float
    long_axis_ras: np.ndarray
    short_axis_ras: np.ndarray
    slice_index: int


@dataclass(frozen=True, eq=False)
class _Piece:
    """One 8-connected part of one slice; corner: index of its crop's first pixel."""

    slice_index: int
    corner: tuple[int, int]
    mask: np.ndarray
    feret_mm: float


@dataclass(frozen=True, eq=False)
class _Slices:
    """The slices of a volume along one axis, and their way into patient space."""

    lesion: Volume
    axis: int

    @property
    def in_plane(self) -> list[int]:
        return [a for a in range(3) if a != self.axis]

    @property
    def axes_mm(self) -> np.ndarray:
        """(2, 3): steps of the in-plane axes in RAS mm."""
        return self.lesion.affine[:3, self.in_plane].T

    def pieces(self) -> list[_Piece]:
        """All parts of all slices, the one with the largest Feret diameter first."""
        planes = np.moveaxis(self.lesion.array, self.axis, 0)
        found = [
            _Piece(index, corner, mask, feret_mm(vertices_of(mask), self.axes_mm))
            for index, plane in enumerate(planes)
            for corner, mask in pieces_of_slice(plane)
        ]
        return sorted(found, key=lambda piece: -piece.feret_mm)

    def ras(self, piece: _Piece, chord: Chord) -> np.ndarray:
        """End points (2, 3) in RAS mm, in the order that does not depend on storage."""
        ijk = np.empty((2, 3))
        ijk[:, self.in_plane] = chord.ends + piece.corner
        ijk[:, self.axis] = piece.slice_index
        return ordered_ends(self.lesion.ras_from_ijk(ijk))

    def upward_normal(self) -> np.ndarray:
        normal = slice_normal(self.lesion.affine, self.axis)
        return normal if normal[SUPERIOR] >= 0 else -normal


def axial_diameters(
    lesion: Volume, axis: int, outline_of: Callable[[np.ndarray], Outline] = Outline.of
) -> AxialDiameters:
    """Diameters of one lesion in the slices along ``axis``.

    lesion: bool, cropped to its box, at least one voxel. outline_of: what a chord must stay inside, given the 2D mask
    of a part; ``Outline.with_holes`` where it must not cross holes (viable tissue around necrosis). Ties between slices
    or chords: larger short axis, then the lower slice in the patient, then the end points of lower R, A, S. Raises
    ValueError for an empty mask.
    """
    slices = _Slices(lesion, axis)
    pieces = slices.pieces()
    if not pieces:
        message = "diameters of an empty lesion"
        raise ValueError(message)
    candidates = [
        _measured(slices, pieces[0].feret_mm, piece, outline, chord)
        for piece, outline, chord in _longest(pieces, slices.axes_mm, outline_of)
    ]
    up = slices.upward_normal()
    keys = [[-c.short_axis_mm, float(c.long_axis_ras[0] @ up), *c.long_axis_ras.ravel()] for c in candidates]
    return candidates[first_of(np.array(keys))]


def _longest(
    pieces: list[_Piece], axes_mm: np.ndarray, outline_of: Callable[[np.ndarray], Outline]
) -> list[tuple[_Piece, Outline, Chord]]:
    """The longest chords of all pieces; a piece whose Feret diameter is below the best chord so far is not opened."""
    best_mm, found = 0.0, []
    for piece in pieces:
        if piece.feret_mm < best_mm - TIE_MM:
            break
        outline = outline_of(piece.mask)
        chords = longest_chords(outline, axes_mm, best_mm)
        found += [(piece, outline, chord) for chord in chords]
        best_mm = max([best_mm, *(chord.length_mm for chord in chords)])
    return [item for item in found if item[2].length_mm >= best_mm - TIE_MM]


def _measured(slices: _Slices, widest_mm: float, piece: _Piece, outline: Outline, chord: Chord) -> AxialDiameters:
    short = perpendicular_chord(outline, slices.axes_mm, chord)
    return AxialDiameters(
        long_axis_mm=chord.length_mm,
        short_axis_mm=short.length_mm,
        feret_mm=widest_mm,
        long_axis_ras=slices.ras(piece, chord),
        short_axis_ras=slices.ras(piece, short),
        slice_index=piece.slice_index,
    )
