"""Numbers out of a scene: for the clipboard, as CSV, and as the command line's result folder with its report."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.child.job import CommandJob, Failure, JobState
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ProgressEvent
from LiverTumorSegLib.workbench.translation import _

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]+")


def as_text(table_nodes: Sequence[Any]) -> str:
    """Tables as a spreadsheet takes them from the clipboard: tabs between cells, an empty line between tables."""
    return "\n\n".join("\n".join("\t".join(row) for row in _rows(node)) for node in table_nodes)


def csv_files(result: Any, folder: Path) -> list[Path]:
    """Where ``export_csv`` writes: volumes, and lesions with the reader's diameters."""
    name = file_name(result.volume.GetName() if result.volume else result.segmentation.GetName())
    return [folder / f"{name}-volumes.csv", folder / f"{name}-lesions.csv"]


def export_csv(result: Any, folder: Path) -> list[Path]:
    """The unrounded numbers as two CSV files in an existing folder; files of that name are replaced.

    Raises InputError while the mask is being measured, OSError where the folder cannot be written.
    """
    from LiverTumorSegLib.io.text_files import CsvTable, write_csv
    from LiverTumorSegLib.measure.table import lesion_rows_with_readers, volumetry_rows
    from LiverTumorSegLib.mrml.result_nodes import reader_diameters

    measurements = result.measurements
    if measurements is None:
        raise InputError(
            found="an edited mask whose numbers are not known yet",
            expected="a measured mask",
            remedy="Wait a second and try again",
        )
    volumes, lesions = csv_files(result, folder)
    write_csv(volumes, CsvTable(*volumetry_rows(measurements)))
    write_csv(lesions, CsvTable(*lesion_rows_with_readers(measurements, reader_diameters(result))))
    return [volumes, lesions]


def file_name(title: str) -> str:
    """A title as a file name that every system takes."""
    return _NOT_IN_FILE_NAMES.sub("_", title).strip("_.") or "CT"


class ReportJob:
    """``livertumorseg measure`` on CT and mask as they are in the scene: report, pictures, NIfTI, tables in a folder.

    An Activity. What cannot be used is an InputError at construction.
    """

    def __init__(self, result: Any, output: Path, python: Sequence[str], temporary_folder: Path) -> None:
        self.title = _("Writing the report")
        self.output = output
        self._folder = Path(tempfile.mkdtemp(prefix="LiverTumorSeg-report-", dir=temporary_folder))
        try:
            words = written_to_measure(result, self._folder)
        except BaseException:
            self._tidy_up()
            raise
        self._job = CommandJob([*words, "-o", output], self._folder, python=python)

    @property
    def progress(self) -> ProgressEvent:
        return self._job.progress

    @property
    def log(self) -> str:
        return self._job.log

    @property
    def failure(self) -> Failure | None:
        return self._job.failure

    @property
    def cancelled(self) -> bool:
        return self._job.state is JobState.CANCELLED

    @property
    def report(self) -> Path:
        return self.output / "report.html"

    def start(self) -> None:
        self._job.start()

    def poll(self) -> bool:
        """Whether it is still running."""
        running = self._job.poll()
        if not running:
            self._tidy_up()
        return running

    def cancel(self) -> None:
        self._job.cancel()

    def kill(self) -> None:
        self._job.kill()
        self._tidy_up()

    def _tidy_up(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def written_to_measure(result: Any, folder: Path) -> list[object]:
    """CT, mask and segments of a result, as they are in the scene, as files in a folder; the words that measure them.

    The same voxels make the same bytes. Raises InputError where the CT is gone or cannot be used, OSError.
    """
    from LiverTumorSegLib.io.nifti import write_nifti
    from LiverTumorSegLib.io.results import COUINAUD, SEGMENTATION, write_labels_json
    from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS, SEGMENTATION_LABELS
    from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of, values_in
    from LiverTumorSegLib.mrml.volume_node import view_of

    if result.volume is None:
        raise InputError(
            found=f"{result.segmentation.GetName()} without its CT",
            expected="the CT that was segmented, in the scene",
            remedy="Load the CT and set it as source geometry of the segmentation",
        )
    ct = view_of(result.volume)
    # The report names its input by this file.
    ct_file = folder / f"{file_name(result.volume.GetName())}.nii"
    write_nifti(ct_file, ct if ct.array.dtype.itemsize <= 4 else ct.with_array(ct.array.astype(np.float32)))
    write_nifti(folder / SEGMENTATION, segmentation_of(result.segmentation, ct))
    write_labels_json(folder, SEGMENTATION_LABELS)
    if result.segments is None:
        return ["measure", ct_file, folder / SEGMENTATION, "--anatomy", "off"]
    i, j, k = (slice(0, n) for n in ct.shape)
    segments = values_in(result.segments, ALL_COUINAUD_LABELS, ct, (i, j, k))
    write_nifti(folder / COUINAUD, ct.with_array(segments))
    return ["measure", ct_file, folder / SEGMENTATION, "--segments", folder / COUINAUD]


def _rows(node: Any) -> list[list[str]]:
    columns = range(node.GetNumberOfColumns())
    header = [node.GetColumnName(column) for column in columns]
    return [header, *([node.GetCellText(row, column) for column in columns] for row in range(node.GetNumberOfRows()))]
