"""Results of a scene as result folders on disk, made by the command line's own ``measure``; kept until they change."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from LiverTumorSegLib.child.job import CommandJob
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Anchor, Corrections, DiameterCorrection

RESULT = "result"
SAME_PLACE_MM = 1.0


@dataclass
class _Written:
    folder: Path
    fingerprint: Hashable


class VisitFiles:
    """Follow-ups of one scene share it: a result that has not changed since is not written and measured again."""

    def __init__(self, python: Sequence[str], temporary_folder: Path) -> None:
        self._python, self._temporary_folder = tuple(python), temporary_folder
        self._folder: Path | None = None
        self._written: dict[str, _Written] = {}
        """By segmentation id."""
        self._number = 0

    def folder_of(self, result: Any) -> Path | None:
        """Of a result as it is now; None where it has to be written first."""
        written = self._written.get(result.segmentation.GetID())
        if written is None or written.fingerprint != _fingerprint(result):
            return None
        return written.folder / RESULT if (written.folder / RESULT).is_dir() else None

    def writing(self, result: Any) -> CommandJob:
        """Write CT and mask as they are now; the job, not started yet, that makes a result folder of them.

        Raises InputError where the CT is gone or cannot be used, OSError.
        """
        from LiverTumorSegLib.workbench.export import written_to_measure

        self.forget(result.segmentation.GetID())
        folder = self.new_folder()
        try:
            words = written_to_measure(result, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._written[result.segmentation.GetID()] = _Written(folder, _fingerprint(result))
        (folder / "job").mkdir()
        return CommandJob([*words, "-o", folder / RESULT, "--contents", "data"], folder / "job", python=self._python)

    def new_folder(self) -> Path:
        """Empty, and gone with ``close``."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="LiverTumorSeg-visits-", dir=self._temporary_folder))
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        return folder

    def forget(self, segmentation_id: str) -> None:
        """Remove what was written of a result."""
        written = self._written.pop(segmentation_id, None)
        if written is not None:
            shutil.rmtree(written.folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything; it can be used again."""
        self._written.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


@dataclass(frozen=True)
class FolderFacts:
    """What a result folder says about its CT. date: ISO, "" unknown."""

    key: str
    date: str
    patient_id: str
    ct: Path


def facts_of(folder: Path) -> FolderFacts:
    """Raises InputError where it is no result folder."""
    from LiverTumorSegLib.followup.examination import KEY_DIGITS
    from LiverTumorSegLib.io.results import RUN
    from LiverTumorSegLib.io.text_files import read_json

    try:
        source = read_json(folder / RUN)["source"]
        key = str(source["sha256"])[:KEY_DIGITS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            found=f"{folder / RUN} cannot be used ({error})",
            expected="a result folder written by segment or measure",
            remedy="Choose the folder that holds segmentation.nii.gz and run.json",
        ) from error
    return FolderFacts(
        key,
        iso_date(str(source.get("study_date", ""))),
        str(source.get("patient_id", "")).strip(),
        Path(str(source.get("path", ""))),
    )


def iso_date(text: str) -> str:
    """DICOM's YYYYMMDD as YYYY-MM-DD; "" for what is no date."""
    digits = text.strip().replace("-", "").replace(".", "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and digits.isdigit() else ""


def with_lines_of(corrections: Corrections, result: Any, key: str) -> Corrections:
    """Also the diameters that the reader has dragged in the scene, but where the follow-up itself has one."""
    from LiverTumorSegLib.mrml.result_nodes import reader_diameters

    measurements = result.measurements
    dragged = reader_diameters(result) if measurements is not None else {}
    said = []
    for lesion in measurements.lesions if measurements is not None else ():
        if lesion.id in dragged:
            start, end = lesion.long_axis_ras_mm
            r, a, s = ((one + other) / 2 for one, other in zip(start, end, strict=True))
            reader, anchor = dragged[lesion.id], Anchor(key, (r, a, s))
            if not any(_is_same(anchor, one.lesion) for one in corrections.diameters):
                said.append(DiameterCorrection(anchor, reader.long_axis_mm, reader.short_axis_mm))
    return replace(corrections, diameters=(*said, *corrections.diameters))


def _is_same(one: Anchor, other: Anchor) -> bool:
    return one.visit == other.visit and math.dist(one.point_ras_mm, other.point_ras_mm) <= SAME_PLACE_MM


def _fingerprint(result: Any) -> Hashable:
    from LiverTumorSegLib.workbench.result_watch import fingerprint

    volume, segments = result.volume, result.segments
    image = volume.GetImageData() if volume is not None else None
    return (
        fingerprint(result.segmentation),
        volume.GetName() if volume is not None else "",
        image.GetMTime() if image is not None else 0,
        fingerprint(segments) if segments is not None else None,
    )
