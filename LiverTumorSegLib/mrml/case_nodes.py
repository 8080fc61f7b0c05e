"""A finished examination as nodes of a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.mrml.hierarchy import file_under_patient
from LiverTumorSegLib.mrml.markups import add_diameter_lines
from LiverTumorSegLib.mrml.segmentation_node import add_segmentation_node
from LiverTumorSegLib.mrml.tables import add_measurement_tables
from LiverTumorSegLib.mrml.volume_node import add_volume_node, volume_title

SEGMENTATION_NAME = "Liver, vessels and tumors"


@dataclass(frozen=True, eq=False)
class CaseNodes:
    """The MRML nodes of one examination; lines are long, short, long, short, ... by lesion."""

    volume: Any
    segmentation: Any
    lines: list[Any]
    tables: list[Any]


def add_case(scene: slicer.vtkMRMLScene, case: Case) -> CaseNodes:
    """Add CT, segmentation, diameters and tables to a scene, filed under their patient."""
    source = case.study.source
    volume = add_volume_node(scene, case.study.ct, volume_title(source))
    segmentation = add_segmentation_node(scene, case.segmentation, case.labels, volume, SEGMENTATION_NAME)
    lines = add_diameter_lines(scene, case.measurements.lesions)
    tables = add_measurement_tables(scene, case.measurements)
    file_under_patient(scene, source, volume, [segmentation, *lines, *tables])
    return CaseNodes(volume, segmentation, lines, tables)
