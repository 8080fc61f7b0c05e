"""From a label map in which some structures were drawn to a whole body: the rest is drawn in at random, in its place.

A label map of the abdomen names liver, vessels and bones, but only now and then kidneys or lungs, never the bowel. A
network that has only seen drawn structures takes everything else of the liver's density for liver.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import LabelArray, Mask
from LiverTumorSegLib.training.synthesis.noise import ellipsoid, smooth_field
from LiverTumorSegLib.training.synthesis.tissues import Tissue, is_organ

_GRAINS_MM = (12.0, 28.0, 48.0)
_DRAWN_SHARE = 0.9
"""Of the structures that are missing: some patients have lost a spleen or a kidney."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A label map on an upright grid (axes R, A, S) of cubic voxels.

    codes: Tissue where a structure was drawn, AIR outside the body, FAT for body of which nothing is known. missing:
    tissues that nobody looked for in this patient.
    """

    codes: LabelArray
    spacing_mm: float
    missing: frozenset[Tissue]


def complete(drawn: Drawn, rng: np.random.Generator) -> LabelArray:
    """Tissue codes of the whole body; what was drawn stays as it is. The same state of rng gives the same patient."""
    return _Completion(drawn, rng).run()


class _Completion:
    """One patient being drawn; later strokes cover earlier ones, and what was drawn by experts covers all."""

    def __init__(self, drawn: Drawn, rng: np.random.Generator) -> None:
        self._drawn, self._rng = drawn, rng
        self._known = ~np.isin(drawn.codes, (Tissue.AIR, Tissue.FAT))
        self._body = np.stack([ndimage.binary_fill_holes(s) for s in (drawn.codes != Tissue.AIR).transpose(2, 0, 1)], 2)
        self._fine, self._middle, self._coarse = (
            smooth_field(drawn.codes.shape, grain / drawn.spacing_mm, rng) for grain in _GRAINS_MM
        )
        self._out = np.where(self._body, np.uint8(Tissue.FAT), np.uint8(Tissue.AIR))
        self._inside = self._cavity()

    def run(self) -> LabelArray:
        self._bowel()
        organ = np.argwhere(is_organ(self._drawn.codes))
        if organ.size:
            self._neighbours(organ)
        self._out[self._known] = self._drawn.codes[self._known]
        bowel = self._drawn.codes == Tissue.BOWEL_WALL
        if bowel.any():
            self._fill(bowel)
        return self._out

    def _fill(self, bowel: Mask) -> None:
        """What was drawn as a whole is hollow: content behind a wall, and gas in some of it."""
        rng, mm = self._rng, self._drawn.spacing_mm
        depth_mm = ndimage.distance_transform_edt(bowel).astype(np.float32) * mm
        content = depth_mm > rng.uniform(2, 5)
        self._put(content, Tissue.BOWEL_CONTENT)
        self._put(content & (self._fine > rng.uniform(-0.5, 1.5)), Tissue.SOFT)
        self._put(content & (self._middle > rng.uniform(-0.5, 2.0)), Tissue.GAS)

    def _cavity(self) -> Mask:
        """Walls of muscle under the fat, and around the spine; what is left inside."""
        mm, rng, draw = self._drawn.spacing_mm, self._rng, self._out
        padded = np.pad(self._body, ((1, 1), (1, 1), (0, 0)))
        depth_mm = np.stack([ndimage.distance_transform_edt(s) for s in padded.transpose(2, 0, 1)], 2)[1:-1, 1:-1] * mm
        skin_mm = rng.uniform(4, 32) * np.clip(1 + 0.3 * self._coarse, 0.25, 2)
        wall_mm = rng.uniform(6, 18)
        draw[self._body & (depth_mm > skin_mm)] = Tissue.MUSCLE
        inside = self._body & (depth_mm > skin_mm + wall_mm)
        bone = ndimage.zoom(self._drawn.codes[::2, ::2, ::2] == Tissue.BONE, 1, order=0)
        near = ndimage.distance_transform_edt(~bone) * 2 * mm < rng.uniform(9, 16) if bone.any() else bone
        near = near.repeat(2, 0).repeat(2, 1).repeat(2, 2)[tuple(slice(n) for n in inside.shape)]
        inside &= ~near
        draw[inside] = Tissue.FAT
        return inside

    def _bowel(self) -> None:
        """Loops with walls, fluid, contrast or gas, and strands of soft tissue, from the contours of smooth fields."""
        rng, inside = self._rng, self._inside
        loops = 0.55 * self._middle + 0.8 * self._fine
        wall_at = rng.uniform(0.5, 1.0)
        self._put(inside & (self._middle > rng.uniform(0.4, 1.4)), Tissue.SOFT)
        self._put(inside & (loops > wall_at), Tissue.BOWEL_WALL)
        self._put(inside & (loops > wall_at + rng.uniform(0.15, 0.45)), Tissue.BOWEL_CONTENT)
        self._put(inside & (loops - 0.4 * self._coarse > wall_at + rng.uniform(0.4, 0.9)), Tissue.GAS)

    def _neighbours(self, organ: np.ndarray) -> None:
        """Organs around the liver; positions in mm from its box, which is what holds from patient to patient."""
        low, high = organ.min(0), organ.max(0)
        rng, mm = self._rng, self._drawn.spacing_mm
        middle_i = float(np.argwhere(self._body.any((1, 2))).mean())

        def at(i: float, j: float, k: float, spread_mm: float = 10.0) -> np.ndarray:
            return np.array([i, j, k]) + rng.uniform(-spread_mm, spread_mm, 3) / mm

        def radii(*sizes_mm: tuple[float, float]) -> np.ndarray:
            return np.array([rng.uniform(*size) for size in sizes_mm]) / mm

        back, front = float(low[1]), float(high[1])
        self._organ(
            Tissue.SPLEEN,
            at(middle_i - 95 / mm, back + 25 / mm, high[2] - 55 / mm),
            radii((20.0, 38.0), (25.0, 45.0), (30.0, 60.0)),
        )
        for side in (-1, 1):
            center = at(middle_i + side * rng.uniform(48, 72) / mm, back + 12 / mm, low[2] + rng.uniform(-25, 45) / mm)
            self._organ(Tissue.KIDNEY, center, radii((22.0, 33.0), (20.0, 32.0), (42.0, 62.0)))
        self._organ(
            Tissue.PANCREAS,
            at(middle_i, back + 60 / mm, low[2] + 40 / mm),
            radii((45.0, 75.0), (9.0, 16.0), (9.0, 18.0)),
        )
        self._organ(
            Tissue.GALLBLADDER,
            at(middle_i + 50 / mm, front - 35 / mm, low[2] + 35 / mm),
            radii((9.0, 20.0), (14.0, 30.0), (10.0, 20.0)),
        )
        self._stomach(
            at(middle_i - 55 / mm, front - 45 / mm, high[2] - 65 / mm), radii((30.0, 55.0), (25.0, 50.0), (25.0, 55.0))
        )
        self._great_vessels(middle_i, back)
        self._chest(organ, middle_i, high)

    def _organ(self, tissue: Tissue, center: np.ndarray, radii: np.ndarray) -> None:
        if tissue in self._drawn.missing and self._rng.random() < _DRAWN_SHARE:
            self._put(self._inside & ellipsoid(self._out.shape, center, radii, self._middle, 0.25), tissue)

    def _stomach(self, center: np.ndarray, radii: np.ndarray) -> None:
        """Wall, content, and gas in front, where it rises to in a patient who lies on the back."""
        if Tissue.BOWEL_WALL not in self._drawn.missing or self._rng.random() > _DRAWN_SHARE:
            return
        wall = self._inside & ellipsoid(self._out.shape, center, radii, self._middle, 0.25)
        content = self._inside & ellipsoid(
            self._out.shape, center, radii * self._rng.uniform(0.75, 0.92), self._middle, 0.25
        )
        level_j = center[1] + self._rng.uniform(-0.6, 1.2) * radii[1]
        self._put(wall, Tissue.BOWEL_WALL)
        self._put(content, Tissue.BOWEL_CONTENT)
        self._put(content & (np.arange(wall.shape[1]) > level_j)[None, :, None], Tissue.GAS)

    def _great_vessels(self, middle_i: float, back: float) -> None:
        mm, rng = self._drawn.spacing_mm, self._rng
        long = self._out.shape[2] * 10.0
        for tissue, side_mm, size in ((Tissue.ARTERY, -12, (8.0, 13.0)), (Tissue.VEIN, 16, (8.0, 14.0))):
            if tissue in self._drawn.missing:
                center = np.array([middle_i + side_mm / mm, back + rng.uniform(15, 35) / mm, 0.0])
                self._put(
                    ellipsoid(
                        self._out.shape, center, np.array([rng.uniform(*size) / mm] * 2 + [long]), self._middle, 0.2
                    ),
                    tissue,
                )

    def _chest(self, organ: np.ndarray, middle_i: float, high: np.ndarray) -> None:
        """Heart and lungs above a diaphragm that follows the liver's dome and goes on at its height."""
        mm, rng = self._drawn.spacing_mm, self._rng
        center = np.array([middle_i - 20 / mm, high[1] - 40 / mm, high[2] + rng.uniform(0, 30) / mm])
        heart = self._inside & ellipsoid(self._out.shape, center, rng.uniform(32, 60, 3) / mm, self._middle, 0.15)
        if Tissue.LUNG in self._drawn.missing:
            dome = _dome(organ, self._out.shape, 24 / mm)
            k = np.arange(self._out.shape[2])[None, None, :]
            behind = np.clip(high[1] - 90 / mm - np.arange(self._out.shape[1]), 0, None)[None, :, None]
            lung = self._inside & (k > dome[:, :, None] + 3 / mm * self._fine - rng.uniform(0, 0.4) * behind)
            self._put(lung, Tissue.LUNG)
        if rng.random() < _DRAWN_SHARE:
            self._put(heart, Tissue.HEART)

    def _put(self, mask: Mask, tissue: Tissue) -> None:
        self._out[mask] = tissue


def _dome(organ: np.ndarray, shape: tuple[int, ...], reach: float) -> np.ndarray:
    """(i, j): height of the liver's upper surface, and beside the liver that of its dome."""
    top = np.full(shape[:2], -1.0, np.float32)
    np.maximum.at(top, (organ[:, 0], organ[:, 1]), organ[:, 2])
    is_there = top >= 0
    highest = float(np.percentile(top[is_there], 85))
    weight = ndimage.gaussian_filter(is_there.astype(np.float32), reach) + 1e-3
    around = ndimage.gaussian_filter(np.where(is_there, top, 0.0), reach) / weight
    return np.where(is_there, top, np.clip(around, highest - reach, highest)).astype(np.float32)
