"""DICOM planes -> the series that can be segmented, and which of them is meant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from operator import methodcaller

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.dicom_headers import Plane

MIN_PLANES = 3
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_MAX_LISTED = 12
_PHASE_KEYS = ("AcquisitionNumber", "TemporalPositionIdentifier", "AcquisitionTime", "ConvolutionKernel", "ImageType")
"""What tells phases apart that were stored as one series; tried in this order."""


class SeveralSeriesError(InputError):
    """Several series, and none or no clear one is chosen. choices: the series in words, by their number from 1 on."""

    def __init__(self, choices: tuple[str, ...], *, found: str, expected: str, remedy: str) -> None:
        self.choices = choices
        super().__init__(found=found, expected=expected, remedy=remedy)


@dataclass(frozen=True, eq=False)
class Series:
    """Planes of one series that are parallel, of one size and at different positions; at least MIN_PLANES."""

    planes: tuple[Plane, ...]

    @property
    def uid(self) -> str:
        return self.planes[0].text("SeriesInstanceUID")

    @property
    def description(self) -> str:
        return self.planes[0].text("SeriesDescription")

    def summary(self) -> str:
        """Description, size, spacing and UID in a few words."""
        first = self.planes[0]
        title = f"'{self.description}'" if self.description else "no description"
        rows, columns = first.spacing_mm or (0.0, 0.0)
        return (
            f"{title}, {len(self.planes)} slices, {columns:.2f} x {rows:.2f} x {self._step_mm():.2f} mm, "
            f"UID ...{self.uid[-8:]}{f', scanner number {self.number}' if self.number else ''}"
        )

    @property
    def number(self) -> str:
        """The scanner's SeriesNumber; "" if there is none."""
        return self.planes[0].text("SeriesNumber")

    def _step_mm(self) -> float:
        heights = np.sort(heights_mm(self.planes))
        return float(np.median(np.diff(heights)))


