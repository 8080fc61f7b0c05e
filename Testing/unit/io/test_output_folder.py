"""A result folder appears whole or not at all, and never takes a stranger's file with it."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from privileges import folder_for_everyone, without_privileges
from refusals import refused

from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.io.output_folder import EDIT_SLACK_S, OutputKind, _prefix, output_folder

KIND = OutputKind("an earlier result", "run.json", frozenset({"run.json", "labels.json", "report.html"}))


def produce(out: Path, text: str = "new") -> None:
    with output_folder(out, KIND) as folder:
        (folder / "labels.json").write_text(text)
        (folder / "run.json").write_text(text)


def break_off(out: Path, error: BaseException) -> None:
    with output_folder(out, KIND) as folder:
        (folder / "labels.json").write_text("half")
        raise error


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_the_folder_appears_only_at_the_end(tmp_path):
    out = tmp_path / "out"
    with output_folder(out, KIND) as folder:
        (folder / "run.json").write_text("x")
        assert not out.exists()
        assert folder.parent == tmp_path
    assert names(tmp_path) == ["out"]
    assert names(out) == ["run.json"]


def test_missing_parents_are_made(tmp_path):
    produce(tmp_path / "a" / "b" / "out")
    assert names(tmp_path / "a" / "b") == ["out"]


def test_the_folder_has_the_permissions_of_any_other(tmp_path):
    produce(tmp_path / "out")
    (tmp_path / "usual").mkdir()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_empty_folder_is_used(tmp_path):
    (tmp_path / "out").mkdir()
    produce(tmp_path / "out")
    assert names(tmp_path / "out") == ["labels.json", "run.json"]


def test_an_earlier_result_is_replaced_whole(tmp_path):
    out = tmp_path / "out"
    produce(out, "old")
    (out / "report.html").write_text("of the earlier run")
    produce(out)
    assert names(out) == ["labels.json", "run.json"]
    assert (out / "labels.json").read_text() == "new"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [ValueError("x"), CancelledError(), KeyboardInterrupt(), OSError(errno.EIO, "x")])
def test_an_error_leaves_nothing_behind_and_is_passed_on(tmp_path, error):
    with pytest.raises(type(error)):
        break_off(tmp_path / "a" / "out", error)
    assert names(tmp_path) == []


def test_an_error_leaves_the_earlier_result_as_it_was(tmp_path):
    produce(tmp_path / "out", "old")
    with pytest.raises(CancelledError):
        break_off(tmp_path / "out", CancelledError())
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out" / "labels.json").read_text() == "old"


def test_a_folder_of_other_files_is_refused_and_untouched(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("years of work")
    with refused("holds other files (thesis.docx)", "an empty folder"):
        produce(tmp_path / "out")
    assert names(tmp_path / "out") == ["thesis.docx"]


def test_an_earlier_result_with_a_file_added_by_its_reader_is_refused(tmp_path):
    produce(tmp_path / "out", "old")
    (tmp_path / "out" / "edited.seg.nrrd").write_text("hours of work")
    with refused("holds other files (edited.seg.nrrd)"):
        produce(tmp_path / "out")
    assert (tmp_path / "out" / "labels.json").read_text() == "old"


def test_an_earlier_result_that_was_edited_in_place_is_refused(tmp_path):
    produce(tmp_path / "out", "old")
    edited = tmp_path / "out" / "labels.json"
    later = (tmp_path / "out" / "run.json").stat().st_mtime + 2 * EDIT_SLACK_S
    os.utime(edited, (later, later))
    with refused("changed after the run", "(labels.json)"):
        produce(tmp_path / "out")
    assert edited.read_text() == "old"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("x")
    with refused("may not be written", "Choose another folder"):
        produce(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "x"


def test_a_file_in_the_place_of_a_parent_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with refused("may not be written"):
        produce(tmp_path / "file" / "out")


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    produce(tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert names(tmp_path / "disk") == ["labels.json", "run.json"]


def test_what_a_killed_run_left_is_removed_by_the_next_one(tmp_path):
    script = (
        "import os, sys; from pathlib import Path\n"
        "from LiverTumorSegLib.io.output_folder import OutputKind, output_folder\n"
        "kind = OutputKind('', 'run.json', frozenset({'run.json'}))\n"
        "with output_folder(Path(sys.argv[1]), kind) as folder:\n"
        "    (folder / 'run.json').write_text('half'); os._exit(1)\n"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "out")], cwd=root, check=False)
    assert [name.endswith(".partial") for name in names(tmp_path)] == [True]
    produce(tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_a_run_that_is_still_going_keeps_its_folder(tmp_path):
    other = tmp_path / f"{_prefix(tmp_path / 'out')}{os.getppid()}.x.partial"
    other.mkdir()
    produce(tmp_path / "out")
    assert names(tmp_path) == [other.name, "out"]


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of 1 MiB; only where this user may mount one."""
    mount = getattr(ctypes.CDLL(None, use_errno=True), "mount", None) if sys.platform == "linux" else None
    disk = tmp_path / "disk"
    disk.mkdir()
    if mount is None or mount(b"tmpfs", str(disk).encode(), b"tmpfs", 0, b"size=1m") != 0:
        pytest.skip("may not mount a tmpfs here")
    yield disk
    ctypes.CDLL(None).umount(str(disk).encode())


