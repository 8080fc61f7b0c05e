"""A donor's liver in another patient's body, as a map with gaps that ``complete`` fills around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from LiverTumorSegLib.arrays import LabelArray, Mask, Points
from LiverTumorSegLib.errors import LiverTumorSegError
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.components import connected_components
from LiverTumorSegLib.training.synthesis.complete import Drawn
from LiverTumorSegLib.training.synthesis.donors import Donor
from LiverTumorSegLib.training.synthesis.tissues import Tissue, is_organ

MAX_LOST = 0.08
"""Of the donor's liver, to bones, lungs, the aorta, the body's wall and the ends of the scan."""
_PLACES = 24
_TURN_DEGREES = (4.0, 4.0, 6.0)
_SCALES = (0.7, 1.4)
_LOG_SCALE = 0.05
_SHIFT_MM = 5.0
_AORTA_MM = 4.5
_BONE_MM = 3.0
_ROUND_MM = 3.0
"""Edges along which a liver is cut are rounded by about this."""
_DENT = 0.12
"""Share of an organ that the new liver may take; where it takes more, the organ is drawn anew."""
_YIELDING = (Tissue.KIDNEY, Tissue.SPLEEN, Tissue.PANCREAS, Tissue.BOWEL_WALL, Tissue.SOFT)


class NoRoomError(LiverTumorSegError):
    """A donor's liver does not fit into a body: take another body, or another donor."""

    def __init__(self, lost: float) -> None:
        self.lost = lost
        super().__init__(f"The body would cut off {lost:.0%} of the donor's liver; at most {MAX_LOST:.0%} may go.")


@dataclass(frozen=True, eq=False)
class _Placement:
    """Voxels of the donor (n, 3) -> voxels of the body: turn @ (donor - center) + place."""

    turn: np.ndarray
    center: np.ndarray
    place: np.ndarray

    def moved(self, points: Points) -> Points:
        return (points - self.center) @ self.turn.T + self.place


def transplant(drawn: Drawn, donor: Donor, rng: np.random.Generator) -> Drawn:
    """The body of ``drawn`` with the donor's liver and vessels instead of its own; the same rng, the same result.

    Both on upright grids (R, A, S) of one spacing. The donor's box is brought part of the way to the size of the body's
    own liver, turned by some degrees, and laid to the right, the back and the top of where that was: of 24 places the
    one that loses least. Bones, lungs, aorta and the body's outline stay, and cut it. The old liver, its lesions,
    the veins and the gallbladder become unknown and missing; so do other organs if the new liver would take more than
    12 % of them. Lungs count as missing too, so that they are drawn on, down to the new dome.
    Raises ValueError if the spacings differ or there is no liver, NoRoomError if more than MAX_LOST is cut off.
    """
    own, new = is_organ(drawn.codes), is_organ(donor.codes)
    if drawn.spacing_mm != donor.spacing_mm or not own.any() or not new.any():
        found = f"{own.sum()} and {new.sum()} voxels of liver on {drawn.spacing_mm} and {donor.spacing_mm} mm"
        message = f"expected two livers on one spacing, found {found}"
        raise ValueError(message)
    aorta = _aorta(drawn)
    barred = _barred(drawn, own) | aorta
    placement = _best_placement(drawn, donor, own, barred, rng)
    liver = _placed(donor.codes, placement, drawn.codes.shape)
    fits = _largest(is_organ(liver) & ~barred)
    lost = 1 - float(fits.sum() / (new.sum() * np.linalg.det(placement.turn)))
    if lost > MAX_LOST:
        raise NoRoomError(lost)
    return _merged(drawn, own, aorta, np.where(fits, liver, np.uint8(Tissue.AIR)))


def _aorta(drawn: Drawn) -> Mask:
    """Where drawn arteries are thick; branches would run through the new liver where they have no business."""
    artery = drawn.codes == Tissue.ARTERY
    box, thick = bounding_box(artery), np.zeros_like(artery)
    if box is not None:
        steps = max(1, round(_AORTA_MM / drawn.spacing_mm))
        padded = np.pad(artery[box], ((steps, steps), (steps, steps), (steps, steps)), mode="edge")
        core = ndimage.binary_erosion(padded, iterations=steps)
        grown = ndimage.binary_dilation(core, iterations=steps + 1)
        thick[box] = grown[steps:-steps, steps:-steps, steps:-steps] & artery[box]
    return thick


def _barred(drawn: Drawn, own: Mask) -> Mask:
    """Where no liver can be: bones and close to them, lungs, air, and the wall, as thick as beside the own."""
    codes, mm = drawn.codes, drawn.spacing_mm
    depth_mm = _depth_mm(codes != Tissue.AIR, mm)
    wall_mm = float(np.percentile(depth_mm[own], 2))
    near_bone = ndimage.binary_dilation(codes == Tissue.BONE, iterations=max(1, round(_BONE_MM / mm)))
    beside = ((depth_mm < wall_mm) | near_bone) & ~own
    cut = ndimage.gaussian_filter(beside.astype(np.float32), _ROUND_MM / mm, truncate=2.0) > 0.5
    return cut | np.isin(codes, (Tissue.BONE, Tissue.LUNG, Tissue.AIR))


