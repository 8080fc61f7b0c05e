"""The name of an upload: from the request's target, as it came, to folders and a file that lead nowhere else."""

from __future__ import annotations

import re
import unicodedata
from http import HTTPStatus
from pathlib import PureWindowsPath
from urllib.parse import unquote

from LiverTumorSegLib.web.gateway.refusals import Refusal

LONGEST_NAME = 150
_LONGEST_NAME_BYTES = 255
"""What file systems take."""
MOST_LEVELS = 8
_BATCH = re.compile(r"[0-9a-z]{1,32}")


def check_batch(name: str) -> str:
    """The name itself. Raises Refusal for anything but 1 to 32 digits and small letters."""
    if not _BATCH.fullmatch(name):
        raise _refused(
            found=f"The batch {_shown(name)} cannot be used.", advice="Expected 1 to 32 of the characters 0-9 and a-z."
        )
    return name


def parts_of(raw_path: str) -> list[str]:
    """Folders and file name of a path in percent-encoding. Raises Refusal for one that cannot be kept as it is."""
    raw_parts = raw_path.split("/")
    if len(raw_parts) > MOST_LEVELS:
        raise _refused(
            found=f"The path has {len(raw_parts)} levels.",
            advice=f"Expected at most {MOST_LEVELS}, the file among them. Send an inner folder.",
        )
    return [_part(raw) for raw in raw_parts]


def plain_name(raw_name: str) -> str | None:
    """One file name in percent-encoding; None if it is no plain name."""
    try:
        return _part(raw_name)
    except Refusal:
        return None


def _part(raw: str) -> str:
    try:
        name = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise _refused(found=f"The name {_shown(raw)} is no UTF-8.", advice="Expected names in UTF-8.") from None
    if name in ("", ".", ".."):
        raise _refused(
            found=f"The path has a part {_shown(name)}.",
            advice="Expected a relative path with a name between the slashes.",
        )
    if "/" in name or "\\" in name or PureWindowsPath(name).drive:
        raise _refused(
            found=f"The name {_shown(name)} holds a path of its own.", advice="Expected slashes between names only."
        )
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise _refused(found=f"The name {_shown(name)} holds a control character.", advice="Rename the file.")
    if len(name) > LONGEST_NAME or len(name.encode()) > _LONGEST_NAME_BYTES:
        raise _refused(
            found=f"The name {_shown(name)} is {len(name)} characters long.",
            advice=f"Expected at most {LONGEST_NAME} (and {_LONGEST_NAME_BYTES} bytes). Rename the file.",
        )
    return name


def _shown(name: str) -> str:
    """For a message: in quotation marks, what cannot be seen written out, not endless."""
    return repr(name if len(name) <= 60 else f"{name[:57]}...")


def _refused(*, found: str, advice: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, found, advice)
