"""A 3D picture without OpenGL: translucent liver over vessels and tumours, cast along parallel rays with numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt, UInt8
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from LiverTumorSegLib.arrays import Box, Mask
from LiverTumorSegLib.geometry.resample import Grid
from LiverTumorSegLib.labels import LabelSet
from LiverTumorSegLib.report.drawing import PAGE, Color, draw_directions, draw_scale_bar
from LiverTumorSegLib.report.slices import PictureGrid, Plane, as_vector
from LiverTumorSegLib.volume import Volume

_FINEST_MM = 0.8
_RAYS = 260
_TURN_DEGREES = 14.0
_RAISE_DEGREES = 10.0
_COVER_FROM, _COVER_TO = 0.2, 0.6
"""Share of mask around the densest point of a ray where a surface begins to show and where it covers fully."""
_PART_SMOOTHING, _ORGAN_SMOOTHING = 1, 2
_ORGAN_ALPHA = (0.38, 0.85)
"""Cover of a translucent surface seen face on, and at its rim."""
_LIGHT = np.array([-0.35, -0.45, -0.82], dtype=np.float32)
"""Direction to the light as (right, down, ahead): upper left, in front."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What the rays meet first. depth: in voxels, infinite for a miss. cover: 0..1. normal: (right, down, ahead)."""

    depth: Float32[np.ndarray, "h w"]
    cover: Float32[np.ndarray, "h w"]
    normal: Float32[np.ndarray, "h w 3"]


def surface_panel(segmentation: Volume, labels: LabelSet, size_px: tuple[int, int]) -> Image.Image:
    """All labels from the front, turned a little; labels with parts are translucent. No label: an empty picture."""
    box = filled_box(segmentation.array)
    if box is None:
        return Image.new("RGB", size_px, PAGE)
    part, view = segmentation.crop(box), _view_plane()
    grid, step_mm = _view_grid(part, view, size_px)
    seen = _nearest(part, grid)
    colors = np.full((*grid.shape[:2], 3), PAGE, dtype=np.float32)
    _paint_parts(colors, seen, labels)
    _glaze_organs(colors, seen, labels)
    return _finished(colors, view, step_mm, size_px)


def filled_box(array: np.ndarray) -> Box | None:
    """The smallest box that holds all voxels that are not 0, or None where there are none."""
    sides = []
    for axis in range(3):
        used = np.flatnonzero(array.any(axis=tuple(other for other in range(3) if other != axis)))
        if not used.size:
            return None
        sides.append(slice(int(used[0]), int(used[-1]) + 1))
    return sides[0], sides[1], sides[2]


def _view_plane() -> Plane:
    """From the front, a little from the patient's right and from above."""
    turn, up = np.radians(_TURN_DEGREES), np.radians(_RAISE_DEGREES)
    right = np.array([-np.cos(turn), np.sin(turn), 0.0])
    ahead = np.array([-np.sin(turn) * np.cos(up), -np.cos(turn) * np.cos(up), -np.sin(up)])
    return Plane("3D", as_vector(right), as_vector(np.cross(ahead, right)))


def _view_grid(part: Volume, view: Plane, size_px: tuple[int, int]) -> tuple[Grid, float]:
    """Cubic voxels along (down, right, ahead) around a volume, in the proportions of the picture; their size in mm."""
    right, down = np.array(view.right_ras), np.array(view.down_ras)
    axes = np.stack([down, right, np.cross(right, down)])
    ends = np.array(np.meshgrid(*[(-1.0, float(n)) for n in part.shape], indexing="ij")).reshape(3, -1).T
    placed = part.ras_from_ijk(ends) @ axes.T
    low, high = placed.min(axis=0), placed.max(axis=0)
    aspect = size_px[0] / size_px[1]
    width_mm = 1.12 * max(high[1] - low[1], (high[0] - low[0]) * aspect)
    step_mm = float(max(_FINEST_MM, width_mm / _RAYS))
    shape = np.maximum(2, np.ceil(np.array([width_mm / aspect, width_mm, high[2] - low[2]]) / step_mm)).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = axes.T * step_mm
    affine[:3, 3] = ((low + high) / 2 - (shape - 1) / 2 * step_mm) @ axes
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine), step_mm


def _nearest(part: Volume, grid: Grid) -> UInt8[np.ndarray, "h w d"]:
    back = np.linalg.inv(part.affine) @ grid.affine
    return np.asarray(
        ndimage.affine_transform(part.array, back[:3, :3], back[:3, 3], grid.shape, output=np.uint8, order=0)
    )


