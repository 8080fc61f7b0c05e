"""Planes of one series -> their order and the affine; only positions and orientations are believed.

SliceThickness, SpacingBetweenSlices and InstanceNumber are never used: they are often wrong, absent or start at 0.
A stack whose slices are shifted sideways from one to the next (gantry tilt) is kept as a sheared affine.
"""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.affine import ras_from_lps
from LiverTumorSegLib.io.dicom_headers import Plane
from LiverTumorSegLib.io.dicom_series import heights_mm

ROUNDING_MM = 0.11
"""Positions written with one decimal are up to 0.1 mm off the line through the first and the last one."""

MAX_SHARE_OF_STEP = 0.25
SAME_PLACE_MM = 0.01
MIN_TILT_DEGREES = 0.5
_MAX_NAMED = 3


def sort_planes(planes: tuple[Plane, ...]) -> tuple[list[Plane], Affine]:
    """Planes in the direction of their normal, and ijk -> RAS in mm with i along a row and k across the planes.

    Raises InputError naming the slices if some are missing, at the same place or off the straight line.
    """
    heights = heights_mm(planes)
    order = np.argsort(heights, kind="stable")
    ordered, heights = [planes[index] for index in order], heights[order]
    _check_axes(ordered[0])
    _check_duplicates(ordered, heights)
    positions = np.array([plane.position for plane in ordered])
    step = (positions[-1] - positions[0]) / (len(ordered) - 1)
    _check_straight(ordered, positions, step, heights)
    return ordered, _affine(ordered[0], step)


def tilt_degrees(affine: Affine) -> float:
    """Angle between the stacking direction and the slices' normal; 0 for an upright stack."""
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    cosine = abs(normal @ affine[:3, 2]) / (np.linalg.norm(normal) * np.linalg.norm(affine[:3, 2]))
    return float(np.degrees(np.arccos(min(1.0, cosine))))


def _affine(first: Plane, step: np.ndarray) -> Affine:
    if first.orientation is None or first.spacing_mm is None or first.position is None:
        message = f"{first.name} has no geometry"
        raise ValueError(message)
    between_rows, between_columns = first.spacing_mm
    lps = np.eye(4)
    lps[:3, 0] = first.orientation[:3] * between_columns
    lps[:3, 1] = first.orientation[3:] * between_rows
    lps[:3, 2] = step
    lps[:3, 3] = first.position
    return ras_from_lps(lps)


def _check_axes(plane: Plane) -> None:
    axes = np.array(plane.orientation, dtype=np.float64).reshape(2, 3)
    if np.abs(axes @ axes.T - np.eye(2)).max() > 1e-2:
        raise InputError(
            found=f"{plane.name} has row and column directions {np.round(axes, 3).tolist()}",
            expected="two perpendicular unit vectors",
            remedy="The headers are damaged: export the series again",
        )


def _check_duplicates(planes: list[Plane], heights: np.ndarray) -> None:
    same = np.flatnonzero(np.diff(heights) < SAME_PLACE_MM)
    if not same.size:
        return
    pairs = ", ".join(f"{planes[k].name} and {planes[k + 1].name} at {heights[k]:.2f} mm" for k in same[:_MAX_NAMED])
    raise InputError(
        found=f"{same.size} slices at the same place as another ({pairs}{_more(same.size)})",
        expected="one slice per position",
        remedy="Two phases or reconstructions seem to be mixed: export them as series of their own",
    )


def _check_straight(planes: list[Plane], positions: np.ndarray, step: np.ndarray, heights: np.ndarray) -> None:
    gaps = np.diff(heights)
    usual = float(np.median(gaps))
    allowed = min(MAX_SHARE_OF_STEP * usual, max(ROUNDING_MM, 0.02 * usual))
    off_line = np.linalg.norm(positions - positions[0] - np.arange(len(planes))[:, None] * step, axis=1)
    if off_line.max() <= allowed:
        return
    odd = np.flatnonzero(np.abs(gaps - usual) > max(allowed, 0.5 * np.abs(gaps - usual).max()))
    if np.abs(gaps - usual).max() > allowed:
        raise _uneven(planes, heights, odd, usual)
    worst = int(off_line.argmax())
    raise InputError(
        found=f"{planes[worst].name} (at {heights[worst]:.2f} mm) lies {off_line[worst]:.1f} mm off the line of slices",
        expected="slices on one straight line",
        remedy="Export the original axial series, not slices with changing positions",
    )


def _uneven(planes: list[Plane], heights: np.ndarray, odd: np.ndarray, usual: float) -> InputError:
    named = "; ".join(_gap(planes, heights, int(k), usual) for k in odd[:_MAX_NAMED])
    return InputError(
        found=f"slices are not evenly spaced: {named}{_more(odd.size)}",
        expected=f"{usual:.2f} mm between all {len(planes)} slices",
        remedy="Export the complete series again; a gap cannot be measured",
    )


def _gap(planes: list[Plane], heights: np.ndarray, k: int, usual: float) -> str:
    gap = heights[k + 1] - heights[k]
    missing = round(gap / usual) - 1
    whole = missing >= 1 and abs(gap - (missing + 1) * usual) < 0.1 * usual
    what = f"{missing} missing" if whole else f"{gap:.2f} mm"
    return (
        f"{what} between {planes[k].name} (at {heights[k]:.2f} mm) and {planes[k + 1].name} "
        f"(at {heights[k + 1]:.2f} mm)"
    )


def _more(count: int) -> str:
    return f" and {count - _MAX_NAMED} more" if count > _MAX_NAMED else ""
