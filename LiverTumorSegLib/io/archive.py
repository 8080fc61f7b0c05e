"""The files of a folder or of a zip, without unpacking anything to disk."""

from __future__ import annotations

import errno
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import unreadable

MAX_FILES = 200_000
MAX_UNPACKED_BYTES = 32 * 2**30
MAX_RATIO = 200
"""Packed CT shrinks to a half or a tenth; empty slices perhaps to a hundredth; a zip bomb to less than a thousandth."""
_RATIO_MATTERS_BYTES = 100 * 2**20


@dataclass(frozen=True)
class Entry:
    """One file. name: relative to the folder or the zip, for messages. archive: the zip it is in, or None."""

    name: str
    path: Path
    archive: zipfile.ZipFile | None = None

    def open(self) -> IO[bytes] | zipfile.ZipExtFile:
        """Raises InputError if the file may not be read, is damaged, or (in a zip) is encrypted."""
        try:
            return self.path.open("rb") if self.archive is None else self.archive.open(self.name)
        except OSError as error:
            raise unreadable(self.path, error) from error
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise _unusable_zip(self.path, str(error)) from error

    def read(self) -> bytes:
        with self.open() as file:
            try:
                return file.read()
            except OSError as error:
                raise unreadable(self.path, error) from error
            except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
                raise _unusable_zip(self.path, str(error)) from error


def folder_entries(folder: Path) -> list[Entry]:
    """Every regular file below a folder, sorted by name; hidden files are left out.

    Raises InputError if the folder may not be listed or holds more than MAX_FILES.
    """
    found = []
    for path in _walk(folder):
        found.append(Entry(str(path.relative_to(folder)), path))
        if len(found) > MAX_FILES:
            raise _too_many(folder)
    return sorted(found, key=lambda entry: entry.name)


@contextmanager
def zip_entries(path: Path) -> Iterator[list[Entry]]:
    """The files in a zip, sorted by name. Nothing is written to disk, so a name cannot point outside a folder.

    Raises InputError for damaged and encrypted archives and for zip bombs.
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise _unusable_zip(path, str(error)) from error
    with archive:
        files = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
        _refuse_bomb(path, files)
        yield [Entry(name, path, archive) for name in sorted({info.filename for info in files})]


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise unreadable(Path(error.filename or folder), error) from error

    for root, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root) / name
            if not name.startswith(".") and _is_regular(path):
                yield path


def _is_regular(path: Path) -> bool:
    """False for pipes and sockets, which would block, and for links that lead nowhere or in a circle.

    Raises InputError if the folder does not let this user look.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return False
        raise unreadable(path, error) from error


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/") if part not in (".", ".."))


def _refuse_bomb(path: Path, files: list[zipfile.ZipInfo]) -> None:
    if len(files) > MAX_FILES:
        raise _too_many(path)
    if any(info.flag_bits & 1 for info in files):
        raise _unusable_zip(path, "it is protected by a password")
    packed, unpacked = sum(info.compress_size for info in files), sum(info.file_size for info in files)
    swells = unpacked > _RATIO_MATTERS_BYTES and unpacked > MAX_RATIO * packed
    if swells or unpacked > MAX_UNPACKED_BYTES:
        raise InputError(
            found=f"{path.name} would unpack from {packed / 2**20:.1f} MiB to {unpacked / 2**20:.0f} MiB",
            expected=f"at most {MAX_RATIO} times its size and {MAX_UNPACKED_BYTES // 2**30} GiB",
            remedy="Unpack it yourself if you trust it, and give the folder",
        )


def _too_many(path: Path) -> InputError:
    return InputError(
        found=f"{path} holds more than {MAX_FILES} files",
        expected="the folder of one examination",
        remedy="Give the folder of the patient or of the series",
    )


def _unusable_zip(path: Path, reason: str) -> InputError:
    return InputError(
        found=f"{path.name} cannot be unpacked ({reason})",
        expected="a complete zip file without a password",
        remedy="Copy it again, or unpack it yourself and give the folder",
    )