def _paint_parts(colors: Float32[np.ndarray, "h w 3"], seen: UInt8[np.ndarray, "h w d"], labels: LabelSet) -> None:
    """Opaque surfaces, the nearest in front, in place."""
    parts = [label for label in labels if not _children(labels, label.name)]
    surfaces = [_cast(seen == label.value, _PART_SMOOTHING) for label in parts]
    order = np.argsort([-surface.depth for surface in surfaces], axis=0, kind="stable")
    for turn in range(len(parts)):
        for index, (label, surface) in enumerate(zip(parts, surfaces, strict=True)):
            alpha = (surface.cover * (order[turn] == index))[..., None]
            colors += alpha * (_shaded(surface, label.color) - colors)


def _glaze_organs(colors: Float32[np.ndarray, "h w 3"], seen: UInt8[np.ndarray, "h w d"], labels: LabelSet) -> None:
    """Translucent surfaces over all that is there, in place: denser towards the rim, like glass."""
    low, high = _ORGAN_ALPHA
    for label in labels:
        children = _children(labels, label.name)
        if children:
            surface = _cast(np.isin(seen, [label.value, *children]), _ORGAN_SMOOTHING)
            face_on = np.clip(-surface.normal[..., 2:], 0.0, 1.0)
            alpha = (low + (high - low) * (1.0 - face_on) ** 2) * surface.cover[..., None]
            colors += alpha * (_shaded(surface, label.color) - colors)


def _children(labels: LabelSet, name: str) -> list[int]:
    return [label.value for label in labels if label.parent == name]


def _cast(mask: Mask, smoothing: int) -> Surface:
    """The first half-way surface of a smoothed mask along its last axis; thin things show with less cover."""
    field, full = _smoothed(mask, smoothing), 27.0**smoothing
    densest = field.max(axis=2)
    rows, columns = np.nonzero(densest)
    level = np.minimum(full / 2, densest[rows, columns])
    first = np.argmax(field[rows, columns] >= level[:, None], axis=1)
    behind = field[rows, columns, first].astype(np.float32)
    before = field[rows, columns, np.maximum(first - 1, 0)].astype(np.float32)
    depth = np.full(densest.shape, np.inf, dtype=np.float32)
    depth[rows, columns] = first - np.clip((behind - level) / np.maximum(behind - before, 1.0), 0.0, 1.0)
    normal = np.zeros((*densest.shape, 3), dtype=np.float32)
    normal[rows, columns] = _normals(field, np.stack([rows, columns, first]))
    share = (densest / np.float32(full) - _COVER_FROM) / (_COVER_TO - _COVER_FROM)
    return Surface(depth, np.clip(share, 0.0, 1.0).astype(np.float32), normal)


def _smoothed(mask: Mask, times: int) -> UInt[np.ndarray, "h w d"]:
    """Number of set voxels in the 3 x 3 x 3 around each, repeated: whole numbers are ten times faster than a filter."""
    field: NDArray[np.unsignedinteger] = mask.astype(np.uint8 if times == 1 else np.uint16)
    for axis in list(range(3)) * times:
        summed = field.copy()
        low: list[slice] = [slice(None)] * 3
        high: list[slice] = [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        summed[tuple(high)] += field[tuple(low)]
        summed[tuple(low)] += field[tuple(high)]
        field = summed
    return field


def _normals(field: np.ndarray, at: np.ndarray) -> Float32[np.ndarray, "n 3"]:
    """Unit vectors (right, down, ahead) out of the surface, from differences over four voxels."""
    slopes = []
    for axis in (1, 0, 2):
        low, high = at.copy(), at.copy()
        low[axis] = np.maximum(at[axis] - 2, 0)
        high[axis] = np.minimum(at[axis] + 2, field.shape[axis] - 1)
        slopes.append(field[tuple(low)].astype(np.float32) - field[tuple(high)].astype(np.float32))
    normals = np.stack(slopes, axis=1)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.float32(1e-6))


def _shaded(surface: Surface, color: Color) -> Float32[np.ndarray, "h w 3"]:
    """Matt shading with a soft highlight."""
    facing = np.clip(surface.normal @ (_LIGHT / np.linalg.norm(_LIGHT)), 0.0, 1.0)[..., None]
    return np.minimum(np.array(color, dtype=np.float32) * (0.45 + 0.65 * facing) + 60.0 * facing**24, 255.0)


def _finished(
    colors: Float32[np.ndarray, "h w 3"], view: Plane, step_mm: float, size_px: tuple[int, int]
) -> Image.Image:
    small = Image.fromarray((np.clip(colors, 0, 255) + 0.5).astype(np.uint8))
    image = small.resize(size_px, Image.Resampling.BICUBIC)
    pixel_mm = step_mm * small.width / size_px[0]
    draw_directions(image, PictureGrid(view, (0.0, 0.0, 0.0), pixel_mm, size_px))
    draw_scale_bar(image, pixel_mm)
    return image
