"""HCC-TACE-Seg of The Cancer Imaging Archive: CTs before and after chemoembolization, DICOM segmentations of the first.

Moawad et al., Multimodality annotated hepatocellular carcinoma data set including pre- and post-TACE with imaging
segmentation, Scientific Data 2023;10:33, doi 10.7937/TCIA.5FNA-0924 (CC BY 4.0). As the NBIA Data Retriever writes it:
``HCC-TACE-Seg/HCC_001/STUDY/SERIES/*.dcm``, where STUDY and SERIES are descriptions or (classic) UIDs.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.training.data.files import files_below
from LiverTumorSegLib.training.data.hcc_tace_files import SeriesFolder, earliest, series_below
from LiverTumorSegLib.training.data.hcc_tace_places import ChosenCt, ct_of, place_of
from LiverTumorSegLib.training.data.hcc_tace_segments import Part, SegmentationHeader, read_frames, read_header
from LiverTumorSegLib.training.data.structures import Drawn, Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject

DATA_SET = "hcc-tace-seg"
ANNOTATED = frozenset({Structure.LIVER, Structure.TUMOR})
"""Of the vessels, only the portal vein was drawn: it counts as liver, and no vessel as annotated."""

_PATIENT = re.compile(r"HCC_\d+", re.IGNORECASE)
_TABLE = re.compile(r"HCC-TACE-Seg.*clinical.*\.xlsx", re.IGNORECASE)
_LEVELS = 3
"""manifest-NUMBER/HCC-TACE-Seg/HCC_001."""
_NAMED = 3

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Excluded:
    """A patient who is left out, and why."""

    patient: str
    reason: str

    def sentence(self) -> str:
        return f"{self.patient} of HCC-TACE-Seg is left out: {self.reason}."


@dataclass(frozen=True)
class TaceCohort:
    """subjects: one for each patient who can be used; id is the TCIA PatientID. notes: about those who can.

    clinical_table: the xlsx with the patients' histories, None where it does not lie in the folder.
    """

    subjects: tuple[Subject, ...]
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]
    clinical_table: Path | None


@dataclass(frozen=True)
class TaceMasks:
    """A segmentation. The organ is liver, tumours and portal vein together; the aorta is background."""

    path: Path

    @property
    def structures(self) -> frozenset[Structure]:
        return ANNOTATED

    def read(self, study: Study) -> Drawn:
        """Raises InputError for a damaged file, and for frames that do not lie on the CT's voxels."""
        header, pixels = read_frames(self.path)
        masks: dict[Part, Mask] = {part: np.zeros(study.ct.shape, bool, order="F") for part in Part}
        for frame in header.frames:
            if frame.part is not None:
                place = place_of(frame, header.size, study.ct)
                masks[frame.part][place.voxels(pixels[frame.index])] = True
        tumor = masks[Part.TUMOR]
        return Drawn({Structure.LIVER: masks[Part.LIVER] | masks[Part.PORTAL_VEIN] | tumor, Structure.TUMOR: tumor})


def hcc_tace_subjects(folder: Path, warn: Warn = warnings.warn) -> tuple[Subject, ...]:
    """The patients who can be used, sorted; warn is called for each who is left out. Raises as ``hcc_tace_cohort``."""
    cohort = hcc_tace_cohort(folder)
    for told in (*(one.sentence() for one in cohort.excluded), *cohort.notes):
        warn(told)
    return cohort.subjects


def hcc_tace_cohort(folder: Path) -> TaceCohort:
    """All patients below a folder (of the download, of the collection, or the patient's own). Headers are read only.

    A patient is left out, with the reason, whose segmentation is missing, damaged, without a liver or a tumour, drawn
    on a CT that is not there, or not on its voxels. Raises InputError where there is no patient, nobody can be
    used, or a patient is there twice.
    """
    subjects: list[Subject] = []
    excluded: list[Excluded] = []
    notes: list[str] = []
    for name, place in _patients_by_name(folder).items():
        try:
            subjects.append(_subject(name, place, notes.append))
        except InputError as error:
            excluded.append(Excluded(name, error.found.rstrip(".")))
    if not subjects:
        raise InputError(
            found=f"nobody in {folder} can be used: {' '.join(one.sentence() for one in excluded[:_NAMED])}",
            expected="patients with a CT and its DICOM segmentation",
            remedy="Complete the download",
        )
    return TaceCohort(tuple(subjects), tuple(excluded), tuple(notes), _clinical_table(folder))


