"""LiTS: ``volume-N.nii`` and ``segmentation-N.nii`` (or .nii.gz), in one folder or in Training Batch 1 and 2.

Bilic et al., The Liver Tumor Segmentation Benchmark (LiTS), Medical Image Analysis 2023;84:102680.
"""

from __future__ import annotations

from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.data.files import NIFTI, files_below, numbered, pairs
from LiverTumorSegLib.training.data.label_maps import LabelMap, Meaning
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject

DATA_SET = "lits"
ANNOTATED = frozenset({Structure.LIVER, Structure.TUMOR})
MEANINGS = ((1, Meaning.LIVER), (2, Meaning.TUMOR))
VOLUME = rf"volume-(\d+){NIFTI}"
_SEGMENTATION = rf"segmentation-(\d+){NIFTI}"

IRCAD_NUMBERS = range(28, 49)
"""Among these are the 20 patients of 3D-IRCADb. The LVT text says 28 to 47, a comparison of the images 28 to 44 and 46
to 48 (github.com/assassint2017/MICCAI-LITS2017, issue 33)."""

_IDENTITY_AFFINE = range(28, 48)
"""These have lost spacing and orientation (github.com/PatrickChrist/LITS-CHALLENGE, issue 14)."""


def lits_subjects(folder: Path) -> tuple[Subject, ...]:
    """All training volumes below a folder; those of the test set (``test-volume-N``) are passed over.

    Raises InputError if there are none, or a volume or a segmentation lacks its counterpart.
    """
    files = files_below(folder)
    found = pairs(numbered(files, VOLUME), numbered(files, _SEGMENTATION))
    if not found:
        raise InputError(
            found=f"no volume-N.nii in {folder}",
            expected="LiTS: volume-N.nii and segmentation-N.nii",
            remedy="Give the folder that holds Training Batch 1 and 2",
        )
    return tuple(_subject(number, CtSource(image), labels) for number, image, labels in found)


def may_be_of_ircad(subject: Subject) -> bool:
    """Whether this is a LiTS subject of a number that 3D-IRCADb may have published too."""
    return subject.id in {_id(number) for number in IRCAD_NUMBERS}


def has_lost_its_spacing(subject: Subject) -> bool:
    """Whether its image is a LiTS file whose header is known to say 1 x 1 x 1 mm whatever the truth is."""
    return subject.id in {_id(number) for number in _IDENTITY_AFFINE}


def _subject(number: int, image: CtSource, labels: Path) -> Subject:
    annotation = Annotation(DATA_SET, image, LabelMap(labels, MEANINGS), ANNOTATED)
    return Subject(_id(number), DATA_SET, image, (annotation,))


def _id(number: int) -> str:
    return f"{DATA_SET}-{number:03d}"