def heights_mm(planes: Iterable[Plane]) -> np.ndarray:
    """Position of each plane along the common normal; planes must have position and orientation."""
    planes = list(planes)
    orientation = _known(planes[0].orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    return np.array([_known(plane.position) @ normal for plane in planes])


def find_series(planes: list[Plane]) -> tuple[list[Series], tuple[str, ...]]:
    """The CT series among the planes, in the order of their numbers, and warnings about what was left out.

    Left out: other modalities, localizers, secondary captures, color images, planes without geometry, groups of fewer
    than MIN_PLANES, and files that occur twice. Raises InputError, naming the reasons, if nothing is left.
    """
    unique = list({plane.uid or plane.name: plane for plane in reversed(planes)}.values())[::-1]
    reasons = Counter(reason for plane in unique if (reason := _unusable(plane)))
    groups = _grouped([plane for plane in unique if not _unusable(plane)])
    series = [Series(tuple(group)) for group in groups if len(group) >= MIN_PLANES]
    small = sum(len(group) for group in groups if len(group) < MIN_PLANES)
    if small:
        reasons["single image, or of another size or direction than its series"] += small
    if not series:
        raise _nothing_usable(reasons)
    warnings = [f"Left out {count} images: {reason}." for reason, count in sorted(reasons.items())]
    if len(unique) < len(planes):
        warnings.insert(0, f"Left out {len(planes) - len(unique)} images that occur twice.")
    return sorted(series, key=_listing_order), tuple(warnings)


def choose_series(series: list[Series], wanted: str | None) -> Series:
    """The only series, or the one that ``wanted`` names.

    wanted: number in the list of the error message or the scanner's own (#3: of the list, whatever the scanner says),
    the UID or its end, or the description (case does not matter).
    Raises SeveralSeriesError with that list if several are left or none matches.
    """
    if wanted is None:
        if len(series) == 1:
            return series[0]
        raise _ask(series, "", 0)
    text = wanted.strip()
    for matches in _matches(series, text):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise _ask(series, text, len(matches))
    raise _ask(series, text, 0)


def _matches(series: list[Series], text: str) -> Iterator[list[Series]]:
    if re.fullmatch(r"#\d+", text):
        yield series[int(text[1:]) - 1 : int(text[1:])] if int(text[1:]) else []
    if text.isdigit():
        # A number of the list that is also the scanner's number of another series is no clear choice.
        listed = [one for n, one in enumerate(series, start=1) if n == int(text)]
        yield listed + [one for one in series if one.number.lstrip("0") == text and one not in listed]
    yield [one for one in series if one.uid == text]
    yield [one for one in series if one.description.casefold() == text.casefold()]
    tail = text.removeprefix("...")
    if re.fullmatch(r"[\d.]+", tail):
        yield [one for one in series if one.uid.endswith(tail)]
    yield [one for one in series if text and text.casefold() in one.description.casefold()]


def _ask(series: list[Series], wanted: str, matching: int) -> SeveralSeriesError:
    what = f"{matching or 'no'} series matching {wanted!r} among {len(series)}" if wanted else f"{len(series)} series"
    choices = tuple(one.summary() for one in series)
    listed = "; ".join(f"{n}: {text}" for n, text in enumerate(choices[:_MAX_LISTED], start=1))
    more = f"; and {len(series) - _MAX_LISTED} more" if len(series) > _MAX_LISTED else ""
    return SeveralSeriesError(
        choices,
        found=f"{what} ({listed}{more})",
        expected="one series to work on",
        remedy="Choose with --series and a number of this list, a UID or its end, or a description",
    )


def _unusable(plane: Plane) -> str:
    """Why a plane cannot be part of a CT volume; empty if it can."""
    checks: tuple[tuple[bool, Callable[[], str]], ...] = (
        (plane.text("Modality") != "CT", lambda: f"modality {plane.text('Modality') or 'not given'}, not CT"),
        ("LOCALIZER" in plane.image_type, lambda: "localizer (scout)"),
        (plane.text("SOPClassUID").startswith(_SECONDARY_CAPTURE), lambda: "secondary capture (screenshot)"),
        (int(plane.header.get("SamplesPerPixel") or 1) != 1, lambda: "color image"),
        (plane.position is None or plane.orientation is None, lambda: "no position or orientation in the header"),
        (plane.spacing_mm is None, lambda: "no pixel spacing in the header"),
    )
    return next((reason() for bad, reason in checks if bad), "")


def _nothing_usable(reasons: Counter[str]) -> InputError:
    why = "; ".join(f"{count} images: {reason}" for reason, count in reasons.most_common())
    return InputError(
        found=f"no CT series of at least {MIN_PLANES} slices ({why or 'no DICOM images'})",
        expected="a CT series",
        remedy="Give the folder or the zip that holds the CT's slices",
    )


def _grouped(planes: list[Plane]) -> list[list[Plane]]:
    groups = _split(planes, lambda plane: (plane.text("StudyInstanceUID"), plane.text("SeriesInstanceUID")))
    same_kind = [part for group in groups for part in _split(group, _geometry_key)]
    return [phase for part in same_kind for phase in _phases(part)]


def _geometry_key(plane: Plane) -> Hashable:
    orientation = tuple(np.round(_known(plane.orientation), 2) + 0.0)
    return plane.size, tuple(round(value, 3) for value in plane.spacing_mm or ()), orientation


def _phases(planes: list[Plane]) -> list[list[Plane]]:
    """Splits planes at equal positions by the first header value that keeps them apart; else leaves them together."""
    if len(planes) < MIN_PLANES or _has_distinct_positions(planes):
        return [planes]
    for keyword in _PHASE_KEYS:
        parts = _split(planes, methodcaller("text", keyword))
        if len(parts) > 1 and all(len(part) >= MIN_PLANES and _has_distinct_positions(part) for part in parts):
            return parts
    return [planes]


def _has_distinct_positions(planes: list[Plane]) -> bool:
    return bool(np.diff(np.sort(heights_mm(planes))).min() > 0.01)


def _split(planes: list[Plane], key: Callable[[Plane], Hashable]) -> list[list[Plane]]:
    groups: dict[Hashable, list[Plane]] = defaultdict(list)
    for plane in planes:
        groups[key(plane)].append(plane)
    return list(groups.values())


def _listing_order(series: Series) -> tuple[int, str, str]:
    number, acquisition = (series.planes[0].text(keyword) for keyword in ("SeriesNumber", "AcquisitionNumber"))
    return int(number) if number.lstrip("-").isdigit() else 10**9, series.uid, acquisition


def _known(value: np.ndarray | None) -> np.ndarray:
    if value is None:
        message = "a plane without geometry got past find_series"
        raise ValueError(message)
    return value