def has_patients(folder: Path) -> bool:
    """Whether a folder is, or holds, one called HCC_NNN with DICOM files below it; nothing is opened."""
    return any(path.suffix.lower() == ".dcm" for _, place in _patients(folder) for path in place.rglob("*"))


def _patients_by_name(folder: Path) -> dict[str, Path]:
    patients: dict[str, Path] = {}
    for name, place in sorted(_patients(folder)):
        if name in patients:
            raise InputError(
                found=f"patient {name} in {patients[name]} and in {place}",
                expected="one folder of each patient",
                remedy="Move one of them away",
            )
        patients[name] = place
    if not patients:
        raise InputError(
            found=f"no HCC_NNN in {folder}",
            expected="HCC-TACE-Seg: folders HCC_001 to HCC_105",
            remedy="Give the folder that the NBIA Data Retriever wrote",
        )
    return patients


def _patients(folder: Path) -> Iterator[tuple[str, Path]]:
    """PatientID and path: the folder itself, or those at most three levels below it."""
    level = [folder]
    for _ in range(_LEVELS + 1):
        found = [path for path in level if _PATIENT.fullmatch(path.name) and path.is_dir()]
        yield from ((path.name.upper(), path) for path in found)
        others = (path for path in level if path.is_dir() and path not in found and not path.name.startswith("."))
        level = [inside for path in others for inside in path.iterdir()]


def _subject(name: str, place: Path, warn: Warn) -> Subject:
    series = series_below(place)
    strangers = sorted({one.patient_id for one in series} - {name, ""})
    if strangers:
        raise InputError(
            found=f"files of {', '.join(strangers)} in {place}",
            expected=f"those of {name} alone",
            remedy="Sort the files by patient",
        )
    header = read_header(_segmentation(series).file)
    _check_parts(header)
    ct = ct_of(header, series)
    _note(name, ct, series, header, warn)
    image = CtSource(ct.folder, ct.selector)
    return Subject(name, DATA_SET, image, (Annotation(DATA_SET, image, TaceMasks(header.path), ANNOTATED),))


def _segmentation(series: list[SeriesFolder]) -> SeriesFolder:
    """The one of the earliest study that has one: before treatment."""
    found = earliest(one for one in series if one.modality == "SEG")
    if len(found) != 1:
        raise InputError(
            found=f"{len(found) or 'no'} segmentations{' of one study' if found else ''}",
            expected="one DICOM segmentation of the study before treatment",
            remedy="Complete the download, or move all but one away",
        )
    return found[0]


def _check_parts(header: SegmentationHeader) -> None:
    missing = {Part.LIVER, Part.TUMOR} - {part for _, part in header.segments}
    if missing:
        raise InputError(
            found=f"a segmentation without {' and '.join(sorted(missing))} "
            f"(it has {', '.join(label for label, _ in header.segments)})",
            expected="the segments Liver and Mass",
            remedy="Leave this patient out",
        )


def _note(name: str, ct: ChosenCt, series: list[SeriesFolder], header: SegmentationHeader, warn: Warn) -> None:
    unknown = [label for label, part in header.segments if part is None]
    if unknown:
        warn(f"{name} of HCC-TACE-Seg: the segments {', '.join(unknown)} are not known and count as background.")
    if ct.series not in earliest(one for one in series if one.modality == "CT"):
        warn(f"{name} of HCC-TACE-Seg: the segmentation is not of the earliest study ({ct.series.study_date}).")


def _clinical_table(folder: Path) -> Path | None:
    return next((path for path in files_below(folder) if _TABLE.fullmatch(path.name)), None)
