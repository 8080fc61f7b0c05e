"""Pictures of the Couinaud segments: three axial slices and a 3D view, with their names."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from LiverTumorSegLib.case import Case, couinaud_labels_in
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.labels import TUMOR, LabelSet
from LiverTumorSegLib.report.drawing import (
    LIVER_WINDOW,
    OVERSAMPLING,
    PAGE,
    WHITE,
    draw_directions,
    draw_text,
    outline_alpha,
    paint,
)
from LiverTumorSegLib.report.panels import plane_title
from LiverTumorSegLib.report.slices import PictureGrid, acquisition_plane, as_vector, sample_hu, sample_labels
from LiverTumorSegLib.report.surface import filled_box, surface_panel
from LiverTumorSegLib.volume import Volume

HEIGHTS = (0.75, 0.5, 0.25)
"""Of the liver, from its lower end, where the slices lie."""
PANEL_PX = (520, 440)
_FILL = 0.38
_LEAST_SHARE = 0.004
"""Of the picture: a smaller piece of a segment gets no name."""
_MARGIN = 1.15
_NAME_PX = 26


def segments_page(case: Case) -> Image.Image | None:
    """Two by two pictures; None where nobody has divided the liver, or there is none."""
    if case.segments is None:
        return None
    box = filled_box(case.segments.array)
    if box is None:
        return None
    segments = case.segments.crop(box)
    labels = couinaud_labels_in(segments)
    panels = [_slice(case, segments, labels, height) for height in HEIGHTS]
    panels.append(surface_panel(segments, labels, PANEL_PX))
    width, height = PANEL_PX
    page = Image.new("RGB", (2 * width + 4, 2 * height + 4), PAGE)
    for index, panel in enumerate(panels):
        page.paste(panel, ((index % 2) * (width + 4), (index // 2) * (height + 4)))
    return page


def _slice(case: Case, segments: Volume, labels: LabelSet, height: float) -> Image.Image:
    grid = _grid(segments, height)
    picture = np.repeat(LIVER_WINDOW.gray(sample_hu(case.study.ct, grid))[:, :, None], 3, axis=2)
    fine = sample_labels(segments, grid.finer(OVERSAMPLING))
    seen = sample_labels(segments, grid)
    for label in labels:
        paint(picture, (seen == label.value).astype(np.float32) * np.float32(_FILL), label.color)
        paint(picture, outline_alpha(fine == label.value, 2), label.color)
    tumor = sample_labels(case.segmentation, grid.finer(OVERSAMPLING)) == TUMOR.value
    paint(picture, outline_alpha(tumor, 2), TUMOR.color)
    image = Image.fromarray(picture)
    for label in labels:
        here = seen == label.value
        if here.sum() >= _LEAST_SHARE * seen.size:
            # Where it is thickest: the middle of a bent segment lies in another one.
            depth = ndimage.distance_transform_edt(here)
            y, x = np.unravel_index(int(depth.argmax()), depth.shape)
            draw_text(image, (float(x), float(y)), label.name, WHITE, _NAME_PX, "mm")
    draw_directions(image, grid)
    draw_text(image, (10, 8), plane_title(grid), WHITE, 19)
    return image


def _grid(segments: Volume, height: float) -> PictureGrid:
    """Around the whole liver, at a share of its height."""
    axis = slice_axis(segments.affine)
    plane = acquisition_plane(segments.affine, axis)
    ends = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in segments.shape], indexing="ij")).reshape(3, -1).T
    directions = np.array([plane.right_ras, plane.down_ras, np.cross(plane.right_ras, plane.down_ras)])
    placed = segments.ras_from_ijk(ends) @ directions.T
    low, high = placed.min(0), placed.max(0)
    # The third direction runs towards the feet or the head, as the plane is seen.
    upward = directions[2][2] > 0
    share = height if upward else 1 - height
    center = np.array([*(low + high)[:2] / 2, low[2] + share * (high - low)[2]]) @ directions
    pixel_mm = float(((high - low)[:2] * _MARGIN / PANEL_PX).max())
    return PictureGrid.centered(plane, as_vector(center), pixel_mm, PANEL_PX)
