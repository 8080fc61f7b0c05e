"""Folders of servers that were killed before they could clean up: CTs must not stay about in them.

A server holds a lock on a file in its folder for as long as it lives; the system lets go of it however the server ends.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import IO

PREFIX = "livertumorseg-serve-"
_LOCK_FILE = "owner.lock"


def claim(root: Path) -> IO[bytes]:
    """Mark the folder as in use until the file is closed."""
    fresh = root / f"{_LOCK_FILE}.new"
    file = fresh.open("wb")
    _try_to_lock(file)
    # Under its final name it is never seen unlocked.
    fresh.rename(root / _LOCK_FILE)
    return file


def remove_abandoned() -> None:
    """Remove what earlier servers of this user left behind; folders of others, and of servers that live, stay."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if _is_own_folder(folder) and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_own_folder(folder: Path) -> bool:
    """Anybody may put links with such a name into the folder for temporary files."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and (sys.platform == "win32" or status.st_uid == os.getuid())


def _is_abandoned(folder: Path) -> bool:
    """One without a lock file may belong to a server that is just starting."""
    try:
        with (folder / _LOCK_FILE).open("rb+") as file:
            return _try_to_lock(file)
    except OSError:
        return False


def _try_to_lock(file: IO[bytes]) -> bool:
    """Whether nobody else holds it. Windows opens no lock here: nothing counts as abandoned there."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
