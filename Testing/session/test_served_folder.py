"""The folder that a server offers: what is in it and nothing else."""

from __future__ import annotations

import pytest
from refusals import refused

from LiverTumorSegLib.web.session.served_folder import ServedFolder


@pytest.fixture
def root(tmp_path):
    (tmp_path / "outside.nii.gz").write_bytes(b"secret")
    (tmp_path / "outside").mkdir()
    root = tmp_path / "served"
    (root / "patient b" / "series").mkdir(parents=True)
    (root / "a.nii.gz").write_bytes(b"x" * 2**20)
    (root / ".hidden").write_bytes(b"")
    (root / "patient b" / "ct.nrrd").write_bytes(b"")
    (root / "leads out.nii.gz").symlink_to(tmp_path / "outside.nii.gz")
    (root / "folder out").symlink_to(tmp_path / "outside")
    return root


def test_folders_come_first_and_what_is_hidden_or_leads_out_does_not_come(root):
    entries = ServedFolder(root).entries("")
    assert [(entry.name, entry.path, entry.is_folder, entry.size_mib) for entry in entries] == [
        ("patient b", "patient b", True, 0.0),
        ("a.nii.gz", "a.nii.gz", False, 1.0),
    ]


def test_a_folder_below_lists_paths_from_the_root(root):
    found = {entry.path: entry.is_folder for entry in ServedFolder(root).entries("patient b")}
    assert found == {"patient b/series": True, "patient b/ct.nrrd": False}
    assert ServedFolder(root).resolve("patient b/ct.nrrd") == (root / "patient b" / "ct.nrrd").resolve()


@pytest.mark.parametrize(
    "path",
    [
        "../outside.nii.gz",
        "patient b/../../outside.nii.gz",
        "leads out.nii.gz",
        "folder out",
        ".hidden",
        "patient b/./ct.nrrd",
        "..\\outside.nii.gz",
        "nothing here",
        "a.nii.gz\0",
    ],
)
def test_nothing_outside_or_hidden_is_opened(root, path):
    with refused("not in the folder", "one of the files and folders that are listed"):
        ServedFolder(root).resolve(path)


def test_an_absolute_path_stays_below_the_root(root):
    with refused("not in the folder"):
        ServedFolder(root).resolve(str(root.parent / "outside.nii.gz"))


def test_a_file_has_no_entries(root):
    with refused("not in the folder"):
        ServedFolder(root).entries("a.nii.gz")
