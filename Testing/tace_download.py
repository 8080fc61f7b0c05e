"""Writes miniature patients of HCC-TACE-Seg as the NBIA Data Retriever does: real DICOM, segmentations by highdicom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from dataset_layouts import Patient
from dicom_series import write_series
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from LiverTumorSegLib.geometry.affine import lps_from_ras
from LiverTumorSegLib.training.data.turns import Turn
from LiverTumorSegLib.volume import Volume

ROOT = "1.2.826.0.1.3680043.10.998"
SEGMENTS = ("Abdominal aorta", "Mass", "Portal vein", "Liver")
"""Labels as in the collection, in an order of the test's own."""
TYPES = {
    "Liver": codes.SCT.Liver,
    "Mass": Code("4147007", "SCT", "Mass"),
    "Portal vein": codes.SCT.PortalVein,
    "Abdominal aorta": codes.SCT.AbdominalAorta,
}


@dataclass(frozen=True)
class CtSeries:
    """number: of the series, unique in the patient. study: number in the patient; its date is the later the higher."""

    patient: str
    number: int
    study: int = 1
    acquisition: int = 1

    @property
    def study_uid(self) -> str:
        return f"{ROOT}.{int(self.patient[4:])}.{self.study}"

    @property
    def uid(self) -> str:
        return f"{self.study_uid}.{self.number}"

    def folder(self, collection: Path, what: str, *, classic: bool = False) -> Path:
        """Where the series lies: described in words, or by its UIDs."""
        if classic:
            return collection / self.patient / self.study_uid / self.uid
        study = f"0{self.study}-15-2001-NA-CT ABDPEL LIVER-4977{self.study}"
        return collection / self.patient / study / f"{self.number}.000000-{what}-0701{self.number}"


def write_ct(collection: Path, ct: Volume, series: CtSeries, *, classic: bool = False) -> list[Dataset]:
    """The slices as files, and as datasets from the first position along k to the last."""
    made: dict[int, Dataset] = {}

    def change(k: int, dataset: Dataset) -> None:
        dataset.PatientID, dataset.PatientName = series.patient, f"{series.patient}^"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = series.study_uid, series.uid
        dataset.SOPInstanceUID = f"{series.uid}.{series.acquisition}.{k + 1}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.FrameOfReferenceUID = f"{series.study_uid}.99"
        dataset.StudyDate, dataset.StudyTime = f"20010{series.study}15", "120000"
        dataset.AcquisitionNumber = series.acquisition
        for empty in ("StudyID", "AccessionNumber", "PatientBirthDate", "PatientSex", "ReferringPhysicianName"):
            setattr(dataset, empty, "")
        made[k] = dataset

    folder = series.folder(collection, "Recon 2 LIVER 3 PHASE AP", classic=classic)
    files = write_series(folder, ct, change=change, prefix=f"{series.acquisition}-", number=series.number)
    for file in files:
        file.rename(file.with_name(f"{file.name}.dcm"))
    return [made[k] for k in range(len(made))]


@dataclass(frozen=True)
class OwnGrid:
    """Of a segmentation: a part of the CT, stored in another order than the CT."""

    box: tuple[slice, slice, slice]
    turn: Turn

    def of(self, ct: Volume, masks: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The masks there, and the grid's affine, ijk -> RAS."""
        volumes = {name: self.turn.volume(ct.with_array(mask).crop(self.box)) for name, mask in masks.items()}
        return {name: volume.array for name, volume in volumes.items()}, next(iter(volumes.values())).affine


REVERSED = OwnGrid((slice(0, 14), slice(0, 12), slice(1, 9)), Turn((0, 1, 2), (False, False, True)))
"""As in the collection: whole slices, but not all of them, from the top down."""
TURNED = OwnGrid((slice(2, 14), slice(1, 12), slice(1, 9)), Turn((1, 0, 2), (True, False, False)))
"""Part of each slice, rows for columns, and one of the two backwards."""


def write_patient(
    collection: Path, one: Patient, ct: CtSeries, grid: OwnGrid = REVERSED, *, classic: bool = False
) -> Path:
    """One CT series with its segmentation, whose path is returned."""
    slices = write_ct(collection, one.ct, ct, classic=classic)
    masks, affine = grid.of(one.ct, masks_of(one))
    segmentation = replace(ct, number=300)
    return write_segmentation(segmentation.folder(collection, "Segmentation", classic=classic), masks, affine, slices)


def masks_of(one: Patient) -> dict[str, np.ndarray]:
    """By segment: a liver without its vessels but with its tumours; the aorta is the vein beside it."""
    return {
        "Liver": one.liver & ~one.vessel,
        "Mass": one.tumor,
        "Portal vein": one.vessel,
        "Abdominal aorta": one.cava,
    }


def write_segmentation(
    folder: Path,
    masks: Mapping[str, np.ndarray],
    affine: np.ndarray,
    slices: Sequence[Dataset],
    *,
    segments: Sequence[str] = SEGMENTS,
    labels: Mapping[str, str] | None = None,
) -> Path:
    """1-1.dcm with frames in the order of k of the masks' own grid, empty ones left out.

    affine: of the masks' grid, ijk -> RAS. slices: the CT that the file names. labels: other names of segments.
    """
    lps = lps_from_ras(affine)
    steps_mm = np.linalg.norm(lps[:3, :3], axis=0)
    along_i, along_j = (lps[:3, axis] / steps_mm[axis] for axis in (0, 1))
    count = next(iter(masks.values())).shape[2]
    segmentation = Segmentation(
        source_images=list(slices),
        pixel_array=np.stack([masks[name].transpose(2, 1, 0) for name in segments], axis=-1).astype(np.uint8),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[
            SegmentDescription(
                number,
                (labels or {}).get(name, name),
                Code("123037004", "SCT", "Anatomical Structure"),
                TYPES[name],
                SegmentAlgorithmTypeValues.MANUAL,
            )
            for number, name in enumerate(segments, start=1)
        ],
        series_instance_uid=f"{slices[0].SeriesInstanceUID}.300",
        series_number=300,
        sop_instance_uid=f"{slices[0].SeriesInstanceUID}.300.1",
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
        plane_positions=[
            hd.PlanePositionSequence(hd.CoordinateSystemNames.PATIENT, lps[:3, :3] @ [0, 0, k] + lps[:3, 3])
            for k in range(count)
        ],
        plane_orientation=hd.PlaneOrientationSequence(
            hd.CoordinateSystemNames.PATIENT, [float(x) for x in (*along_i, *along_j)]
        ),
        pixel_measures=hd.PixelMeasuresSequence([steps_mm[1], steps_mm[0]], slice_thickness=steps_mm[2]),
    )
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "1-1.dcm"
    segmentation.save_as(file)
    return file


def rewrite(file: Path, change: Callable[[Dataset], None]) -> None:
    """Changes a header after the file was written, as careless hands do."""
    dataset = pydicom.dcmread(file)
    change(dataset)
    dataset.save_as(file)
