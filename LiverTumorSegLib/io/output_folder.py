"""A folder of results: written beside its final place, moved there when complete, never half there."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        work = _start(place, out)
        yield work
        _publish(work, out, kind)
        made = []
    except OSError as error:
        raise _explained(error, place, (out,) if work is None else (out, work)) from error
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
        raise _unusable(out, error) from error
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
    missing: list[Path] = []
    try:
        missing += [parent for parent in out.parents if not parent.exists()]
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_empty(missing)
        raise _unusable(out.parent, error) from error
    return missing


def _place_beside(out: Path) -> Path:
    """Where to work: the parent, or ``out`` itself where it is a mount point or its parent may not be written.

    Not Path.is_mount, which Windows has only since Python 3.12.
    """
    inside = out.is_dir() and (os.path.ismount(out) or not os.access(out.parent, os.W_OK))
    return out if inside else out.parent


def _prefix(out: Path) -> str:
    return f".{out.name}.{socket.gethostname()}."


def _start(place: Path, out: Path) -> Path:
    """The temporary folder. Raises InputError if none can be made here."""
    try:
        _remove_stale(place, out)
        return _make_work(place, out)
    except OSError as error:
        raise _unusable(place, error) from error


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
        with suppress(OSError):  # it was never made, or somebody put something into it
            folder.rmdir()


def _explained(error: OSError, place: Path, written: tuple[Path, ...]) -> Exception:
    """An InputError for a full disk, or a forbidden one of the folders written; any other error stays what it is.

    What failed to be read elsewhere is not the fault of this place.
    """
    if error.errno in _FULL or (_is_forbidden(error) and _concerns(error, written)):
        return _unusable(place, error, written[-1])
    return error


def _is_forbidden(error: OSError) -> bool:
    return error.errno in _FORBIDDEN or isinstance(error, NotADirectoryError)


def _concerns(error: OSError, folders: tuple[Path, ...]) -> bool:
    named = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    return any(name.is_relative_to(folder) for name in named for folder in folders)


def _unusable(place: Path, error: OSError, written: Path | None = None) -> InputError:
    """The error for a place where no folder can be made or filled. written: what is there of it already."""
    if error.errno in _FULL:
        needed = sum(file.stat().st_size for file in written.rglob("*") if file.is_file()) if written else 0
        return _full(place, shutil.disk_usage(place).free, needed)
    return InputError(
        found=f"{place} may not be written ({error.strerror})",
        expected="a folder of your own",
        remedy="Choose another folder (-o)",
    )


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
