"""Who takes part: subjects to train and test on, and others from elsewhere to test on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from LiverTumorSegLib.io.phantom_files import TRUTH, write_phantom_files
from LiverTumorSegLib.phantom import DEFAULT_LESIONS, LesionKind, LesionSettings, PhantomSettings, make_phantom
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.training.data.duplicates import merge_duplicates
from LiverTumorSegLib.training.data.layouts import find_subjects
from LiverTumorSegLib.training.data.subject import Subject, fully_annotated
from LiverTumorSegLib.training.experiment.scale import Scale

_FIRST_EXTERNAL_SEED = 10_000
_EXTERNAL_NOISE_HU = 22.0
_FAINTER = 0.75
"""Contrast of the lesions of external phantoms, relative to the others."""


@dataclass(frozen=True)
class Cohort:
    """subjects: annotated with all classes; one part of them tests. external: others to test on; () for none.

    name, external_name: headings of the tables.
    """

    name: str
    subjects: tuple[Subject, ...]
    external_name: str
    external: tuple[Subject, ...]


def public_cohort(data_sets: Sequence[Path], external: Sequence[Path], cache: Path, report: ProgressCallback) -> Cohort:
    """Subjects of data sets that annotate everything, such as HepaticVessel with HV Liver; external: such as 3D-IRCADb.

    Subjects that lack a class are left out. Raises InputError as ``find_subjects`` and ``merge_duplicates`` do.
    """
    inside, outside = (
        tuple(filter(fully_annotated, merge_duplicates(find_subjects(folders), cache, report=report).subjects))
        if folders
        else ()
        for folders in (data_sets, external)
    )
    names = [" + ".join(sorted({subject.data_set for subject in part})) for part in (inside, outside)]
    return Cohort(names[0], inside, names[1], outside)


def phantom_cohort(scale: Scale, folder: Path, report: ProgressCallback) -> Cohort:
    """Phantoms below a folder; those that are there already are kept.

    Seeds 1, 2, ... are patients; the external ones are noisier and have fainter lesions.
    """
    count = scale.phantoms + scale.external
    for number in range(count):
        is_external = number >= scale.phantoms
        place = folder / ("external" if is_external else "cohort") / f"phantom-{number:03d}"
        report(ProgressEvent("phantoms", number / count, f"phantom {number + 1} of {count}"))
        if not (place / TRUTH).exists():
            made = make_phantom(_settings(scale, number, is_external=is_external))
            write_phantom_files(place, made.ct, made.segmentation, made.lesions, made.truth)
    external = find_subjects([folder / "external"]) if scale.external else ()
    return Cohort("Phantoms", find_subjects([folder / "cohort"]), "Other phantoms", external)


def _settings(scale: Scale, number: int, *, is_external: bool) -> PhantomSettings:
    spacing = (min(scale.spacing_mm, 10.0),) * 3
    if not is_external:
        return PhantomSettings(seed=number + 1, spacing_mm=spacing)
    lesions = tuple(_fainter(lesion) for lesion in DEFAULT_LESIONS)
    seed = _FIRST_EXTERNAL_SEED + number
    return PhantomSettings(seed=seed, spacing_mm=spacing, noise_hu=_EXTERNAL_NOISE_HU, lesions=lesions)


def _fainter(lesion: LesionSettings) -> LesionSettings:
    if lesion.kind is not LesionKind.TUMOR:
        return lesion
    return LesionSettings(lesion.radii_mm, _FAINTER * lesion.contrast_hu, lesion.site, lesion.kind)
