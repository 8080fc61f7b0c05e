"""A finished examination as nodes of a scene."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import slicer

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.mrml.hierarchy import file_under_patient
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.result_nodes import add_result
from LiverTumorSegLib.mrml.volume_node import add_volume_node, volume_title


@dataclass(frozen=True, eq=False)
class CaseNodes:
    """The CT and the result on it."""

    volume: Any
    result: Result


def add_case(scene: slicer.vtkMRMLScene, case: Case) -> CaseNodes:
    """Add CT, segmentation, segments, vena cava, diameters and tables to a scene, filed under their patient."""
    source = case.study.source
    volume = add_volume_node(scene, case.study.ct, volume_title(source))
    file_under_patient(scene, source, volume, [])
    result = add_result(
        scene,
        volume,
        case.segmentation,
        case.shown,
        case.measurements,
        asdict(case.run),
        case.segments,
        case.vena_cava,
    )
    return CaseNodes(volume, result)
