"""What every file reader returns before anyone asks whether it is a CT or a label map."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.errors import InputError

MAX_VOXELS = 2**32
"""About 512 x 512 x 16384: more is a broken header or an attack, not a CT."""


@dataclass(frozen=True, eq=False)
class RawImage:
    """Stored values with the header's scaling applied, and the map ijk -> RAS in mm.

    array: (i, j, k). kind: nifti, nrrd or metaimage. sha256: of the file.
    """

    path: Path
    kind: str
    array: np.ndarray
    affine: Affine
    sha256: str
    warnings: tuple[str, ...] = ()


def spatial_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """The three axes of a stored shape; single-element axes behind the third are dropped.

    Raises InputError for 2D and 4D images and for sizes that no scanner makes.
    """
    kept = tuple(shape)
    while len(kept) > 3 and kept[-1] == 1:
        kept = kept[:-1]
    if len(kept) != 3 or min(kept) < 2:
        raise InputError(
            found=f"{path.name} is an image of {' x '.join(map(str, shape))} voxels",
            expected="a volume with three axes of at least 2 voxels",
            remedy="Export one CT series as one 3D volume" + (" (one phase of a 4D series)" if len(kept) > 3 else ""),
        )
    if np.prod([float(n) for n in kept]) > MAX_VOXELS:
        raise InputError(
            found=f"{path.name} says it has {' x '.join(map(str, kept))} voxels",
            expected=f"at most {MAX_VOXELS} voxels",
            remedy="The header is damaged: export the CT again",
        )
    i, j, k = kept
    return i, j, k


def read_bytes(path: Path) -> bytes:
    """The whole file. Raises InputError if it may not be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> InputError:
    """A file or folder that the system does not let us read."""
    return InputError(
        found=f"{path} cannot be read ({error.strerror or error})",
        expected="a file that this user may read",
        remedy="Check its permissions, or copy it to a local disk",
    )


def damaged(path: Path, reason: str) -> InputError:
    """A file that ends early or contradicts itself."""
    return InputError(
        found=f"{path.name} is damaged or incomplete ({reason})",
        expected="a complete image file",
        remedy="Copy or export it again and compare the file sizes",
    )


def not_scalar(path: Path, what: str) -> InputError:
    """A color picture, a vector field, complex numbers."""
    return InputError(
        found=f"{path.name} is {what}",
        expected="one number per voxel",
        remedy="Export the CT itself, not a color picture or a vector field",
    )


def sha256(data: bytes | memoryview) -> str:
    """Hexadecimal digest."""
    return hashlib.sha256(data).hexdigest()


def content_sha256(array: np.ndarray, affine: Affine) -> str:
    """Hash of voxels and geometry, for sources that are many files; the same however they were packed."""
    digest = hashlib.sha256(np.ascontiguousarray(array.T).data.cast("B"))
    digest.update(str(array.dtype.str).encode() + str(array.shape).encode() + np.round(affine, 6).tobytes())
    return digest.hexdigest()
