"""Draws the module's icon: the liver seen from the front, a branching vessel, and a tumour with its measuring line.

Writes LiverTumorSeg/Resources/Icons/LiverTumorSeg.png. The same Pillow gives the same bytes.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

ICON = Path(__file__).resolve().parents[1] / "LiverTumorSeg/Resources/Icons/LiverTumorSeg.png"
SIZE = 128
SCALE = 16  # drawn 16 times as large, then averaged: smooth edges

# The colours of the segments in a scene (LiverTumorSegLib/labels.py), each with a darker one for its rim
LIVER, LIVER_RIM = (221, 130, 101), (141, 66, 48)
VESSEL, VESSEL_RIM = (0, 151, 206), (0, 88, 132)
TUMOR, TUMOR_RIM = (145, 216, 51), (58, 104, 14)
LINE, LINE_RIM = (255, 255, 255), (38, 66, 12)

Point = tuple[float, float]

# In pixels of the icon. The right lobe is at the viewer's left; clockwise from the right dome.
LIVER_OUTLINE: list[Point] = [
    (34, 12), (50, 11), (64, 17), (74, 21), (88, 19), (105, 21), (121, 30), (124, 41), (115, 56), (101, 70),
    (87, 80), (75, 85), (68, 92), (57, 105), (43, 115), (28, 118), (13, 108), (5, 86), (5, 57), (14, 27),
]  # fmt: skip
# Centre line and the radii at its two ends: the trunk enters at the hilum and branches to both lobes.
BRANCHES: list[tuple[list[Point], float, float]] = [
    ([(90, 110), (85, 97), (78, 84), (71, 72)], 5.8, 5.2),
    ([(71, 72), (62, 58), (50, 46), (37, 30)], 5.2, 1.8),
    ([(56, 51), (58, 42), (65, 31)], 3.4, 1.7),
    ([(75, 79), (78, 65), (90, 54), (112, 37)], 4.9, 1.8),
    ([(84, 58), (88, 48), (87, 34)], 3.3, 1.7),
]
TUMOR_CENTER, TUMOR_RADIUS = (34.0, 79.0), 21.0
DIAMETER: tuple[Point, Point] = ((21.5, 87.5), (46.5, 70.5))
TICK_LENGTH, LINE_RADIUS, LINE_RIM_WIDTH = 12.0, 1.9, 1.5


def smooth_curve(points: list[Point], *, closed: bool, steps: int = 40) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    # An open curve repeats its ends, so that it starts and stops in them; a closed one goes on at its other end.
    first, *_, last = points
    path = [last, *points, *points[:2]] if closed else [first, *points, last]
    curve = []
    for before, start, end, after in zip(path, path[1:], path[2:], path[3:], strict=False):
        for step in range(steps):
            t = step / steps
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            quads = zip(before, start, end, after, strict=True)
            x, y = (sum(w * c for w, c in zip(weights, coordinates, strict=True)) / 2 for coordinates in quads)
            curve.append((x, y))
    return curve if closed else [*curve, last]


class Mask:
    """A black sheet on which shapes are drawn in white, in pixels of the icon."""

    def __init__(self) -> None:
        self.image = Image.new("L", (SIZE * SCALE, SIZE * SCALE), 0)
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: list[Point]) -> None:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=255)

    def disc(self, center: Point, radius: float) -> None:
        x, y = center
        self._draw.ellipse([(c * SCALE) for c in (x - radius, y - radius, x + radius, y + radius)], fill=255)

    def brush(self, curve: list[Point], first_radius: float, last_radius: float) -> None:
        """Discs along the curve, their radii going evenly from the first to the last."""
        for i, point in enumerate(curve):
            share = i / (len(curve) - 1)
            self.disc(point, first_radius + share * (last_radius - first_radius))


def straight(start: Point, end: Point, steps: int = 100) -> list[Point]:
    """Points along a straight line."""
    shares = [i / steps for i in range(steps + 1)]
    return [(start[0] + s * (end[0] - start[0]), start[1] + s * (end[1] - start[1])) for s in shares]


def liver_mask(inset: float) -> Image.Image:
    """The silhouette, made smaller by the inset on every side."""
    mask = Mask()
    outline = smooth_curve(LIVER_OUTLINE, closed=True)
    mask.polygon(outline)
    rim = Mask()
    if inset:
        rim.brush([*outline, outline[0]], inset, inset)
    return ImageChops.subtract(mask.image, rim.image)


def vessel_mask(extra: float) -> Image.Image:
    """The vessel tree, made thicker by the extra on every side."""
    mask = Mask()
    for points, first_radius, last_radius in BRANCHES:
        mask.brush(smooth_curve(points, closed=False), first_radius + extra, last_radius + extra)
    return mask.image


def tumor_mask(extra: float) -> Image.Image:
    """The tumour's disc."""
    mask = Mask()
    mask.disc(TUMOR_CENTER, TUMOR_RADIUS + extra)
    return mask.image


def diameter_mask(extra: float) -> Image.Image:
    """The measuring line with a tick across each end."""
    mask = Mask()
    (x0, y0), (x1, y1) = DIAMETER
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    across = (-(y1 - y0) / length * TICK_LENGTH / 2, (x1 - x0) / length * TICK_LENGTH / 2)
    strokes = [DIAMETER] + [((x - across[0], y - across[1]), (x + across[0], y + across[1])) for x, y in DIAMETER]
    for start, end in strokes:
        mask.brush(straight(start, end), LINE_RADIUS + extra, LINE_RADIUS + extra)
    return mask.image


def light(mask: Image.Image, strength: int) -> Image.Image:
    """Where a shape lit from the upper left is bright: the shape without its copy moved down and right, blurred."""
    moved = ImageChops.offset(mask, 5 * SCALE, 6 * SCALE)
    edge = ImageChops.subtract(mask, moved).filter(ImageFilter.GaussianBlur(3 * SCALE))
    return ImageChops.multiply(edge, mask).point(lambda value: value * strength // 255)


def draw() -> Image.Image:
    """The icon: RGBA, transparent around the liver."""
    canvas = Image.new("RGBA", (SIZE * SCALE, SIZE * SCALE), (*LIVER_RIM, 0))
    liver = liver_mask(inset=2.6)
    layers = [
        (LIVER_RIM, liver_mask(inset=0)),
        (LIVER, liver),
        ((255, 255, 255), light(liver, strength=105)),
        (VESSEL_RIM, vessel_mask(extra=1.8)),
        (VESSEL, vessel_mask(extra=0)),
        (TUMOR_RIM, tumor_mask(extra=0)),
        (TUMOR, tumor_mask(extra=-2.4)),
        (LINE_RIM, diameter_mask(extra=LINE_RIM_WIDTH)),
        (LINE, diameter_mask(extra=0)),
    ]
    for color, mask in layers:
        layer = Image.new("RGBA", canvas.size, (*color, 0))
        layer.putalpha(mask)
        canvas.alpha_composite(layer)
    return canvas.resize((SIZE, SIZE), Image.Resampling.BOX)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ICON)
    draw().save(parser.parse_args().output, optimize=True)


if __name__ == "__main__":
    main()