def _depth_mm(body: Mask, spacing_mm: float) -> np.ndarray:
    """Distance to the skin within each axial slice, from every second voxel."""
    depth = np.empty(body.shape, np.float32)
    for k in range(body.shape[2]):
        plane = np.pad(ndimage.binary_fill_holes(body[::2, ::2, k]), 1)
        coarse = ndimage.distance_transform_edt(plane)[1:-1, 1:-1] * 2 * spacing_mm
        depth[:, :, k] = coarse.repeat(2, 0).repeat(2, 1)[: body.shape[0], : body.shape[1]]
    return depth


def _best_placement(drawn: Drawn, donor: Donor, own: Mask, barred: Mask, rng: np.random.Generator) -> _Placement:
    """One size and turn, at several places; taking room from drawn organs costs a third of being cut."""
    cost = barred + np.where(np.isin(drawn.codes, _YIELDING) & ~barred, 0.3, 0.0)
    points, old = np.argwhere(is_organ(donor.codes))[::23], np.argwhere(own)[::23]
    center = points.mean(axis=0)
    (low, high), (new_low, new_high) = _extent(old), _extent(points)
    nearness = rng.uniform(0.3, 0.8)
    scale = ((high - low) / (new_high - new_low)) ** nearness * np.exp(rng.normal(0, _LOG_SCALE, 3))
    degrees = rng.normal(0, _TURN_DEGREES)
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() * np.clip(scale, *_SCALES)
    turned = (points - center) @ turn.T
    new_low, new_high = _extent(turned)
    corner = np.array([high[0] - new_high[0], low[1] - new_low[1], high[2] - new_high[2]])
    middle = (low + high - new_low - new_high) / 2
    places = [
        corner
        + rng.uniform(0, 0.6, 3) * (middle - corner)
        + np.clip(rng.normal(0, _SHIFT_MM, 3), -2 * _SHIFT_MM, 2 * _SHIFT_MM) / drawn.spacing_mm
        for _ in range(_PLACES)
    ]
    return _Placement(turn, center, min(places, key=lambda place: _mean_at(turned + place, cost)))


def _extent(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low and high ends (3,), without stray voxels."""
    low, high = np.percentile(points, (0.5, 99.5), axis=0)
    return low, np.maximum(high, low + 1)


def _mean_at(points: np.ndarray, cost: np.ndarray) -> float:
    """Mean of a field at the voxels nearest to points (n, 3); 1 outside."""
    nearest = np.round(points).astype(int)
    is_within = ((nearest >= 0) & (nearest < cost.shape)).all(axis=1)
    return float(cost[tuple(nearest[is_within].T)].sum() + (~is_within).sum()) / len(points)


def _placed(codes: LabelArray, placement: _Placement, shape: tuple[int, ...]) -> np.ndarray:
    """Nearest codes of the donor on the body's grid; AIR elsewhere."""
    ends = np.array(np.meshgrid(*[(-1, n) for n in codes.shape], indexing="ij")).reshape(3, -1).T
    corners = placement.moved(ends)
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, shape)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, low, shape)
    back = np.linalg.inv(placement.turn)
    offset = placement.center + back @ (low - placement.place)
    out = np.full(shape, np.uint8(Tissue.AIR))
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    out[box] = ndimage.affine_transform(codes, back, offset, tuple(high - low), order=0, cval=int(Tissue.AIR))
    return out


def _largest(mask: Mask) -> Mask:
    """The largest connected part; nothing where there is nothing."""
    parts, count = connected_components(mask)
    return parts == 1 + int(np.bincount(parts.ravel())[1:].argmax()) if count else mask


def _merged(drawn: Drawn, own: Mask, aorta: Mask, liver: LabelArray) -> Drawn:
    codes, missing = drawn.codes, {Tissue.VEIN, Tissue.GALLBLADDER, Tissue.LUNG, Tissue.BOWEL_WALL}
    unknown = own | np.isin(codes, (Tissue.VEIN, Tissue.GALLBLADDER)) | ((codes == Tissue.ARTERY) & ~aorta)
    if not aorta.any():
        missing.add(Tissue.ARTERY)
    for tissue in _YIELDING:
        organ = codes == tissue
        if (organ & (liver != Tissue.AIR)).sum() > _DENT * organ.sum():
            unknown |= organ
            missing.add(tissue)
    body = np.where(unknown, np.uint8(Tissue.FAT), codes)
    return Drawn(np.where(liver != Tissue.AIR, liver, body), drawn.spacing_mm, drawn.missing | missing)
