"""Writes miniature copies of published data sets: real layouts, formats and names, a few voxels."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
from dicom_series import oblique_affine, write_series
from pydicom.dataset import Dataset

from LiverTumorSegLib.volume import Volume

SHAPE = (14, 12, 9)


@dataclass(frozen=True, eq=False)
class Patient:
    """ct: HU, int16. liver: the whole organ. vessel: in the liver. cava: a vein beside the liver. All (i, j, k)."""

    ct: Volume
    liver: np.ndarray
    vessel: np.ndarray
    cava: np.ndarray
    tumor: np.ndarray

    def exclusive(self) -> np.ndarray:
        """0, 1 liver, 2 vessel, 3 tumor."""
        labels = self.liver.astype(np.uint8)
        labels[self.vessel] = 2
        labels[self.tumor] = 3
        return labels


def patient(number: int, *, has_tumor: bool = True) -> Patient:
    """An oblique, anisotropic, sheared CT of its own for every number, with a liver of 8 x 7 x 6 voxels."""
    hu = np.full(SHAPE, -1000, np.int16)
    dice = np.random.default_rng(number)
    hu[1:-1, 1:-1, :] = dice.integers(-60, 240, (SHAPE[0] - 2, SHAPE[1] - 2, SHAPE[2]))
    masks = np.zeros((4, *SHAPE), bool)
    liver, vessel, cava, tumor = masks
    liver[3:11, 3:10, 2:8] = True
    vessel[4:10, 5, 3:5] = True
    cava[11:13, 4:8, 1:9] = True
    tumor[5:8, 7:9, 5:7] = has_tumor
    affine = oblique_affine((0.7 + 0.01 * number, 0.9, 2.5), tilt_mm=0.3)
    return Patient(Volume(hu, affine), liver, vessel, cava, tumor)


def save(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    """A NIfTI of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def write_lits(folder: Path, patients: Mapping[int, Patient], ending: str = ".nii") -> Path:
    """LiTS: even numbers in Training Batch 1, odd ones in Training Batch 2."""
    for number, one in patients.items():
        batch = folder / f"Training Batch {1 + number % 2}"
        labels = one.liver.astype(np.uint8)
        labels[one.tumor] = 2
        save(batch / f"volume-{number}{ending}", one.ct.array, one.ct.affine)
        save(batch / f"segmentation-{number}{ending}", labels, one.ct.affine)
    return folder


def write_hepatic_vessel(folder: Path, patients: Mapping[int, Patient]) -> Path:
    """MSD Task08 with dataset.json, the ``._`` files that macOS left in it, and an image of the test set."""
    for number, one in patients.items():
        name = f"hepaticvessel_{number:03d}.nii.gz"
        labels = one.vessel.astype(np.uint8)
        labels[one.tumor] = 2
        save(folder / "imagesTr" / name, one.ct.array, one.ct.affine)
        save(folder / "labelsTr" / name, labels, one.ct.affine)
        for part in ("imagesTr", "labelsTr"):
            (folder / part / f"._{name}").write_bytes(b"\0\5\26\7 resource fork")
    (folder / "imagesTs").mkdir(parents=True, exist_ok=True)
    (folder / "imagesTs" / "hepaticvessel_999.nii.gz").write_bytes(b"")
    labels = {"0": "background", "1": "Vessel", "2": "Tumour"}
    (folder / "dataset.json").write_text(json.dumps({"name": "HepaticVessel", "labels": labels}))
    return folder


def write_hv_liver(folder: Path, patients: Mapping[int, Patient], suffix: str = "_liver") -> Path:
    """HV Liver: masks of the whole organ, without images."""
    for number, one in patients.items():
        save(folder / f"hepaticvessel_{number:03d}{suffix}.nii.gz", one.liver.astype(np.uint8), one.ct.affine)
    return folder


def ircad_masks(one: Patient) -> dict[str, np.ndarray]:
    """Masks by folder, named as in the published ones; the venous system is the vessel and the vena cava."""
    portal = one.vessel.copy()
    portal[7:] = False
    masks = {
        "liver": one.liver,
        "portalvein": portal,
        "venoussystem": one.cava | (one.vessel & ~portal),
        "livercyst": one.liver & (one.ct.array < -50),
        "bone": ~one.liver,
        "tumor": one.cava,
    }
    if one.tumor.any():
        first = one.tumor.copy()
        first[6:] = False
        masks |= {"livertumor01": first, "livertumor02": one.tumor & ~first}
    return masks


def write_ircad(
    folder: Path, number: int, one: Patient, masks: Mapping[str, np.ndarray] | None = None, *, zipped: bool = True
) -> Path:
    """3Dircadb1.N with PATIENT_DICOM and MASKS_DICOM, each a zip or a folder."""
    place = folder / f"3Dircadb1.{number}"
    write_series(place / "PATIENT_DICOM", one.ct, number=number)
    for name, mask in (ircad_masks(one) if masks is None else masks).items():
        write_mask_series(place / "MASKS_DICOM" / name, one.ct.with_array(mask), number)
    if zipped:
        for part in ("PATIENT_DICOM", "MASKS_DICOM"):
            pack(place / part)
    return place


def write_mask_series(folder: Path, mask: Volume, number: int = 1) -> list[Path]:
    """8 bit, 255 inside, without rescaling; file names as those of the CT."""
    return write_series(folder, mask, number=number + 500, change=partial(_as_mask, mask.array))


def _as_mask(mask: np.ndarray, k: int, dataset: Dataset) -> None:
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.RescaleIntercept = 7, 0
    dataset.PixelData = (mask[:, :, k].T * np.uint8(255)).astype(np.uint8).tobytes()


def pack(folder: Path) -> Path:
    """FOLDER becomes FOLDER.zip, with FOLDER/ in its names."""
    packed = folder.with_suffix(".zip")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder.parent))
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    return packed
