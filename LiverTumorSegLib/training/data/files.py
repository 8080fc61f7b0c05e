"""Files of a data set found by the numbers in their names; nothing is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.archive import folder_entries

NIFTI = r"\.nii(?:\.gz)?"
_MAX_NAMED = 5


def files_below(folder: Path) -> list[Path]:
    """Every regular file below a folder, sorted; hidden ones such as the ``._`` files of macOS are left out.

    Raises InputError if there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(
            found=f"{folder} is not a folder",
            expected="the folder of an unpacked data set",
            remedy="Check the path, or unpack the archive",
        )
    return [entry.path for entry in folder_entries(folder)]


def numbered(paths: Iterable[Path], pattern: str) -> dict[int, Path]:
    """Number -> file, in the order of the numbers, of the files whose whole name matches (case does not matter).

    pattern: a regular expression whose first group is the number. Raises InputError where two files have one number.
    """
    found: dict[int, Path] = {}
    for path in paths:
        match = re.fullmatch(pattern, path.name, re.IGNORECASE)
        if match is None:
            continue
        number = int(match.group(1))
        if number in found:
            raise InputError(
                found=f"both {found[number]} and {path}",
                expected=f"one file of number {number}",
                remedy="Move one of them away",
            )
        found[number] = path
    return dict(sorted(found.items()))


def pairs(images: Mapping[int, Path], labels: Mapping[int, Path]) -> list[tuple[int, Path, Path]]:
    """(number, image, labels) of each number. Raises InputError naming those that lack their counterpart."""
    for lacking, there, what in ((labels, images, "labels"), (images, labels, "image")):
        missing = [there[number] for number in there if number not in lacking]
        if missing:
            raise incomplete(missing, what)
    return [(number, images[number], labels[number]) for number in images]


def incomplete(files: list[Path], lacking: str) -> InputError:
    """Files of a data set whose counterpart is not there."""
    named = ", ".join(str(path) for path in files[:_MAX_NAMED])
    more = f" and {len(files) - _MAX_NAMED} more" if len(files) > _MAX_NAMED else ""
    return InputError(
        found=f"no {lacking} for {named}{more}",
        expected="an image and its labels for every number",
        remedy="Complete the download, or move these files out of the folder",
    )
