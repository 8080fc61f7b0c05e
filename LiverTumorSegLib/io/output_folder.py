"""A folder of results: written beside its final place, moved there when complete, never half there."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from LiverTumorSegLib.errors import InputError

EDIT_SLACK_S = 60.0
"""A file this much younger than its folder's marker was changed by someone: the folder is not replaced."""

_PARTIAL, _OLD = ".partial", ".old"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass(frozen=True)
class OutputKind:
    """What a run writes: a folder with anything else in it is never replaced. marker: the file written last."""

    name: str
    marker: str
    files: frozenset[str]


@contextmanager
def output_folder(out: Path, kind: OutputKind) -> Iterator[Path]:
    """Gives a temporary folder on the same disk; on success it becomes ``out`` in one step, else it disappears.

    out: absent, empty, or an unedited earlier result (replaced only on success); missing parents are made.
    A killed run leaves a hidden folder (.NAME...partial) that the next run to the same place removes. Raises InputError
    for a place that cannot be written, holds other files, or whose disk runs full.
    """
    out = Path(os.path.realpath(out))
    _check_target(out, kind)
    made = _make_parents(out)
    place = _place_beside(out)
    work: Path | None = None
    try:
        _remove_stale(place, out)
        work = _make_work(place, out)
        yield work
        _publish(work, out, kind)
        made = []
    except OSError as error:
        raise _explained(error, place, work) from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
        _remove_empty(made)


def check_room(folder: Path, needed_bytes: int) -> None:
    """Raises InputError if the disk of a folder has less room than the files will need."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise _full(folder, free, needed_bytes)


def _check_target(out: Path, kind: OutputKind) -> None:
    """Raises InputError unless out is absent, empty or an earlier result that nobody edited."""
    try:
        names = {item.name for item in out.iterdir() if not _is_work(item.name, out)}
    except FileNotFoundError:
        return
    except OSError as error:
        raise _explained(error, out, None) from error
    foreign = sorted(names - kind.files)
    if foreign or (names and kind.marker not in names):
        raise _not_replaced(out, "holds other files", (foreign or sorted(names))[:3], kind)
    edited = _edited(out, names, kind)
    if edited:
        raise _not_replaced(out, "holds files changed after the run that wrote them", edited, kind)


def _edited(out: Path, names: set[str], kind: OutputKind) -> list[str]:
    if not names:
        return []
    written = (out / kind.marker).stat().st_mtime
    return [name for name in sorted(names) if (out / name).stat().st_mtime > written + EDIT_SLACK_S]


def _make_parents(out: Path) -> list[Path]:
    """Makes missing parents; those made, deepest first, so that a failed run can take them away."""
    missing = [parent for parent in out.parents if not parent.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_empty(missing)
        raise _explained(error, out.parent, None) from error
    return missing


def _place_beside(out: Path) -> Path:
    """Where to work: the parent, or ``out`` itself where it is a mount point or its parent may not be written."""
    inside = out.is_dir() and (out.is_mount() or not os.access(out.parent, os.W_OK))
    return out if inside else out.parent


def _prefix(out: Path) -> str:
    return f".{out.name}.{socket.gethostname()}."


def _make_work(place: Path, out: Path) -> Path:
    work = Path(tempfile.mkdtemp(prefix=f"{_prefix(out)}{os.getpid()}.", suffix=_PARTIAL, dir=place))
    umask = os.umask(0)
    os.umask(umask)
    work.chmod(0o777 & ~umask)
    return work


def _is_work(name: str, out: Path) -> bool:
    return name.startswith(_prefix(out)) and name.endswith((_PARTIAL, _OLD))


def _remove_stale(place: Path, out: Path) -> None:
    """Removes what killed runs of this machine left for the same place; a run that is still going keeps its own.

    An earlier result that was moved aside (.old) is removed only if something stands in its place.
    """
    import psutil

    for item in place.iterdir():
        if not _is_work(item.name, out) or (item.suffix == _OLD and not out.exists()):
            continue
        owner = item.name.removeprefix(_prefix(out)).split(".")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(item, ignore_errors=True)


def _publish(work: Path, out: Path, kind: OutputKind) -> None:
    if work.parent == out:
        _move_contents(work, out, kind)
        return
    if not out.exists():
        work.rename(out)
        return
    old = work.with_suffix(_OLD)
    out.rename(old)
    try:
        work.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _move_contents(work: Path, out: Path, kind: OutputKind) -> None:
    """For a mount point, which cannot be renamed: the marker goes first and comes last, so it marks a whole result."""
    for name in (kind.marker, *sorted(kind.files)):
        (out / name).unlink(missing_ok=True)
    for item in sorted(work.iterdir(), key=lambda item: item.name == kind.marker):
        item.replace(out / item.name)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _explained(error: OSError, place: Path, work: Path | None) -> Exception:
    """An InputError for a full or forbidden disk; any other error stays what it is."""
    if error.errno in _FULL:
        written = sum(file.stat().st_size for file in work.rglob("*") if file.is_file()) if work else 0
        return _full(place, shutil.disk_usage(place).free, written)
    if error.errno in _FORBIDDEN or isinstance(error, NotADirectoryError):
        return InputError(
            found=f"{place} may not be written ({error.strerror})",
            expected="a folder of your own",
            remedy="Choose another folder (-o)",
        )
    return error


def _full(place: Path, free: int, needed: int) -> InputError:
    return InputError(
        found=f"the disk of {place} is full ({free / 2**20:.1f} MiB free)",
        expected=f"room for the files, more than {needed / 2**20:.1f} MiB",
        remedy="Free some space or choose another disk (-o)",
    )


def _not_replaced(out: Path, what: str, names: list[str], kind: OutputKind) -> InputError:
    return InputError(
        found=f"{out} {what} ({', '.join(names)})",
        expected=f"an empty folder or {kind.name} that nobody changed",
        remedy="Choose another folder (-o), or move those files elsewhere",
    )
