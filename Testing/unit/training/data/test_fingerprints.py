"""The same image is recognized in every format and order of axes; reading it once is enough."""

from __future__ import annotations

import json
import os

import nibabel as nib
import nrrd
import numpy as np
import pytest
from dataset_layouts import pack, patient, save
from dicom_series import oblique_affine, write_series
from refusals import refused

from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.training.data import fingerprint_cache
from LiverTumorSegLib.training.data.fingerprint_cache import FILE, FingerprintCache, fingerprints_of
from LiverTumorSegLib.training.data.fingerprints import fingerprint
from LiverTumorSegLib.training.data.subject import CtSource
from LiverTumorSegLib.training.data.turns import every_turn

ONE = patient(1)
HU = ONE.ct.array


def test_all_48_orders_of_axes_have_one_fingerprint():
    assert {fingerprint(turn.array(HU)) for turn in every_turn()} == {fingerprint(HU)}


def test_memory_layout_and_number_type_do_not_matter():
    same = (np.ascontiguousarray(HU), np.asfortranarray(HU), HU.astype(np.float32), HU + np.float32(0.3))
    assert {fingerprint(array) for array in same} == {fingerprint(HU)}


def test_one_voxel_or_two_exchanged_ones_make_another_image():
    changed, exchanged = HU.copy(), HU.copy()
    changed[5, 5, 5] += 1
    a, b = HU[4, 4, 4], HU[6, 5, 7]
    assert a != b
    exchanged[4, 4, 4], exchanged[6, 5, 7] = b, a
    others = (changed, exchanged, HU[:-1], np.concatenate([HU, HU[-1:]]))
    assert len({fingerprint(array) for array in (HU, *others)}) == 5


def test_every_format_of_one_image_has_one_fingerprint(tmp_path):
    """Padding below -1024 differs between copies of public images; readers raise it to -1024."""
    padded = np.where(HU == -1000, np.int16(-1024), HU)
    padded[0, 0, 0] = -1000
    deep = np.where(padded == -1024, np.int16(-3024), padded)
    turn = list(every_turn())[29]
    turned = turn.volume(ONE.ct.with_array(deep))
    nrrd.write(str(tmp_path / "a.nrrd"), padded, {"space": "LPS", "space directions": np.diag([0.7, 0.9, 2.5])})
    write_series(tmp_path / "dicom", ONE.ct.with_array(padded))
    write_series(tmp_path / "packed", ONE.ct.with_array(padded))
    files = [
        save(tmp_path / "a.nii", padded, ONE.ct.affine),
        save(tmp_path / "b.nii.gz", turned.array, turned.affine),
        save(tmp_path / "c.nii.gz", turned.array.astype(np.float32), np.eye(4)),
        tmp_path / "a.nrrd",
        tmp_path / "dicom",
        pack(tmp_path / "packed"),
    ]
    cache = FingerprintCache(tmp_path / "cache")
    assert len({cache.fingerprint_of(CtSource(file)) for file in files}) == 1


@pytest.fixture
def count_reads(monkeypatch):
    """How often an image was read."""
    reads = []

    def counted(path, *, series=None):
        reads.append(path)
        return read_study(path, series=series)

    monkeypatch.setattr("LiverTumorSegLib.training.data.subject.read_study", counted)
    return reads


def test_an_image_is_read_once_and_again_only_after_it_changed(tmp_path, count_reads):
    path = save(tmp_path / "a.nii", HU, ONE.ct.affine)
    first = FingerprintCache(tmp_path / "cache").fingerprint_of(CtSource(path))
    assert FingerprintCache(tmp_path / "cache").fingerprint_of(CtSource(path)) == first
    assert len(count_reads) == 1
    save(path, patient(2).ct.array, ONE.ct.affine)
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert FingerprintCache(tmp_path / "cache").fingerprint_of(CtSource(path)) != first
    assert len(count_reads) == 2


def test_a_folder_of_dicom_changes_with_its_files(tmp_path, count_reads):
    files = write_series(tmp_path / "a", ONE.ct)
    cache = FingerprintCache(tmp_path / "cache")
    first = cache.fingerprint_of(CtSource(tmp_path / "a"))
    assert cache.fingerprint_of(CtSource(tmp_path / "a")) == first
    files[0].unlink()
    assert cache.fingerprint_of(CtSource(tmp_path / "a")) != first
    assert len(count_reads) == 2


