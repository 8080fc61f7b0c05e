"""Bytes changed at random: a file is read or refused in one line, never a stack trace."""

from __future__ import annotations

import random

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_series import body_hu, oblique_affine, write_enhanced, write_series

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.segmentation import read_segmentation
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.volume import Volume

CT = Volume(body_hu(), oblique_affine())
HEADER_BYTES = {"a.nii": 352, "a.nrrd": 350, "a.mha": 300, "a.dcm": 5000, "a.seg.nrrd": 2500, "series": 1100}


def write(path):
    if path.name == "a.nii":
        nib.save(nib.Nifti1Image(CT.array, CT.affine), path)
    elif path.name == "a.nrrd":
        nrrd.write(str(path), CT.array, {"space": "LPS", "space directions": np.eye(3)})
    elif path.name == "a.mha":
        sitk.WriteImage(sitk.GetImageFromArray(CT.array.T), str(path))
    elif path.name == "a.dcm":
        write_enhanced(path, CT)
    elif path.name == "a.seg.nrrd":
        write_seg_nrrd(path, CT.with_array((CT.array > 0).astype(np.uint8)), MAIN_LABELS)
    else:
        return write_series(path, CT)[4]
    return path


def damage(data: bytes, limit: int, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 5])):
        at = dice.randrange(min(limit, len(changed)))
        kind = dice.choice(["change", "delete", "insert"])
        new = bytes(dice.randrange(256) for _ in range(dice.choice([1, 4])))
        changed[at : at + (0 if kind == "insert" else len(new))] = b"" if kind == "delete" else new
    return bytes(changed)


@pytest.mark.parametrize("name", HEADER_BYTES)
def test_damaged_files_are_read_or_refused(tmp_path, name):
    victim = write(tmp_path / name)
    whole, dice, refusals = victim.read_bytes(), random.Random(5), []
    for _ in range(40):
        victim.write_bytes(damage(whole, HEADER_BYTES[name], dice))
        try:
            read_segmentation(tmp_path / name, CT) if "seg" in name else read_study(tmp_path / name)
        except InputError as error:
            refusals.append(str(error))
    assert 0 < len(refusals) < 40
    assert not any("\n" in message for message in refusals)
