"""NRRD in, and the ``.seg.nrrd`` that 3D Slicer opens as an editable segmentation out."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import nrrd
import numpy as np

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.affine import lps_from_ras
from LiverTumorSegLib.io.raw import (
    RawImage,
    content_sha256,
    damaged,
    not_scalar,
    read_bytes,
    sha256,
    spatial_shape,
    unreadable,
)
from LiverTumorSegLib.labels import Label, LabelSet
from LiverTumorSegLib.volume import Volume

GZIP_LEVEL = 1

_SHORT = {"L": "left", "R": "right", "A": "anterior", "P": "posterior", "S": "superior", "I": "inferior"}
_TO_RAS = {"right": (0, 1), "left": (0, -1), "anterior": (1, 1), "posterior": (1, -1), "superior": (2, 1)} | {
    "inferior": (2, -1)
}


def read_nrrd(path: Path) -> RawImage:
    """A 3D NRRD (.nrrd, or .nhdr with its data file).

    Raises InputError for damaged, 2D, 4D and color images and where the header has no spacing.
    """
    data, header = load(path)
    if any(kind in ("list", "vector") or "color" in kind.lower() for kind in header.get("kinds", ())):
        raise not_scalar(path, f"an image with axes {' '.join(map(str, header['kinds']))}")
    spatial_shape(path, data.shape)
    affine, warnings = affine_of(path, header)
    digest = content_sha256(data, affine) if "data file" in header else sha256(read_bytes(path))
    return RawImage(path, "nrrd", data.reshape(data.shape[:3]), affine, digest, warnings)


def load(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Stored array, first axis fastest, and header. Raises InputError if the file is damaged or may not be read."""
    try:
        data, header = nrrd.read(str(path), index_order="F")
    except (PermissionError, FileNotFoundError) as error:
        raise unreadable(path, error) from error
    except (nrrd.NRRDError, zlib.error, OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"NRRD: {error}") from error
    return data, dict(header)


def affine_of(path: Path, header: dict[str, Any]) -> tuple[Affine, tuple[str, ...]]:
    """ijk -> RAS of the last three axes, with warnings.

    Raises InputError where the header has no spacing or an origin that is no point.
    """
    _refuse_other_units(path, header)
    columns, origin = _directions(path, header), np.asarray(header.get("space origin", np.zeros(3)))
    if origin.shape != (3,):
        raise damaged(path, f"a space origin of {origin.size} numbers for three axes")
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = columns, origin
    space = header.get("space")
    if space is None:
        message = "The header does not name its axes; they were taken as left, posterior, superior."
        return _frame("left-posterior-superior") @ affine, (message,)
    return _frame(str(space)) @ affine, ()


def _directions(path: Path, header: dict[str, Any]) -> np.ndarray:
    if "space directions" in header:
        rows = [row for row in header["space directions"] if row is not None and not np.isnan(row).any()]
        if len(rows) >= 3 and all(len(row) == 3 for row in rows):
            return np.array(rows[-3:], dtype=np.float64).T
    elif len(header.get("spacings", ())) >= 3:
        return np.diag(np.asarray(header["spacings"], dtype=np.float64)[-3:])
    raise InputError(
        found=f"{path.name} has a header without spacing",
        expected="'space directions' or 'spacings' for three axes",
        remedy="Save it from the program that read the DICOM series, with its spacing",
    )


def _refuse_other_units(path: Path, header: dict[str, Any]) -> None:
    units = {str(unit) for unit in (*header.get("space units", ()), *header.get("units", ()))} - {"", "mm", "none"}
    if units:
        raise InputError(
            found=f"{path.name} is measured in {', '.join(sorted(units))}",
            expected="mm",
            remedy="Save it with its spacing in mm",
        )


def _frame(space: str) -> Affine:
    """Signed permutation (4, 4) from a NRRD space to RAS. Raises InputError for spaces that are not of a patient."""
    words = [_SHORT.get(c, "") for c in space] if len(space) == 3 else space.lower().split("-")
    if {word for word in words[:3] if word in _TO_RAS} != set(words) or len({_TO_RAS[w][0] for w in words}) != 3:
        raise InputError(
            found=f"a NRRD in the space {space!r}",
            expected="a patient space such as left-posterior-superior",
            remedy="Save the volume from 3D Slicer",
        )
    frame = np.zeros((4, 4))
    for column, word in enumerate(words):
        row, sign = _TO_RAS[word]
        frame[row, column] = sign
    frame[3, 3] = 1
    return frame


def write_seg_nrrd(path: Path, segmentation: Volume, labels: LabelSet) -> None:
    """An exclusive label map as one shared layer with one segment per label, empty ones included.

    segmentation: uint8 on the CT's grid. Segment ids are the labels' names. The whole grid is stored, so that Slicer
    edits on the CT's voxels.
    """
    affine = lps_from_ras(segmentation.affine)
    header: dict[str, Any] = {
        "type": "unsigned char",
        "dimension": 3,
        "space": "left-posterior-superior",
        "space directions": affine[:3, :3].T,
        "kinds": ["domain", "domain", "domain"],
        "encoding": "gzip",
        "space origin": affine[:3, 3],
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
        "Segmentation_ConversionParameters": _conversion(segmentation),
    }
    extent = _extent(segmentation.array)
    for index, label in enumerate(labels):
        header |= _segment_fields(index, label, extent)
    array = np.asarray(segmentation.array, dtype=np.uint8)
    nrrd.write(str(path), array, header, compression_level=GZIP_LEVEL, index_order="F")


def _segment_fields(index: int, label: Label, extent: str) -> dict[str, str]:
    fields = {
        "ID": label.name,
        "Name": label.title,
        "NameAutoGenerated": "0",
        "Color": " ".join(f"{channel / 255:.6g}" for channel in label.color),
        "ColorAutoGenerated": "0",
        "LabelValue": str(label.value),
        "Layer": "0",
        "Extent": extent,
        "Tags": f"Segmentation.Status:inprogress|TerminologyEntry:{label.terminology}|",
    }
    return {f"Segment{index}_{name}": value for name, value in fields.items()}


def _extent(array: np.ndarray) -> str:
    """First and last index of the labeled voxels along i, j, k, as Slicer writes it for a shared layer."""
    limits = []
    for axis in range(3):
        used = np.flatnonzero(array.any(axis=tuple(a for a in range(3) if a != axis)))
        limits += [int(used[0]), int(used[-1])] if used.size else [0, -1]
    return " ".join(map(str, limits))


def _conversion(volume: Volume) -> str:
    """The reference geometry that Slicer keeps: the matrix row by row, then the extent."""
    matrix = ";".join(repr(float(value)) for value in volume.affine.ravel())
    extent = ";".join(f"0;{n - 1}" for n in volume.shape)
    text = "Image geometry description string determining the geometry of the labelmap"
    return f"Reference image geometry|{matrix};{extent};|{text}&"
