"""Folders of data sets -> their subjects; which data set a folder holds is told by its names alone."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.phantom_files import TRUTH
from LiverTumorSegLib.io.results import RUN
from LiverTumorSegLib.training.data import hcc_tace
from LiverTumorSegLib.training.data.files import files_below
from LiverTumorSegLib.training.data.hepatic_vessel import IMAGES, LIVER, hepatic_vessel_subjects
from LiverTumorSegLib.training.data.ircad import has_patients, ircad_subjects
from LiverTumorSegLib.training.data.lits import VOLUME, lits_subjects
from LiverTumorSegLib.training.data.results import result_subjects
from LiverTumorSegLib.training.data.subject import Subject
from LiverTumorSegLib.training.data.table import TABLE, table_subjects


class Layout(StrEnum):
    """How the files of a data set lie in its folder. hv-liver are labels for the images of hepatic-vessel."""

    TABLE = "table"
    IRCAD = "ircad"
    HEPATIC_VESSEL = "hepatic-vessel"
    LITS = "lits"
    HV_LIVER = "hv-liver"
    RESULTS = "results"
    HCC_TACE = "hcc-tace-seg"


def recognize(folder: Path) -> Layout:
    """The first layout that fits; no file is opened. Raises InputError where none does."""
    names = Counter(path.name for path in files_below(folder))
    checks = (
        (Layout.TABLE, (folder / TABLE).is_file()),
        (Layout.IRCAD, has_patients(folder)),
        (Layout.HEPATIC_VESSEL, (folder / IMAGES).is_dir()),
        (Layout.LITS, _any_like(names, VOLUME)),
        (Layout.HV_LIVER, _any_like(names, LIVER)),
        (Layout.RESULTS, RUN in names or TRUTH in names),
        (Layout.HCC_TACE, hcc_tace.has_patients(folder)),
    )
    for layout, fits in checks:
        if fits:
            return layout
    raise InputError(
        found=f"{folder} holds {names.total() or 'no'} files and no data set that is known",
        expected="LiTS (volume-N.nii), Task08_HepaticVessel (imagesTr), HV Liver (hepaticvessel_NNN.nii.gz), 3D-IRCADb "
        f"(3Dircadb1.N), HCC-TACE-Seg (HCC_NNN), result folders, or a table {TABLE}",
        remedy=f"Give the folder of one data set, or write a {TABLE} (id, image, labels, annotated)",
    )


def find_subjects(folders: Sequence[Path], warn: hcc_tace.Warn = warnings.warn) -> tuple[Subject, ...]:
    """The subjects of all folders, one data set each; livers of HV Liver join the images of HepaticVessel.

    Nothing but names, tables, the contents of zips of masks and the headers of HCC-TACE-Seg is read. warn: told of each
    patient of HCC-TACE-Seg who has to be left out. Raises InputError for a folder that holds no data set, HV Liver
    without its images, and ids that two folders share.
    """
    layouts = {folder: recognize(folder) for folder in folders}
    livers = [folder for folder, layout in layouts.items() if layout is Layout.HV_LIVER]
    images = [folder for folder, layout in layouts.items() if layout is Layout.HEPATIC_VESSEL]
    if len(livers) > 1 or (livers and len(images) != 1):
        raise InputError(
            found=f"{len(livers)} folders of HV Liver with {len(images)} of HepaticVessel",
            expected="both at most once, and the images wherever there are livers",
            remedy="Give Task08_HepaticVessel together with the folder of its liver masks",
        )
    found = [
        subject
        for folder, layout in layouts.items()
        if layout is not Layout.HV_LIVER
        for subject in _subjects(folder, layout, livers[0] if livers else None, warn)
    ]
    _check_ids(found)
    return tuple(found)


def _subjects(folder: Path, layout: Layout, liver_labels: Path | None, warn: hcc_tace.Warn) -> tuple[Subject, ...]:
    match layout:
        case Layout.TABLE:
            return table_subjects(folder / TABLE)
        case Layout.IRCAD:
            return ircad_subjects(folder)
        case Layout.HEPATIC_VESSEL:
            return hepatic_vessel_subjects(folder, liver_labels)
        case Layout.LITS:
            return lits_subjects(folder)
        case Layout.RESULTS:
            return result_subjects(folder)
        case Layout.HCC_TACE:
            return hcc_tace.hcc_tace_subjects(folder, warn)
        case Layout.HV_LIVER:
            message = "HV Liver has no images of its own"
            raise ValueError(message)


def _any_like(names: Iterable[str], pattern: str) -> bool:
    return any(re.fullmatch(pattern, name, re.IGNORECASE) for name in names)


def _check_ids(subjects: Sequence[Subject]) -> None:
    twice = [name for name, count in Counter(subject.id for subject in subjects).items() if count > 1]
    if twice:
        raise InputError(
            found=f"the ids {', '.join(twice[:5])} in two of the folders",
            expected="ids that differ in all data sets",
            remedy="Give each folder once; rename subjects of a table",
        )
