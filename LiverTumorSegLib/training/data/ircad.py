"""3D-IRCADb-01 as published: ``3Dircadb1.N`` with PATIENT_DICOM and MASKS_DICOM, each a zip or an unpacked folder.

Soler et al., 3D image reconstruction for comparison of algorithm database (IRCAD, 2010).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import unreadable
from LiverTumorSegLib.training.data.ircad_masks import IrcadMasks, Part, parts_in
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject

DATA_SET = "ircad"
IMAGES, MASKS = "PATIENT_DICOM", "MASKS_DICOM"
_PATIENT = re.compile(r"3dircadb1\.(\d+)", re.IGNORECASE)


def ircad_subjects(folder: Path) -> tuple[Subject, ...]:
    """Patients in a folder, in a folder inside it, or the patient that the folder itself is, by their numbers.

    All have liver and tumours: where no mask is called a liver tumour, there is none (patients 5, 7, 11, 14, 20).
    Vessels count as annotated where both portal and hepatic veins are. The names of masks are looked at, no image and
    no mask is read. Raises InputError where images or masks of a patient are missing, and for a broken zip of masks.
    """
    patients: dict[int, Path] = {}
    for number, path in sorted(_patients(folder)):
        if number in patients:
            raise _twice(number, patients[number], path)
        patients[number] = path
    if not patients:
        raise InputError(
            found=f"no 3Dircadb1.N in {folder}",
            expected="3D-IRCADb-01: folders 3Dircadb1.1 to 3Dircadb1.20",
            remedy="Unpack 3Dircadb1.zip and give its folder",
        )
    return tuple(_subject(number, patient) for number, patient in patients.items())


def has_patients(folder: Path) -> bool:
    """Whether a folder is or holds one called 3Dircadb1.N."""
    return next(_patients(folder), None) is not None


def _patients(folder: Path) -> Iterator[tuple[int, Path]]:
    """N and path of folders called 3Dircadb1.N: the folder itself, in it, and one level deeper."""
    inside = _listed(folder)
    for path in [folder, *inside, *(deeper for outer in inside for deeper in _listed(outer))]:
        match = _PATIENT.fullmatch(path.name)
        if match and path.is_dir():
            yield int(match.group(1)), path


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise unreadable(folder, error) from error


def _subject(number: int, patient: Path) -> Subject:
    image, masks = CtSource(_part(patient, IMAGES)), _part(patient, MASKS)
    parts = parts_in(masks)
    if Part.LIVER not in parts:
        raise InputError(
            found=f"no masks of a liver in {masks}",
            expected="a folder liver beside those of the other structures",
            remedy="Unpack or download the masks of this patient again",
        )
    annotated = {Structure.LIVER, Structure.TUMOR}
    if {Part.PORTAL_VEIN, Part.HEPATIC_VEINS} <= parts:
        annotated.add(Structure.VESSEL)
    labels = IrcadMasks(masks, frozenset(annotated))
    annotation = Annotation(DATA_SET, image, labels, labels.structures)
    return Subject(f"{DATA_SET}-{number:02d}", DATA_SET, image, (annotation,))


def _part(patient: Path, name: str) -> Path:
    """The unpacked folder if there is one with something in it, else the zip. Raises InputError if there is neither."""
    found = {path.name.casefold(): path for path in _listed(patient)}
    folder, packed = found.get(name.casefold()), found.get(f"{name}.zip".casefold())
    if folder is not None and _listed(folder):
        return folder
    if packed is not None:
        return packed
    raise InputError(
        found=f"no {name} in {patient}",
        expected=f"{name}.zip, or the folder unpacked from it",
        remedy="Complete the download, or move this patient out of the folder",
    )


def _twice(number: int, first: Path, second: Path) -> InputError:
    return InputError(
        found=f"patient {number} in {first} and in {second}",
        expected="one folder of each patient",
        remedy="Move one of them away",
    )
