""".seg.nrrd as 3D Slicer saves it after edits: cropped, in several layers, renamed, overlapping."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Affine, Mask
from LiverTumorSegLib.io.nrrd import affine_of, load
from LiverTumorSegLib.io.raw import damaged, unreadable

_CODE = re.compile(r"TerminologyEntry:[^~|]*~[^~|]*~[^~|^]*\^([^~|^]*)\^")


@dataclass(frozen=True)
class Segment:
    """One segment of the file. code: of its terminology entry, empty if it has none. layer: index of its label map."""

    id: str
    name: str
    code: str
    layer: int
    value: int


@dataclass(frozen=True, eq=False)
class SegmentFile:
    """Layers (layer, i, j, k) on one grid and the segments in them."""

    path: Path
    layers: np.ndarray
    affine: Affine
    segments: tuple[Segment, ...]

    def mask(self, segment: Segment) -> Mask:
        """Voxels of one segment, (i, j, k)."""
        return np.asarray(self.layers[segment.layer] == segment.value)


def is_seg_nrrd(path: Path) -> bool:
    """Whether a NRRD file says that it holds segments. Raises InputError if it may not be read."""
    try:
        with path.open("rb") as file:
            start = file.read(2**16)
    except OSError as error:
        raise unreadable(path, error) from error
    return start[:4] == b"NRRD" and re.search(rb"^Segment\d+_ID:=", start, re.MULTILINE) is not None


def read_seg_nrrd(path: Path) -> SegmentFile:
    """All segments of a .seg.nrrd, on the grid that the file stores (Slicer may have cropped it).

    Raises InputError for a damaged file.
    """
    data, header = load(path)
    layers = data if data.ndim == 4 else data[np.newaxis]
    if layers.ndim != 4:
        raise damaged(path, f"{data.ndim} axes where a segmentation has 3, or 4 with its layers")
    affine, _ = affine_of(path, header)
    segments = tuple(_segment(path, header, index, len(layers)) for index in _indices(header))
    return SegmentFile(path, layers, affine, segments)


def _indices(header: dict[str, Any]) -> list[int]:
    found = (re.fullmatch(r"Segment(\d+)_ID", key) for key in header)
    return sorted(int(match.group(1)) for match in found if match)


def _segment(path: Path, header: dict[str, Any], index: int, layers: int) -> Segment:
    """Files of Slicer before 4.11 have neither layer nor value: a layer per segment, each 0 and 1."""

    def field(name: str, default: str) -> str:
        return str(header.get(f"Segment{index}_{name}", default))

    code = _CODE.search(field("Tags", ""))
    try:
        layer, value = int(field("Layer", str(min(index, layers - 1)))), int(field("LabelValue", "1"))
    except ValueError as error:
        raise damaged(path, f"segment {index}: {error}") from error
    if not 0 <= layer < layers:
        raise damaged(path, f"segment {index} is in layer {layer} of {layers}")
    return Segment(field("ID", ""), field("Name", ""), code.group(1) if code else "", layer, value)
