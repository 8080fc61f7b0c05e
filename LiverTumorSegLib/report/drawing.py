"""Marks on a picture: gray values, outlines, smooth lines, text, direction letters, scale bar, legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from PIL import Image, ImageDraw, ImageFont

from LiverTumorSegLib.report.slices import PictureGrid, direction_letters

Color = tuple[int, int, int]
Pixel = tuple[float | int, float | int]

WHITE: Color = (240, 240, 240)
GRAY: Color = (170, 174, 180)
PAGE: Color = (24, 26, 30)
LONG_AXIS: Color = (255, 221, 51)
SHORT_AXIS: Color = (255, 128, 224)

OVERSAMPLING = 2
"""Label pixels per picture pixel along each side: what smooths the edges of outlines."""
_SMOOTH = 4
_SCALE_BAR_MM = 50.0


@dataclass(frozen=True)
class Window:
    """Hounsfield values shown between black and white."""

    width_hu: float
    level_hu: float

    def __str__(self) -> str:
        return f"W {self.width_hu:g} / L {self.level_hu:g} HU"

    def gray(self, hu: Float32[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
        low = self.level_hu - self.width_hu / 2
        return (np.clip((hu - low) / self.width_hu, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


LIVER_WINDOW = Window(350.0, 60.0)


def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font: no system font is needed. It holds ASCII, the degree sign and the middle dot."""
    return ImageFont.load_default(size=size_px)


def outline_alpha(fine: Bool[np.ndarray, "fine_h fine_w"], width_px: int = 2) -> Float32[np.ndarray, "h w"]:
    """Coverage 0..1 of a line along the border of a mask that has OVERSAMPLING pixels per picture pixel a side."""
    band = _with_neighbors(fine, np.not_equal)
    for _ in range(width_px * OVERSAMPLING // 2 - 1):
        band = _with_neighbors(band, np.logical_or)
    parts = [band[y::OVERSAMPLING, x::OVERSAMPLING] for y in range(OVERSAMPLING) for x in range(OVERSAMPLING)]
    return np.asarray(np.mean(parts, axis=0, dtype=np.float32))


def paint(picture: UInt8[np.ndarray, "h w 3"], alpha: Float32[np.ndarray, "h w"], color: Color) -> None:
    """Lay a colour over a picture, in place."""
    rows, columns = np.nonzero(alpha)
    share = alpha[rows, columns, None]
    mixed = picture[rows, columns] * (1 - share) + np.array(color, dtype=np.float32) * share
    picture[rows, columns] = (mixed + 0.5).astype(np.uint8)


def draw_line(image: Image.Image, start: Pixel, stop: Pixel, color: Color, width_px: float = 2.0) -> None:
    """A smooth straight line between pixel positions (centres are integers), in place."""
    low = [int(np.floor(min(a, b) - width_px - 1)) for a, b in zip(start, stop, strict=True)]
    high = [int(np.ceil(max(a, b) + width_px + 2)) for a, b in zip(start, stop, strict=True)]
    cover = Image.new("L", ((high[0] - low[0]) * _SMOOTH, (high[1] - low[1]) * _SMOOTH))
    ends = [((x - low[0] + 0.5) * _SMOOTH, (y - low[1] + 0.5) * _SMOOTH) for x, y in (start, stop)]
    ImageDraw.Draw(cover).line(ends, fill=255, width=round(width_px * _SMOOTH))
    image.paste(
        Image.new("RGB", (1, 1), color).resize((high[0] - low[0], high[1] - low[1])),
        (low[0], low[1]),
        cover.reduce(_SMOOTH),
    )


def draw_text(image: Image.Image, at: Pixel, text: str, color: Color, size_px: int, anchor: str = "la") -> None:
    """Text with a dark rim, readable on any gray value, moved so that it stays inside the picture."""
    draw, face = ImageDraw.Draw(image), font(size_px)
    left, top, right, bottom = draw.textbbox(at, text, font=face, anchor=anchor, stroke_width=2)
    shift_x = max(0.0, 2 - left) - max(0.0, right - image.width + 2)
    shift_y = max(0.0, 2 - top) - max(0.0, bottom - image.height + 2)
    place = (at[0] + shift_x, at[1] + shift_y)
    draw.text(place, text, fill=color, font=face, anchor=anchor, stroke_width=2, stroke_fill=(0, 0, 0))


def draw_directions(image: Image.Image, grid: PictureGrid, size_px: int = 22) -> None:
    """The letters of the patient's sides at the four edges."""
    right, down = np.array(grid.plane.right_ras), np.array(grid.plane.down_ras)
    width, height = image.size
    places = {
        (6.0, height / 2, "lm"): -right,
        (width - 6.0, height / 2, "rm"): right,
        (width / 2, 6.0, "ma"): -down,
        (width / 2, height - 6.0, "md"): down,
    }
    for (x, y, anchor), (a, b, c) in places.items():
        draw_text(image, (x, y), direction_letters((float(a), float(b), float(c))), WHITE, size_px, anchor)


def draw_scale_bar(image: Image.Image, pixel_mm: float, size_px: int = 18) -> None:
    """A bar of 5 cm, or 1 cm where 5 cm would fill the picture, at the lower right."""
    length_mm = _SCALE_BAR_MM if _SCALE_BAR_MM / pixel_mm <= image.width / 2 else _SCALE_BAR_MM / 5
    right, y = image.width - 14.0, image.height - 16.0
    left = right - length_mm / pixel_mm
    for width, color in ((5.0, (0, 0, 0)), (2.0, WHITE)):
        draw_line(image, (left, y), (right, y), color, width)
        for x in (left, right):
            draw_line(image, (x, y - 6), (x, y + 6), color, width)
    draw_text(image, ((left + right) / 2, y - 8), f"{length_mm / 10:g} cm", WHITE, size_px, "md")


def draw_legend(image: Image.Image, at: Pixel, entries: Sequence[tuple[Color, str]], size_px: int) -> None:
    """Colour patches with their names in one row."""
    draw, face = ImageDraw.Draw(image), font(size_px)
    x, y = at
    for color, text in entries:
        draw.rectangle((x, y - size_px * 0.4, x + size_px, y + size_px * 0.4), fill=color)
        draw.text((x + size_px * 1.5, y), text, fill=WHITE, font=face, anchor="lm")
        x += size_px * 3.2 + draw.textlength(text, font=face)


def _with_neighbors(mask: Bool[np.ndarray, "h w"], rule: np.ufunc) -> Bool[np.ndarray, "h w"]:
    """Where ``rule`` holds between a pixel and one of its four neighbours."""
    found = np.zeros_like(mask)
    across, along = rule(mask[:, 1:], mask[:, :-1]), rule(mask[1:], mask[:-1])
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= along
    found[:-1] |= along
    return found