def test_series_of_one_folder_are_different_images(tmp_path):
    write_series(tmp_path / "a", ONE.ct, number=1)
    write_series(tmp_path / "a", patient(2).ct, number=2, prefix="second_")
    sources = [CtSource(tmp_path / "a", "#1"), CtSource(tmp_path / "a", "#2")]
    assert len(set(fingerprints_of(sources, FingerprintCache(tmp_path / "cache")).values())) == 2


def test_progress_is_told_for_every_image_once(tmp_path):
    paths = [save(tmp_path / f"{n}.nii", patient(n).ct.array, ONE.ct.affine) for n in range(4)]
    events = []
    fingerprints_of([CtSource(path) for path in (*paths, *paths)], FingerprintCache(tmp_path / "c"), events.append)
    assert [event.fraction for event in events] == [0, 0.25, 0.5, 0.75, 1]
    assert [event.message for event in events] == ["0.nii", "1.nii", "2.nii", "3.nii", ""]


def test_a_run_that_is_stopped_keeps_what_it_has_done(tmp_path, count_reads):
    sources = [CtSource(save(tmp_path / f"{n}.nii", patient(n).ct.array, ONE.ct.affine)) for n in range(3)]

    def stop_at_the_third(event):
        if event.fraction > 0.5:
            raise CancelledError

    with pytest.raises(CancelledError):
        fingerprints_of(sources, FingerprintCache(tmp_path / "c"), stop_at_the_third)
    assert len(count_reads) == 2
    fingerprints_of(sources, FingerprintCache(tmp_path / "c"))
    assert len(count_reads) == 3
    assert [path.name for path in (tmp_path / "c").iterdir()] == [FILE]


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}', '{"version": 1, "images": 3}', '{"version": 0}'])
def test_a_damaged_or_older_cache_is_made_anew(tmp_path, text):
    path = save(tmp_path / "a.nii", HU, ONE.ct.affine)
    (tmp_path / FILE).write_text(text)
    assert FingerprintCache(tmp_path).fingerprint_of(CtSource(path)) == fingerprint(HU)
    assert len(json.loads((tmp_path / FILE).read_text())["images"]) == 1


@pytest.mark.parametrize("entry", [None, {}, {"stamp": 1}, {"stamp": [1, 2, 3], "fingerprint": "x"}])
def test_a_damaged_entry_is_made_anew(tmp_path, entry):
    source = CtSource(save(tmp_path / "a.nii", HU, ONE.ct.affine))
    (tmp_path / FILE).write_text(json.dumps({"version": 1, "images": {f"{source.path.resolve()}|": entry}}))
    assert FingerprintCache(tmp_path).fingerprint_of(source) == fingerprint(HU)


def test_a_cache_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    with refused("cannot be written"):
        FingerprintCache(tmp_path / "file" / "cache")

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fingerprint_cache.tempfile, "mkstemp", full)
    path = save(tmp_path / "a.nii", HU, ONE.ct.affine)
    with refused("No space left"):
        FingerprintCache(tmp_path / "c").fingerprint_of(CtSource(path))


def test_an_image_that_cannot_be_read_is_named(tmp_path):
    cache = FingerprintCache(tmp_path / "cache")
    with refused("absent.nii"):
        cache.fingerprint_of(CtSource(tmp_path / "absent.nii"))
    (tmp_path / "a.nii").write_bytes(b"no image")
    with refused("a.nii"):
        cache.fingerprint_of(CtSource(tmp_path / "a.nii"))


@pytest.mark.real
def test_a_real_ct_has_one_fingerprint_as_dicom_and_as_nifti(real_data, tmp_path):
    nifti, dicom = real_data / "cases" / "ircad01" / "ct.nii.gz", real_data / "dicom" / "ircad01_dicom.zip"
    array = np.asarray(nib.load(nifti).dataobj)
    lost = save(tmp_path / "lost.nii", array[::-1].transpose(1, 0, 2).copy(), np.eye(4))
    found = fingerprints_of([CtSource(path) for path in (nifti, dicom, lost)], FingerprintCache(tmp_path))
    assert len(set(found.values())) == 1
    other = CtSource(real_data / "cases" / "ircad07" / "ct.nii.gz")
    assert FingerprintCache(tmp_path).fingerprint_of(other) not in found.values()


def test_spacing_and_place_do_not_count(tmp_path):
    paths = [save(tmp_path / f"{n}.nii", HU, oblique_affine((n, 1, 2))) for n in (1, 2)]
    assert len(set(fingerprints_of([CtSource(path) for path in paths], FingerprintCache(tmp_path)).values())) == 1
