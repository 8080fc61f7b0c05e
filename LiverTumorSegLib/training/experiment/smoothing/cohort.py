"""Who takes part: subjects with liver and tumours annotated, and what the clinic knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from LiverTumorSegLib.clinical.table import RawTable, read_ids
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.lesions import coverage
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.geometry.components import connected_components
from LiverTumorSegLib.io.phantom_files import TRUTH, write_phantom_files
from LiverTumorSegLib.io.ratio_files import tumor_ratio
from LiverTumorSegLib.io.spreadsheets import read_sheet
from LiverTumorSegLib.io.text_files import CsvTable, write_csv
from LiverTumorSegLib.labels import TUMOR
from LiverTumorSegLib.measure.axial import axial_diameters
from LiverTumorSegLib.phantom.clinical import COLUMNS, ClinicalSettings, case_id, clinical_table
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, part_of
from LiverTumorSegLib.training.data import hcc_tace
from LiverTumorSegLib.training.data.duplicates import merge_duplicates
from LiverTumorSegLib.training.data.layouts import Layout, find_subjects, recognize
from LiverTumorSegLib.training.data.structures import UNKNOWN, Structure
from LiverTumorSegLib.training.data.subject import Subject
from LiverTumorSegLib.training.experiment.smoothing.scale import Scale
from LiverTumorSegLib.volume import Volume

TABLE = "clinical.csv"
_NEEDED = frozenset({Structure.LIVER, Structure.TUMOR})


@dataclass(frozen=True)
class CaseFacts:
    """By the reference masks. ratio: tumour / liver with tumour; longest_mm: of the largest lesion, axial; both None
    where there is no liver or no tumour.
    """

    ratio: float | None
    tumor_ml: float
    longest_mm: float | None


@dataclass(frozen=True, eq=False)
class Cohort:
    """table: of the clinic, as read; its ids are those of the subjects. facts: by the subjects' ids. told: sentences
    for the report.
    """

    name: str
    subjects: tuple[Subject, ...]
    table: RawTable
    facts: Mapping[str, CaseFacts]
    told: tuple[str, ...] = ()
    is_made_up: bool = False


def synthetic_cohort(scale: Scale, settings: ClinicalSettings, folder: Path, report: ProgressCallback) -> Cohort:
    """Phantoms below a folder, and their clinical table; phantoms that are there already are kept.

    settings: the grid is that of the scale.
    """
    settings = replace(settings, spacing_mm=min(scale.spacing_mm, 10.0))
    for number in range(scale.patients):
        place = folder / case_id(number)
        report(ProgressEvent("phantoms", number / scale.patients, f"phantom {number + 1} of {scale.patients}"))
        if not (place / TRUTH).exists():
            made = scale.draw(settings, number)
            write_phantom_files(place, made.ct, made.segmentation, made.lesions, made.truth)
    found = {one.image.path.parent.name: one for one in find_subjects([folder])}
    subjects = tuple(replace(found[name], id=name, patient=name) for name in map(case_id, range(scale.patients)))
    facts = facts_of(subjects, part_of(report, 1.0, 1.0))
    ratios = [facts[subject.id].ratio or 0.0 for subject in subjects]
    write_csv(folder / TABLE, CsvTable(COLUMNS, clinical_table(ratios, settings)))
    told = (
        f"Made up: {scale.patients} phantoms. Their clinical picture was drawn with a correlation of "
        f"{settings.correlation:g} with the logarithm of tumor / liver; {settings.missing:.0%} of the cells are empty.",
    )
    return Cohort("phantoms", subjects, _table(folder / TABLE), facts, told, is_made_up=True)


def public_cohort(data_sets: Sequence[Path], table: Path | None, cache: Path, report: ProgressCallback) -> Cohort:
    """Subjects of data sets that annotate liver and tumours, such as HCC-TACE-Seg, whose own table is found.

    Raises InputError as ``find_subjects`` does, without a table, and where it knows none of the subjects.
    """
    told: list[str] = []
    found = merge_duplicates(find_subjects(data_sets, told.append), cache, report=part_of(report, 0.0, 0.3)).subjects
    subjects = tuple(one for one in found if one.annotated >= _NEEDED)
    told += [f"Without liver or tumors annotated: {one.id}." for one in found if not one.annotated >= _NEEDED]
    raw = _table(table or _own_table(data_sets))
    known = set(read_ids(raw, None)) & {one.id for one in subjects}
    if not known:
        raise InputError(
            found=f"a clinical table without any of the {len(subjects)} subjects",
            expected="their ids in the column of ids",
            remedy="Give the table of these patients",
        )
    name = " + ".join(sorted({subject.data_set for subject in subjects}))
    return Cohort(name, subjects, raw, facts_of(subjects, part_of(report, 0.3, 1.0)), tuple(told))


def facts_of(subjects: Sequence[Subject], report: ProgressCallback) -> dict[str, CaseFacts]:
    """By id; all masks are read. ``report`` may raise CancelledError."""
    facts = {}
    for number, subject in enumerate(subjects):
        report(ProgressEvent("masks", number / len(subjects), "measuring the reference masks"))
        facts[subject.id] = _facts(known_labels(subject.load().labels))
    return facts


def known_labels(labels: Volume) -> Volume:
    """What nobody knows counts as background."""
    return labels.with_array(labels.array * (labels.array != UNKNOWN))


def _facts(labels: Volume) -> CaseFacts:
    tumor = labels.array == TUMOR.value
    lesions = labels.with_array(connected_components(tumor)[0])
    sizes = [one.longest_mm for one in coverage(lesions, labels.with_array(tumor), _longest_mm)]
    longest = max((mm for mm in sizes if mm is not None), default=None)
    return CaseFacts(tumor_ratio(labels), float(tumor.sum()) * labels.voxel_ml, longest)


def _longest_mm(lesion: Volume) -> float:
    return axial_diameters(lesion, slice_axis(lesion.affine)).long_axis_mm


def _table(path: Path) -> RawTable:
    sheet = read_sheet(path)
    return RawTable(sheet.header, sheet.rows)


def _own_table(data_sets: Sequence[Path]) -> Path:
    for folder in data_sets:
        if recognize(folder) is Layout.HCC_TACE:
            table = hcc_tace.hcc_tace_cohort(folder).clinical_table
            if table is not None:
                return table
    raise InputError(
        found="no clinical table of these patients",
        expected="--table FILE, or HCC-TACE-Seg with its own table in the folder",
        remedy="Add --table",
    )
