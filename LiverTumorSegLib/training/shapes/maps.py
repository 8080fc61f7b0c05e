"""Label maps of livers on the grid of the anatomy network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.anatomy.shape import SPACING_MM, organ_box, shape_grid, share_of
from LiverTumorSegLib.arrays import ImageArray, LabelArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.resample import box_around_other, resample
from LiverTumorSegLib.io.nifti import read_nifti
from LiverTumorSegLib.io.raw import RawImage
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.labels import COUINAUD_LABELS
from LiverTumorSegLib.volume import Volume

COUINAUD, VEINS = Path("labelmaps", "couinaud"), Path("labelmaps", "abdomen")
"""Below the data folder: NAME.nii.gz with values 1 to 8, and maps with portal and hepatic veins, for some names."""
_VEIN_NAMES = ("portal_vein", "hepatic_veins_and_vena_cava")

Shares = Float32[np.ndarray, "2 i j k"]


@dataclass(frozen=True, eq=False)
class LiverShape:
    """segments: 1 to 8 inside the organ, 0 outside. veins: share of each voxel that is portal vein, hepatic vein; all 0
    where nobody drew them (has_veins false).
    """

    segments: LabelArray
    veins: Shares
    has_veins: bool


def read_shapes(data: Path, names: Sequence[str]) -> Iterator[LiverShape]:
    """In the order of the names. data: with COUINAUD and VEINS. Raises InputError for a map that is missing, damaged or
    holds other values.
    """
    facts = read_json(data / VEINS / "labels.json")
    for name in names:
        yield read_shape(data, name, facts["labels"])


def read_shape(data: Path, name: str, values: dict[str, int]) -> LiverShape:
    """One of them. values: of the map with veins, by name."""
    image = read_nifti(data / COUINAUD / f"{name}.nii.gz")
    labels = _segments(image.array, name)
    segments = Volume(labels, image.affine)
    segments = segments.crop(organ_box(segments))
    grid = shape_grid(segments)
    veins = data / VEINS / f"{name}.nii.gz"
    shares = np.zeros((2, *grid.shape), np.float32)
    if veins.is_file():
        drawn = _around(segments, read_nifti(veins))
        for share, vein in zip(shares, _VEIN_NAMES, strict=True):
            share[:] = share_of(drawn.with_array(drawn.array == values[vein]), grid).array
    return LiverShape(resample(segments, grid, outside=0.0, linear=False).array, shares, veins.is_file())


def _around(segments: Volume, image: RawImage) -> Volume:
    """The part of a map of the whole body that shows a liver."""
    drawn = Volume(image.array, image.affine)
    i, j, k = (slice(0, n) for n in segments.shape)
    box = box_around_other((i, j, k), segments, drawn, SPACING_MM)
    return drawn if box is None else drawn.crop(box)


def _segments(array: ImageArray, name: str) -> LabelArray:
    known = {0, *COUINAUD_LABELS.values().values()}
    found = np.unique(array)
    if not set(found.tolist()) <= known or len(found) < 2:
        raise InputError(
            found=f"{name}, with the values {', '.join(f'{value:g}' for value in found[:10])}",
            expected="Couinaud segments 1 to 8, 0 outside",
            remedy="Leave this map out of the recipe",
        )
    return np.asarray(array).astype(np.uint8)
