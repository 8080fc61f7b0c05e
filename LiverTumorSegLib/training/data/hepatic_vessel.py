"""MSD Task08_HepaticVessel (vessels, tumours) and HV Liver (the liver of the same images).

Antonelli et al., The Medical Segmentation Decathlon, Nature Communications 2022;13:4128. Tian et al., Automatic
Couinaud segmentation from CT volumes on liver using GLC-UNet, MLMI 2019 (github.com/GLCUnet/dataset).
"""

from __future__ import annotations

from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.training.data.files import NIFTI, files_below, incomplete, numbered
from LiverTumorSegLib.training.data.label_maps import BinaryMask, LabelMap, Meaning, Meanings, meanings_of
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject

DATA_SET, LIVER_DATA_SET = "hepatic-vessel", "hv-liver"
ANNOTATED = frozenset({Structure.VESSEL, Structure.TUMOR})
MEANINGS: Meanings = ((1, Meaning.VESSEL), (2, Meaning.TUMOR))
IMAGE = rf"hepaticvessel_(\d+){NIFTI}"
LIVER = rf"hepaticvessel_(\d+)(?:_liver)?{NIFTI}"
IMAGES, TEST_IMAGES, LABELS, TABLE = "imagesTr", "imagesTs", "labelsTr", "dataset.json"


def hepatic_vessel_subjects(folder: Path, liver_labels: Path | None = None) -> tuple[Subject, ...]:
    """Subjects of ``folder`` (imagesTr, labelsTr, dataset.json), with their livers where ``liver_labels`` has them.

    liver_labels: the folder of HV Liver. An image with labels of both has all three classes, one with labels of a
    single source has that source's; images of the test set (imagesTs) count where their liver is there. Labels of HV
    Liver whose image is not there are passed over. Raises InputError for a training image without any label, labels
    without image, and where nothing fits.
    """
    images = numbered(_files(folder, IMAGES), IMAGE)
    labels = numbered(_files(folder, LABELS), IMAGE)
    livers = _livers(liver_labels)
    unlabelled = [path for number, path in images.items() if number not in labels and number not in livers]
    if unlabelled:
        raise incomplete(unlabelled, "labels")
    if labels.keys() - images.keys():
        raise incomplete([labels[number] for number in sorted(labels.keys() - images.keys())], "image")
    tests = numbered(_files(folder, TEST_IMAGES), IMAGE)
    images |= {number: path for number, path in tests.items() if number in livers and number not in images}
    if not images or (liver_labels is not None and not livers.keys() & images.keys()):
        raise _nothing_fits(folder, liver_labels)
    meanings = _meanings(folder / TABLE)
    return tuple(
        _subject(number, CtSource(path), labels.get(number), livers.get(number), meanings)
        for number, path in sorted(images.items())
    )


def _subject(number: int, image: CtSource, labels: Path | None, liver: Path | None, meanings: Meanings) -> Subject:
    annotations = []
    if labels is not None:
        annotations.append(Annotation(DATA_SET, image, LabelMap(labels, meanings), ANNOTATED))
    if liver is not None:
        mask = BinaryMask(liver, Structure.LIVER)
        annotations.append(Annotation(LIVER_DATA_SET, image, mask, mask.structures))
    return Subject(f"{DATA_SET}-{number:03d}", annotations[0].data_set, image, tuple(annotations))


def _files(folder: Path, part: str) -> list[Path]:
    """Of one of the folders inside; none where it is missing."""
    return files_below(folder / part) if (folder / part).is_dir() else []


def _livers(folder: Path | None) -> dict[int, Path]:
    return {} if folder is None else numbered(files_below(folder), LIVER)


def _meanings(table: Path) -> Meanings:
    """The values that dataset.json tells, which must be vessels and tumours; the published ones where it is missing."""
    if not table.is_file():
        return MEANINGS
    told = read_json(table).get("labels")
    try:
        meanings = meanings_of({str(name): int(value) for value, name in dict(told or {}).items() if int(value)})
    except (TypeError, ValueError):
        meanings = ()
    if sorted(meaning for _, meaning in meanings) != sorted(meaning for _, meaning in MEANINGS):
        raise InputError(
            found=f"labels {told} in {table}",
            expected='those of Task08_HepaticVessel: {"1": "Vessel", "2": "Tumour"}',
            remedy="Give the folder of that task; other tasks can be given as a table",
        )
    return meanings


def _nothing_fits(folder: Path, liver_labels: Path | None) -> InputError:
    where = f"{folder / IMAGES}" + (f" that has labels in {liver_labels}" if liver_labels else "")
    return InputError(
        found=f"no hepaticvessel_NNN.nii.gz in {where}",
        expected="MSD Task08_HepaticVessel: imagesTr and labelsTr with hepaticvessel_NNN.nii.gz",
        remedy="Give the unpacked folder Task08_HepaticVessel (and beside it that of the liver masks)",
    )
