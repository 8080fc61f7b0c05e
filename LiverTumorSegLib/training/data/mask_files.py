"""The files of MASKS_DICOM: a folder, or a zip that shrinks further than the guard against zip bombs allows a CT to."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.archive import MAX_FILES, Entry, folder_entries
from LiverTumorSegLib.io.raw import unreadable

MAX_SLICE_BYTES = 64 * 2**20
"""Twice a slice of 4096 x 4096 pixels of 16 bits. Slices are unpacked one by one, so that this bounds a bomb; the
ratio cannot: masks that are nearly all 0 shrink to a three-hundredth (patient 1), bombs to a thousandth."""


@contextmanager
def mask_entries(path: Path) -> Iterator[list[Entry]]:
    """Files below a folder or in a zip, sorted by name, hidden ones left out; nothing is unpacked to disk.

    Raises InputError for a broken zip and for one with files that are no slices. A password is refused when read.
    """
    if path.is_dir():
        yield folder_entries(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(
            found=f"{path} cannot be unpacked ({error})",
            expected="a complete zip file",
            remedy="Download it again, or unpack it yourself beside the zip",
        ) from error
    with archive:
        files = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
        _check_sizes(path, files)
        yield [Entry(name, path, archive) for name in sorted({info.filename for info in files})]


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _check_sizes(path: Path, files: list[zipfile.ZipInfo]) -> None:
    largest = max((info.file_size for info in files), default=0)
    if largest > MAX_SLICE_BYTES or len(files) > MAX_FILES:
        raise InputError(
            found=f"{path} with {len(files)} files, the largest of {largest / 2**20:.0f} MiB",
            expected=f"slices of masks, at most {MAX_FILES} of {MAX_SLICE_BYTES // 2**20} MiB each",
            remedy="Give MASKS_DICOM.zip as it was published",
        )
