"""How much a session may take in: bytes and files over all its batches, and what the disk must keep."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from LiverTumorSegLib.web.gateway.refusals import Refusal

_MIB = 2**20
_FREE_SOME = "Remove other images from this session, or crop the CT to the abdomen"


@dataclass
class Batch:
    """Files that came together. coming: how many are on their way. is_removed: what still comes is not wanted."""

    bytes: int = 0
    files: int = 0
    coming: int = 0
    is_removed: bool = False


class UploadSpace:
    """max_mib: of all files. keep_free_bytes: of the disk that they go to."""

    def __init__(self, max_mib: int, most_files: int, keep_free_bytes: int) -> None:
        self._max_mib, self._most_files, self._keep_free_bytes = max_mib, most_files, keep_free_bytes
        self._batches: dict[str, Batch] = {}

    @property
    def bytes(self) -> int:
        return sum(batch.bytes for batch in self._batches.values())

    @property
    def files(self) -> int:
        return sum(batch.files for batch in self._batches.values())

    def begin_file(self, batch_name: str) -> Batch:
        """Count one more file. Raises Refusal if there are too many."""
        if self.files >= self._most_files:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The session holds {self.files} files.",
                f"Expected at most {self._most_files}. Send only the folder of the series that you want to look at.",
            )
        batch = self._batches.setdefault(batch_name, Batch())
        batch.files += 1
        batch.coming += 1
        return batch

    def end_file(self, batch: Batch) -> None:
        """It has come, or will not come any more."""
        batch.coming -= 1

    def forget_used(self, uploads: Path) -> None:
        """Batches whose folder the session has removed, having read what was in it, take no room any more."""
        for name, batch in list(self._batches.items()):
            if not batch.coming and not (uploads / name).exists():
                self.remove(name)

    def give_back(self, batch: Batch, taken: int) -> None:
        """A file of so many bytes did not come to its end."""
        batch.files -= 1
        batch.bytes -= taken

    def remove(self, batch_name: str) -> None:
        """Its bytes and files are free again; nothing happens if there is no such batch."""
        batch = self._batches.pop(batch_name, None)
        if batch is not None:
            batch.is_removed = True

    def check(self, more: int, folder: Path) -> None:
        """Raises Refusal if so many bytes more are too many for the session, or for the disk of the folder."""
        total = self.bytes + more
        if total > self._max_mib * _MIB:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"With this file the session would hold {_in_mib(total)} MiB or more of uploads.",
                f"Expected at most {self._max_mib} MiB in total. {_FREE_SOME}. Whoever runs the server can allow more "
                "with --max-upload-mib.",
            )
        if shutil.disk_usage(folder).free - more < self._keep_free_bytes:
            raise disk_is_full(self._keep_free_bytes)


def disk_is_full(keep_free_bytes: int = 0) -> Refusal:
    """For the disk of the sessions' folders."""
    kept = f"Expected {_in_mib(keep_free_bytes)} MiB that stay free. " if keep_free_bytes else ""
    return Refusal(
        HTTPStatus.INSUFFICIENT_STORAGE,
        "The server's disk has no room for this file.",
        f"{kept}{_FREE_SOME}, or tell whoever runs the server: its folder for temporary files is full (TMPDIR).",
    )


def _in_mib(number_of_bytes: int) -> str:
    """Up to the next tenth, so that what is too much never looks like the limit itself."""
    return f"{-(-number_of_bytes * 10 // _MIB) / 10:.1f}"
