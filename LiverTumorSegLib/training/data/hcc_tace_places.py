"""Which CT a segmentation was drawn on, and where its frames lie there: on the CT's voxels, or nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.affine import ras_from_lps
from LiverTumorSegLib.io.archive import folder_entries
from LiverTumorSegLib.io.dicom import quiet_pydicom
from LiverTumorSegLib.io.dicom_geometry import sort_planes
from LiverTumorSegLib.io.dicom_headers import read_planes
from LiverTumorSegLib.io.dicom_series import Series, find_series
from LiverTumorSegLib.training.data.hcc_tace_files import SeriesFolder, earliest
from LiverTumorSegLib.training.data.hcc_tace_segments import Frame, SegmentationHeader
from LiverTumorSegLib.volume import Volume

OFF_GRID_MM = 0.15
"""A CT's slices may lie 0.11 mm off their line (io/dicom_geometry); frames repeat the positions of slices."""


@dataclass(frozen=True)
class ChosenCt:
    """folder, selector: what CtSource takes; selector is None where the folder holds one volume."""

    series: SeriesFolder
    selector: str | None

    @property
    def folder(self) -> Path:
        return self.series.folder


@dataclass(frozen=True, eq=False)
class FramePlace:
    """Voxel (i, j, k) of a frame's first pixel, and steps along a row (to the next column) and along a column."""

    first: np.ndarray
    along_row: np.ndarray
    along_column: np.ndarray

    def voxels(self, plane: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Indices into an (i, j, k) array of the pixels that are set. plane: bool (rows, columns)."""
        rows, columns = np.nonzero(plane)
        i, j, k = (self.first + np.outer(columns, self.along_row) + np.outer(rows, self.along_column)).T
        return i, j, k


def ct_of(header: SegmentationHeader, series: Iterable[SeriesFolder]) -> ChosenCt:
    """The CT whose slices the segmentation names; where it names none, the one of the earliest study that it fits.

    A series may hold several phases: then the one that holds those slices. Raises InputError where there is no such CT,
    where several fit, and where the frames do not lie on its voxels.
    """
    phases = _phases(_candidates(header, [one for one in series if one.modality == "CT"]))
    if header.sources:
        phases = [(ct, phase) for ct, phase in phases if header.sources <= {plane.uid for plane in phase.planes}]
    if not phases:
        raise _no_ct(why="the slices that it was drawn on are not all there, or not in one phase")
    fitting: list[ChosenCt] = []
    misfits: list[InputError] = []
    for ct, phase in phases:
        try:
            _check(header, ct.series, phase)
            fitting.append(ct)
        except InputError as error:
            misfits.append(error)
    if not fitting:
        raise misfits[0]
    if len(fitting) > 1:
        raise _no_ct(why=f"it fits {len(fitting)} CT volumes and names the slices of none")
    return fitting[0]


def place_of(frame: Frame, size: tuple[int, int], ct: Volume) -> FramePlace:
    """Where a frame lies; its rows and columns may run along either axis of the slice, in either direction.

    size: rows, columns. ct: only its grid counts. Raises InputError where it lies between the voxels, across the slices
    or outside.
    """
    rows, columns = size
    lps = np.eye(4)
    lps[:3, 0] = frame.orientation[:3] * frame.spacing_mm[1]
    lps[:3, 1] = frame.orientation[3:] * frame.spacing_mm[0]
    lps[:3, 2] = np.cross(frame.orientation[:3], frame.orientation[3:])
    lps[:3, 3] = frame.position
    plane = ras_from_lps(lps)
    corners = np.array([[0, 0], [columns - 1, 0], [0, rows - 1], [columns - 1, rows - 1]])
    exact = ct.ijk_from_ras(corners @ plane[:3, :2].T + plane[:3, 3])
    voxels = np.rint(exact).astype(int)
    along_row, along_column = np.rint(np.linalg.solve(ct.affine[:3, :3], plane[:3, :2])).astype(int).T
    off_mm = float(np.linalg.norm((exact - voxels) @ ct.affine[:3, :3].T, axis=1).max())
    if off_mm > OFF_GRID_MM or not _is_step_in_slice(along_row) or not _is_step_in_slice(along_column):
        raise _misaligned(why=f"frame {frame.index + 1} does not lie on the CT's voxels ({off_mm:.2f} mm off)")
    if (voxels != voxels[0] + np.outer(corners[:, 0], along_row) + np.outer(corners[:, 1], along_column)).any():
        raise _misaligned(why=f"frame {frame.index + 1} has another pixel spacing than the CT")
    if (voxels < 0).any() or (voxels >= ct.shape).any():
        raise _misaligned(why=f"frame {frame.index + 1} lies outside the CT")
    return FramePlace(voxels[0], along_row, along_column)


def _candidates(header: SegmentationHeader, cts: list[SeriesFolder]) -> list[SeriesFolder]:
    if header.series_uids:
        named = [one for one in cts if one.uid in header.series_uids]
        if not named:
            raise _no_ct(
                why=f"the CT series that it was drawn on is not there ({', '.join(sorted(header.series_uids))})"
            )
        return named
    return cts if header.sources else earliest(cts)


def _phases(candidates: list[SeriesFolder]) -> list[tuple[ChosenCt, Series]]:
    """The volumes in their folders; localizers are none. Raises InputError where there is no volume at all."""
    phases: list[tuple[ChosenCt, Series]] = []
    refusals: list[InputError] = []
    for one in candidates:
        try:
            found = _volumes(one)
        except InputError as error:
            refusals.append(error)
            continue
        selectors = [None] if len(found) == 1 else [f"#{number}" for number in range(1, len(found) + 1)]
        phases += [(ChosenCt(one, name), phase) for name, phase in zip(selectors, found, strict=True)]
    if refusals and not phases:
        raise refusals[0]
    return phases


def _volumes(series: SeriesFolder) -> list[Series]:
    with quiet_pydicom():
        planes, _ = read_planes(folder_entries(series.folder))
    return find_series(planes)[0]


def _check(header: SegmentationHeader, series: SeriesFolder, phase: Series) -> None:
    """Raises InputError unless every frame lies on the slice that it was drawn on."""
    if header.frame_of_reference and series.frame_of_reference not in ("", header.frame_of_reference):
        raise _misaligned(why="its frame of reference is not the CT's")
    ordered, affine = sort_planes(phase.planes)
    rows, columns = ordered[0].size
    grid = Volume(np.broadcast_to(np.uint8(0), (columns, rows, len(ordered))), affine)
    slices = {plane.uid: k for k, plane in enumerate(ordered)}
    for frame in header.frames:
        k = int(place_of(frame, header.size, grid).first[2])
        if frame.source and slices[frame.source] != k:
            raise _misaligned(
                why=f"frame {frame.index + 1} lies on slice {k + 1} and says it was drawn on {slices[frame.source] + 1}"
            )


def _is_step_in_slice(step: np.ndarray) -> bool:
    return bool(step[2] == 0 and np.abs(step).sum() == 1)


def _no_ct(*, why: str) -> InputError:
    return InputError(
        found=f"a segmentation without its CT: {why}",
        expected="the CT series that was segmented, whole",
        remedy="Complete the download",
    )


def _misaligned(*, why: str) -> InputError:
    return InputError(
        found=f"a misaligned segmentation: {why}",
        expected="frames on the voxels of the CT that they were drawn on",
        remedy="Leave this patient out; nothing is shifted or resampled",
    )
