"""Result folders of ``livertumorseg`` and phantoms as training data: a segmentation and the CT that it belongs to."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.phantom_files import CT, TRUTH
from LiverTumorSegLib.io.results import LABELS, RUN, SEGMENTATION
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.training.data.files import files_below
from LiverTumorSegLib.training.data.label_maps import LabelMap, read_values
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject

READER, PREDICTED, PHANTOM = "livertumorseg-reader", "livertumorseg-predicted", "livertumorseg-phantom"
"""Data sets: masks that a reader drew or corrected (``measure``), that a model made (``segment``), that are known."""


def result_subjects(
    folder: Path, images: Path | None = None, annotated: frozenset[Structure] = ALL_STRUCTURES
) -> tuple[Subject, ...]:
    """Every result folder and phantom below a folder; what a model made is a data set of its own.

    images: where the CTs are now, if not where run.json says; they are found there by name and recognized by their
    content. annotated: classes that the segmentations make known, say without vessels if nobody looked at those.
    Raises InputError if there is none, or a CT is not there.
    """
    markers = [path for path in files_below(folder) if path.name in (RUN, TRUTH)]
    if not markers:
        raise InputError(
            found=f"no {RUN} and no {TRUTH} in {folder}",
            expected="result folders written by livertumorseg segment, measure or phantom",
            remedy="Give the folder that holds them",
        )
    return tuple(_subject(folder, marker, images, annotated) for marker in markers)


def _subject(folder: Path, marker: Path, images: Path | None, annotated: frozenset[Structure]) -> Subject:
    place = marker.parent
    data_set, image = (PHANTOM, CtSource(place / CT)) if marker.name == TRUTH else _of_run(marker, images)
    for needed in (image.path, place / SEGMENTATION, place / LABELS):
        if not needed.exists():
            raise InputError(
                found=f"no {needed}, which {marker} needs",
                expected="a complete result folder, and the CT where it was segmented",
                remedy="Give the folder of the CTs, or write a subjects.csv",
            )
    labels = LabelMap(place / SEGMENTATION, read_values(place / LABELS))
    name = place.relative_to(folder).as_posix()
    subject_id = f"{data_set}/{place.resolve().name if name == '.' else name}"
    return Subject(subject_id, data_set, image, (Annotation(data_set, image, labels, annotated),))


def _of_run(record: Path, images: Path | None) -> tuple[str, CtSource]:
    run = read_json(record)
    source: Any = run.get("source")
    path, sha256 = (source.get(key) if isinstance(source, dict) else None for key in ("path", "sha256"))
    if not isinstance(path, str) or not isinstance(sha256, str):
        raise InputError(
            found=f"{record} does not tell which CT was segmented",
            expected="a run record with source, path and sha256",
            remedy="Make the result again with this version",
        )
    where = Path(path) if images is None else images / Path(path).name
    # A single file says its series too, but there is none to choose.
    has_series = where.is_dir() or zipfile.is_zipfile(where)
    series = (source.get("series_uid") or None) if has_series else None
    return (READER if run.get("command") == "measure" else PREDICTED), CtSource(where, series, sha256)
