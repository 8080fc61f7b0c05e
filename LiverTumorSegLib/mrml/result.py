"""A result in a living scene: the segmentation and all that belongs to it, found through references that are saved too.

The segmentation node is the result. It refers to the CT (reference geometry), to other segmentations with the Couinaud
segments and the vena cava, to two tables, to a text node with the unrounded measurements and the run record, and to the
diameter lines.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import slicer

from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.mrml.markups import AUTOMATIC, ORIGIN_ATTRIBUTE, is_reader_line
from LiverTumorSegLib.mrml.nodes import nodes_of_class

RESULT_ATTRIBUTE = "LiverTumorSeg.Result"
VOLUMETRY_ROLE, LESIONS_ROLE = "LiverTumorSegVolumetry", "LiverTumorSegLesions"
RECORD_ROLE, LINE_ROLE = "LiverTumorSegRecord", "LiverTumorSegLine"
SEGMENTS_ROLE, CAVA_ROLE = "LiverTumorSegSegments", "LiverTumorSegVenaCava"
_REFERENCE_ROLE = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()


@dataclass(frozen=True, eq=False)
class Result:
    """Parts that somebody has deleted are None, or missing among the lines."""

    segmentation: Any

    @property
    def scene(self) -> Any:
        return self.segmentation.GetScene()

    @property
    def volume(self) -> Any | None:
        """The CT that was segmented."""
        return self.segmentation.GetNodeReference(_REFERENCE_ROLE)

    @property
    def segments(self) -> Any | None:
        """The segmentation with the Couinaud segments; None where the liver was not divided."""
        return self.segmentation.GetNodeReference(SEGMENTS_ROLE)

    @property
    def vena_cava(self) -> Any | None:
        """The segmentation with the vena cava; None where it was not found."""
        return self.segmentation.GetNodeReference(CAVA_ROLE)

    @property
    def volumetry(self) -> Any | None:
        return self.segmentation.GetNodeReference(VOLUMETRY_ROLE)

    @property
    def lesions(self) -> Any | None:
        return self.segmentation.GetNodeReference(LESIONS_ROLE)

    @property
    def lines(self) -> list[Any]:
        count = self.segmentation.GetNumberOfNodeReferences(LINE_ROLE)
        found = (self.segmentation.GetNthNodeReference(LINE_ROLE, index) for index in range(count))
        return [node for node in found if node is not None]

    @property
    def measured_lines(self) -> list[Any]:
        return [node for node in self.lines if node.GetAttribute(ORIGIN_ATTRIBUTE) == AUTOMATIC]

    @property
    def reader_lines(self) -> list[Any]:
        return [node for node in self.lines if is_reader_line(node)]

    @property
    def parts(self) -> list[Any]:
        """All nodes of the result but the CT."""
        record = self.segmentation.GetNodeReference(RECORD_ROLE)
        others = (self.segments, self.vena_cava, self.volumetry, self.lesions, record)
        return [self.segmentation, *self.lines, *(node for node in others if node is not None)]

    @property
    def measurements(self) -> Measurements | None:
        """The unrounded numbers of the mask as it is now; None while the mask has changed and is not measured yet."""
        stored = self._record().get("measurements")
        return Measurements.from_json(stored) if stored else None

    @property
    def run(self) -> dict[str, Any]:
        """How the result came about (run.json)."""
        run: dict[str, Any] = self._record().get("run", {})
        return run

    def keep(self, measurements: Measurements | None, run: dict[str, Any] | None = None) -> None:
        """Store measurements (None: not known any more) and, if given, the run record, to be saved with the scene."""
        node = self.segmentation.GetNodeReference(RECORD_ROLE)
        if node is not None:
            stored = measurements.to_json() if measurements else None
            node.SetText(json.dumps({"measurements": stored, "run": self.run if run is None else run}, indent=1))

    def _record(self) -> dict[str, Any]:
        node = self.segmentation.GetNodeReference(RECORD_ROLE)
        record: dict[str, Any] = json.loads((node.GetText() if node else "") or "{}")
        return record


def result_of(segmentation: slicer.vtkMRMLSegmentationNode | None) -> Result | None:
    """The result that a segmentation node is; None for any other segmentation."""
    is_result = segmentation is not None and segmentation.GetAttribute(RESULT_ATTRIBUTE) is not None
    return Result(segmentation) if is_result else None


def results_in(scene: slicer.vtkMRMLScene) -> list[Result]:
    """All results of a scene, the oldest first."""
    found = map(result_of, nodes_of_class(scene, "vtkMRMLSegmentationNode"))
    return [result for result in found if result is not None]


def results_of(volume: slicer.vtkMRMLScalarVolumeNode) -> list[Result]:
    """The results on one CT, the oldest first."""
    return [result for result in results_in(volume.GetScene()) if result.volume is volume]