def test_a_full_disk_is_one_line_and_leaves_nothing(tiny_disk):
    with refused("is full (0.0 MiB free)", "Free some space"), output_folder(tiny_disk / "out", KIND) as folder:
        (folder / "report.html").write_bytes(bytes(2**21))
    assert names(tiny_disk) == []


def test_a_mount_point_is_filled_in_place_with_run_json_last(tiny_disk):
    produce(tiny_disk, "old")
    produce(tiny_disk)
    assert names(tiny_disk) == ["labels.json", "run.json"]
    assert (tiny_disk / "labels.json").read_text() == "new"


def test_a_read_only_disk_is_refused(tiny_disk):
    remount_read_only = 32 | 1
    libc = ctypes.CDLL(None)
    assert libc.mount(b"tmpfs", str(tiny_disk).encode(), b"tmpfs", remount_read_only, None) == 0
    with refused("may not be written", "Choose another folder"):
        produce(tiny_disk / "a" / "out")


def test_a_folder_without_permission_is_refused_and_untouched():
    with folder_for_everyone() as folder:
        folder.chmod(0o555)
        with without_privileges(), refused("may not be written", "Choose another folder"):
            produce(folder / "a" / "out")
        assert names(folder) == []


def test_an_earlier_result_that_belongs_to_another_is_refused_and_untouched():
    with folder_for_everyone() as folder:
        produce(folder / "out", "old")
        (folder / "out").chmod(0o555)
        folder.chmod(0o555)
        with without_privileges(), refused("may not be written"):
            produce(folder / "out")
        assert (folder / "out" / "labels.json").read_text() == "old"
        (folder / "out").chmod(0o755)


@pytest.mark.parametrize("length", [300, 250])
def test_a_name_that_is_too_long_is_refused(tmp_path, length):
    with refused("may not be written", "File name too long", "Choose another folder"):
        produce(tmp_path / ("x" * length))
    with refused("may not be written", "File name too long"):
        produce(tmp_path / "a" / ("x" * 300) / "out")
    assert names(tmp_path) == []


def test_a_file_elsewhere_that_may_not_be_read_is_not_blamed_on_the_folder():
    with folder_for_everyone() as folder:
        (folder / "ct.nii").touch(0)
        folder.chmod(0o777)
        with without_privileges(), pytest.raises(PermissionError), output_folder(folder / "out", KIND):
            (folder / "ct.nii").read_bytes()
        assert names(folder) == ["ct.nii"]


def test_a_folder_that_may_no_longer_be_written_is_refused():
    with folder_for_everyone() as folder:
        folder.chmod(0o777)
        with without_privileges(), refused("may not be written"), output_folder(folder / "out", KIND) as work:
            work.chmod(0o555)
            (work / "run.json").write_text("x")
        assert names(folder) == []


def test_nothing_is_asked_that_python_3_11_cannot_answer_on_windows(tmp_path, monkeypatch):
    def unsupported(_path):
        raise NotImplementedError

    monkeypatch.setattr(Path, "is_mount", unsupported)
    (tmp_path / "out").mkdir()
    produce(tmp_path / "out")
    assert names(tmp_path / "out") == ["labels.json", "run.json"]
