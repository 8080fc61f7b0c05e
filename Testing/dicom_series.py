"""Writes synthetic DICOM series, one file per slice, as scanners do (or fail to do)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian

from LiverTumorSegLib.geometry.affine import lps_from_ras
from LiverTumorSegLib.volume import Volume

INTERCEPT = -1024
_ROOT = "1.2.826.0.1.3680043.10.999"

Change = Callable[[int, Dataset], None]
"""Called with the slice's index and its dataset before it is written."""


def nothing(_index: int, _dataset: Dataset) -> None:
    pass


def body_hu(shape: tuple[int, int, int] = (12, 10, 8)) -> np.ndarray:
    """int16 (i, j, k) with air around and a different value in every voxel inside."""
    hu = np.full(shape, -1000, dtype=np.int16)
    inside = hu[2:-2, 2:-2, :]
    inside[...] = np.arange(inside.size, dtype=np.int16).reshape(inside.shape) % 400 - 50
    return hu


def oblique_affine(spacing_mm: tuple[float, float, float] = (0.7, 0.9, 2.5), *, tilt_mm: float = 0.0) -> np.ndarray:
    """ijk -> RAS of an oblique, right-handed (in LPS) stack; ``tilt_mm``: shift per slice along j."""
    from scipy.spatial.transform import Rotation

    axes = np.diag([-1.0, -1.0, 1.0]) @ Rotation.from_euler("xyz", [12, -7, 20], degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(spacing_mm)
    affine[:3, 2] += tilt_mm * axes[:, 1]
    affine[:3, 3] = (31.5, -12.25, 140.0)
    return affine


def write_series(
    folder: Path,
    ct: Volume,
    *,
    number: int = 1,
    description: str = "",
    change: Change = nothing,
    prefix: str = "image_",
) -> list[Path]:
    """One file per k, shuffled names, no extension, no instance number; HU are stored with an intercept of -1024."""
    folder.mkdir(parents=True, exist_ok=True)
    lps = lps_from_ras(ct.affine)
    files = []
    for k in range(ct.shape[2]):
        dataset = _slice(ct.array[:, :, k], lps, k, number, description)
        change(k, dataset)
        file = folder / f"{prefix}{(k * 5 + 3) % ct.shape[2]}_{k}"
        dataset.save_as(file, enforce_file_format=True)
        files.append(file)
    return files


def write_enhanced(file: Path, ct: Volume) -> None:
    """All slices as one enhanced CT image; slope and intercept differ from frame to frame."""
    lps = lps_from_ras(ct.affine)
    dataset = _slice(ct.array[:, :, 0], lps, 0, 1, "enhanced")
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        delattr(dataset, name)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    dataset.NumberOfFrames = ct.shape[2]
    dataset.SharedFunctionalGroupsSequence = Sequence(
        [_dataset(PlaneOrientationSequence=[_dataset(ImageOrientationPatient=_orientation(lps))])]
    )
    dataset.PerFrameFunctionalGroupsSequence = Sequence([_frame(lps, k) for k in range(ct.shape[2])])
    stored = [ct.array[:, :, k].T.astype(np.int32) + 1000 + k for k in range(ct.shape[2])]
    dataset.PixelData = np.stack(stored).astype(np.uint16).tobytes()
    dataset.save_as(file, enforce_file_format=True)


def _frame(lps: np.ndarray, k: int) -> Dataset:
    position = [float(x) for x in lps[:3, :3] @ [0, 0, k] + lps[:3, 3]]
    return _dataset(
        PlanePositionSequence=[_dataset(ImagePositionPatient=position)],
        PixelMeasuresSequence=[_dataset(PixelSpacing=_spacing(lps))],
        PixelValueTransformationSequence=[_dataset(RescaleSlope=1, RescaleIntercept=-1000 - k, RescaleType="HU")],
    )


def _slice(hu: np.ndarray, lps: np.ndarray, k: int, number: int, description: str) -> Dataset:
    dataset = _dataset(
        SOPClassUID=CTImageStorage,
        SOPInstanceUID=f"{_ROOT}.{number}.{k + 1}",
        StudyInstanceUID=f"{_ROOT}.100",
        SeriesInstanceUID=f"{_ROOT}.200.{number}",
        SeriesNumber=number,
        SeriesDescription=description,
        Modality="CT",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        PatientName="Test^Phantom",
        PatientID="",
        StudyDate="20240131",
        SliceThickness=99,
        ImagePositionPatient=[float(x) for x in lps[:3, :3] @ [0, 0, k] + lps[:3, 3]],
        ImageOrientationPatient=_orientation(lps),
        PixelSpacing=_spacing(lps),
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=hu.shape[1],
        Columns=hu.shape[0],
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=0,
        RescaleSlope=1,
        RescaleIntercept=INTERCEPT,
        PixelData=(hu.T.astype(np.int32) - INTERCEPT).astype(np.uint16).tobytes(),
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _orientation(lps: np.ndarray) -> list[float]:
    axes = lps[:3, :2] / np.linalg.norm(lps[:3, :2], axis=0)
    return [float(f"{x:.12f}") for x in axes.T.ravel()]


def _spacing(lps: np.ndarray) -> list[float]:
    """Between rows (along j), then between columns (along i)."""
    along_i, along_j, _ = np.linalg.norm(lps[:3, :3], axis=0)
    return [float(f"{x:.10f}") for x in (along_j, along_i)]


def _dataset(**values: object) -> Dataset:
    with pydicom.config.disable_value_validation():
        dataset = Dataset()
        for keyword, value in values.items():
            setattr(dataset, keyword, Sequence(value) if keyword.endswith("Sequence") else value)
    return dataset
