"""A plot of shares (0 to 1) on white: axis, boxes, dots, bars, whiskers and labels, drawn with Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
Pixel = float | int
"""A position in the finished picture, or a length."""

INK: Color = (40, 44, 50)
_GRID: Color = (225, 228, 232)
_WHITE: Color = (255, 255, 255)
_FINE = 3
"""Drawn this much larger, then reduced: Pillow's shapes have hard edges."""
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class Sheet:
    """A white picture that is drawn on in final pixels, fractions allowed."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width * _FINE, height * _FINE), _WHITE)
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        return self._image.reduce(_FINE)

    def line(self, x0: Pixel, y0: Pixel, x1: Pixel, y1: Pixel, color: Color = INK, width: Pixel = 1.0) -> None:
        ends = [value * _FINE for value in (x0, y0, x1, y1)]
        self._draw.line(ends, fill=color, width=max(1, round(width * _FINE)))

    def box(self, x0: Pixel, y0: Pixel, x1: Pixel, y1: Pixel, fill: Color, outline: Color | None = None) -> None:
        corners = [value * _FINE for value in (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))]
        self._draw.rectangle(corners, fill=fill, outline=outline, width=_FINE)

    def dot(self, x: Pixel, y: Pixel, radius: Pixel, color: Color) -> None:
        corners = [value * _FINE for value in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(corners, fill=color, outline=_WHITE, width=_FINE // 2)

    def text(
        self, x: Pixel, y: Pixel, text: str, size: int = 15, anchor: str = "mm", color: Color = INK, halo: Pixel = 0
    ) -> None:
        """halo: width of a white rim, for words on lines."""
        place, rim = (x * _FINE, y * _FINE), round(halo * _FINE)
        self._draw.text(place, text, fill=color, font=_font(size), anchor=anchor, stroke_width=rim, stroke_fill=_WHITE)

    def legend(self, x: Pixel, y: Pixel, entries: Sequence[tuple[Color, str]], size: int = 15) -> None:
        """Colour patches with their names in one row."""
        for color, text in entries:
            self.box(x, y - 6, x + 12, y + 6, color)
            self.text(x + 18, y, text, size, "lm")
            x += 18 + self._draw.textlength(text, font=_font(size)) / _FINE + 24


@dataclass(frozen=True)
class Panel:
    """A rectangle of a sheet with shares upwards and places side by side; each place has a slot for every group."""

    sheet: Sheet
    left: Pixel
    top: Pixel
    right: Pixel
    bottom: Pixel
    places: int
    groups: int

    def y(self, share: float) -> float:
        """Where a share lies."""
        return self.bottom - share * (self.bottom - self.top)

    def x(self, place: int, group: int) -> float:
        """Middle of a slot."""
        return self.left + self.place_width * (place + 0.08 + 0.84 * (group + 0.5) / self.groups)

    @property
    def place_width(self) -> float:
        return (self.right - self.left) / self.places

    @property
    def slot_width(self) -> float:
        return min(90.0, 0.84 * self.place_width / self.groups)

    def frame(self, title: str, names: Sequence[str]) -> None:
        """Grid lines, their shares, a title and the names of the places."""
        self.sheet.text(self.left, self.top - 22, title, 18, "ls")
        for tick in _TICKS:
            self.sheet.line(self.left, self.y(tick), self.right, self.y(tick), INK if tick == 0 else _GRID)
            self.sheet.text(self.left - 8, self.y(tick), f"{tick:.1f}", 14, "rm")
        for place, name in enumerate(names):
            self.sheet.text(self.left + self.place_width * (place + 0.5), self.bottom + 42, name)

    def note(self, place: int, group: int, text: str) -> None:
        """A word under a slot."""
        self.sheet.text(self.x(place, group), self.bottom + 16, text, 13)


def paler(color: Color, share: float = 0.75) -> Color:
    """Mixed with that share of white."""
    r, g, b = (round(value + (255 - value) * share) for value in color)
    return r, g, b


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own: it is there on every machine."""
    return ImageFont.load_default(size=size * _FINE)
