"""What the workstation exports, read back; and where in the patient a pixel of a slice view lies."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from workstation_page import AXIAL, CORONAL, SAGITTAL, WorkstationPage

from LiverTumorSegLib.io.segmentation import read_segmentation
from LiverTumorSegLib.volume import Volume

Rows = list[dict[str, str]]

_RIGHT, _DOWN = {AXIAL: 0, CORONAL: 0, SAGITTAL: 1}, {AXIAL: 1, CORONAL: 2, SAGITTAL: 2}
"""Patient axes along which columns and rows of a picture run, all backwards: R is on the left, A and S on top."""


def exported_mask(page: WorkstationPage, ct: Volume, folder: Path) -> np.ndarray:
    """Labels on the CT's grid, of the mask as it is now."""
    segmentation, _ = read_segmentation(page.export("segmentation", folder), ct)
    return segmentation.array


def exported_tables(page: WorkstationPage, folder: Path) -> tuple[Rows, Rows]:
    """Volumes and lesions, unrounded."""
    return tables_in(page.export("tables", folder))


def tables_in(file: Path) -> tuple[Rows, Rows]:
    with zipfile.ZipFile(file) as archive:
        volumes, lesions = sorted(archive.namelist(), reverse=True)
        return rows_of(archive.read(volumes).decode()), rows_of(archive.read(lesions).decode())


def rows_of(text: str) -> Rows:
    return list(csv.DictReader(io.StringIO(text)))


@dataclass(frozen=True)
class FittedSlice:
    """A slice view that shows all of an upright CT: its middle in the middle, its longer side as long as the view.

    size_px: width and height of the picture.
    """

    view: int
    ct: Volume
    size_px: np.ndarray

    @property
    def axes(self) -> tuple[int, int]:
        """Along columns and rows."""
        return _RIGHT[self.view], _DOWN[self.view]

    @property
    def mm_per_px(self) -> float:
        extent_mm = np.abs(self.ct.affine[:3, :3]) @ np.array(self.ct.shape)
        return max(extent_mm[list(self.axes)] / self.size_px)

    def pixel_of(self, *place_mm: float) -> np.ndarray:
        """Column and row of a place in the slice, given by its two coordinates in RAS."""
        return self.size_px / 2 - (np.array(place_mm) - self._middle_mm) / self.mm_per_px

    @property
    def _middle_mm(self) -> np.ndarray:
        middle = self.ct.affine[:3, :3] @ ((np.array(self.ct.shape) - 1) / 2) + self.ct.affine[:3, 3]
        return middle[list(self.axes)]
