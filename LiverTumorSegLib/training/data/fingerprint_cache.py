"""Fingerprints of images, stored so that each is read once: looked up by path, size and time of change."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.archive import folder_entries
from LiverTumorSegLib.io.raw import unreadable
from LiverTumorSegLib.io.text_files import read_json, write_json
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.training.data.fingerprints import VERSION, fingerprint
from LiverTumorSegLib.training.data.subject import CtSource

FILE = "fingerprints.json"

Stamp = list[int]
"""Number of files, bytes, time of the last change in ns: of the file, or of all files of a DICOM folder."""


class FingerprintCache:
    """fingerprints.json in a folder of its own, which is made if it is missing; a damaged file is made anew.

    Raises InputError where the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_writable(folder, error) from error
        self._known = _stored(self._file)

    def fingerprint_of(self, source: CtSource) -> str:
        """The stored one if the image has not changed since, else that of the image, which is read and stored now."""
        key, stamp = _key(source), _stamp(source.path)
        known = self._known.get(key)
        if isinstance(known, dict) and known.get("stamp") == stamp and isinstance(known.get("fingerprint"), str):
            return str(known["fingerprint"])
        made = fingerprint(source.read().ct.array)
        self._known[key] = {"stamp": stamp, "fingerprint": made}
        self._store()
        return made

    def _store(self) -> None:
        """In one step: a run that is stopped, or a second one beside it, never leaves half a file."""
        try:
            handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=f".{FILE}.")
            os.close(handle)
            write_json(Path(name), {"version": VERSION, "images": self._known})
            Path(name).replace(self._file)
        except OSError as error:
            raise _not_writable(self._file.parent, error) from error


def fingerprints_of(
    sources: Sequence[CtSource], cache: FingerprintCache, report: ProgressCallback = ignore_progress
) -> dict[CtSource, str]:
    """Of every image, each looked at once however often it is listed.

    report: called before each image; where it raises CancelledError, what was done so far stays in the cache.
    Raises InputError naming the first image that cannot be read.
    """
    found: dict[CtSource, str] = {}
    different = list(dict.fromkeys(sources))
    for done, source in enumerate(different):
        report(ProgressEvent("fingerprints", done / len(different), source.path.name))
        found[source] = cache.fingerprint_of(source)
    report(ProgressEvent("fingerprints", 1.0))
    return found


def _stored(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        data = read_json(file)
    except InputError:  # it can be made again
        return {}
    images = data.get("images")
    return images if data.get("version") == VERSION and isinstance(images, dict) else {}


def _key(source: CtSource) -> str:
    return f"{source.path.resolve()}|{source.series or ''}"


def _stamp(path: Path) -> Stamp:
    """Raises InputError if there is no such file."""
    try:
        files = [entry.path for entry in folder_entries(path)] if path.is_dir() else [path]
        states = [file.stat() for file in files]
    except OSError as error:
        raise unreadable(path, error) from error
    return [len(states), sum(state.st_size for state in states), max((s.st_mtime_ns for s in states), default=0)]


def _not_writable(folder: Path, error: OSError) -> InputError:
    return InputError(
        found=f"the cache folder {folder} cannot be written ({error.strerror or error})",
        expected="a folder for fingerprints of images",
        remedy="Give another folder",
    )
