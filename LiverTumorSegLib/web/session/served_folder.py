"""The folder of CTs that a server offers; nothing outside it is shown or opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from LiverTumorSegLib.errors import InputError

MOST_ENTRIES = 2000


@dataclass(frozen=True)
class ServedEntry:
    """A file or a folder. path: relative to the served folder, with forward slashes."""

    name: str
    path: str
    is_folder: bool
    size_mib: float


class ServedFolder:
    """root: absolute. Links that lead out of it are treated as if they were not there, and so is what is hidden."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def entries(self, path: str) -> list[ServedEntry]:
        """Folders first, both by name. Raises InputError for a path that is no folder below the root."""
        folder = self.resolve(path)
        if not folder.is_dir():
            raise _not_served(path)
        try:
            found = [entry for item in sorted(folder.iterdir()) if (entry := self._entry(item)) is not None]
        except OSError as error:
            raise InputError(
                found=f"{path or 'the served folder'} cannot be listed ({error.strerror})",
                expected="a folder that the server may read",
                remedy="Ask whoever runs this server",
            ) from error
        return sorted(found[:MOST_ENTRIES], key=lambda entry: not entry.is_folder)

    def resolve(self, path: str) -> Path:
        """The file or folder of a relative path. Raises InputError for one that is absent, hidden or outside."""
        parts = [part for part in path.split("/") if part]
        if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            raise _not_served(path)
        found = self._root.joinpath(*parts).resolve()
        if not found.is_relative_to(self._root) or not found.exists():
            raise _not_served(path)
        return found

    def _entry(self, item: Path) -> ServedEntry | None:
        if item.name.startswith(".") or not item.resolve().is_relative_to(self._root):
            return None
        path = item.relative_to(self._root).as_posix()
        if item.is_dir():
            return ServedEntry(item.name, path, True, 0.0)
        return ServedEntry(item.name, path, False, item.stat().st_size / 2**20) if item.is_file() else None


def _not_served(path: str) -> InputError:
    return InputError(
        found=f"{path!r} is not in the folder that this server offers",
        expected="one of the files and folders that are listed",
        remedy="Open the list again",
    )
