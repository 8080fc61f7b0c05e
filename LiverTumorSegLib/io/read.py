"""Any file or folder that a user may call a CT -> a Study."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import RawImage, unreadable
from LiverTumorSegLib.io.validate import ct_volume
from LiverTumorSegLib.study import Source, Study

FORMATS = "NIfTI (.nii, .nii.gz), NRRD, MetaImage, a DICOM folder or a zip of one"
_START_BYTES = 4096


def read_study(path: Path, *, series: str | None = None) -> Study:
    """The CT at a path, recognized by its content.

    series: number, UID, end of a UID or description, where a DICOM folder or zip holds several. ct is int16 (float32
    where int16 cannot hold the values), at least -1024, on the acquired grid. Raises InputError for everything that
    cannot be measured, and where a series is chosen from a file that holds none.
    """
    kind = _recognize(path)
    if series is not None and kind not in ("folder", "zip"):
        raise _no_series_to_choose(path, series)
    if kind in ("folder", "zip", "dicom"):
        from LiverTumorSegLib.io import dicom

        if kind == "dicom":
            return dicom.read_dicom_file(path)
        return (dicom.read_dicom_folder if kind == "folder" else dicom.read_dicom_zip)(path, series)
    image = _readers()[kind](path)
    ct, warnings = ct_volume(image)
    return Study(ct, Source(str(path), image.kind, image.sha256, warnings=warnings))


def read_image(path: Path) -> RawImage:
    """A NIfTI, NRRD or MetaImage file as stored. Raises InputError for everything else."""
    kind = _recognize(path)
    if kind not in _readers():
        raise InputError(
            found=f"{path} is a {kind}",
            expected="a NIfTI, NRRD or MetaImage file",
            remedy="Give the file of the segmentation",
        )
    return _readers()[kind](path)


def _no_series_to_choose(path: Path, series: str) -> InputError:
    return InputError(
        found=f"the series {series!r} was asked for, but {path.name} is a single image",
        expected="a DICOM folder or a zip of one, which may hold several series",
        remedy="Leave out --series, or give the folder",
    )


def _readers() -> dict[str, Callable[[Path], RawImage]]:
    from LiverTumorSegLib.io.metaimage import read_metaimage
    from LiverTumorSegLib.io.nifti import read_nifti
    from LiverTumorSegLib.io.nrrd import read_nrrd

    return {"nifti": read_nifti, "nrrd": read_nrrd, "metaimage": read_metaimage}


def _recognize(path: Path) -> str:
    """folder, zip, dicom, nifti, nrrd or metaimage. Raises InputError for anything else."""
    try:
        if path.is_dir():
            return "folder"
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except FileNotFoundError as error:
        raise InputError(
            found=f"{path} does not exist", expected=FORMATS, remedy="Check the path for typing errors"
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    return _kind_of(path, start)


def _kind_of(path: Path, start: bytes) -> str:
    from LiverTumorSegLib.io.metaimage import is_metaimage
    from LiverTumorSegLib.io.nifti import is_nifti

    if start[:2] == b"\x1f\x8b":
        start = _unpacked_start(start)
    checks = (
        ("zip", start[:4] in (b"PK\x03\x04", b"PK\x05\x06")),
        ("dicom", start[128:132] == b"DICM"),
        ("nrrd", start[:4] == b"NRRD"),
        ("nifti", is_nifti(start)),
        ("metaimage", is_metaimage(start)),
    )
    for kind, matches in checks:
        if matches:
            return kind
    raise InputError(
        found=f"{path.name} is {_describe(start)}, not an image that can be read",
        expected=FORMATS,
        remedy="Export the CT in one of these formats; the content counts, not the name",
    )


def _unpacked_start(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(packed, _START_BYTES)
    except zlib.error:
        return b""


def _describe(start: bytes) -> str:
    if not start:
        return "empty or damaged"
    printable = sum(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start)
    return "a text file" if printable == len(start) else "of an unknown kind"
