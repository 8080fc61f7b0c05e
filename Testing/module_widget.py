"""The module's widget as Slicer opens it, and waiting for what it does in the background."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import qt
import slicer
from mrml_case import ct_array, label_array, oblique_affine

from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.mrml.grid import image_of, matrix_of
from LiverTumorSegLib.mrml.result_nodes import add_result
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.volume import Volume

RIGHT_HANDED = oblique_affine() @ np.diag([-1.0, 1.0, 1.0, 1.0])
"""Left-handed volumes are turned around by Slicer's own files; test_geometry.py has them."""


@contextmanager
def opened_module() -> Iterator[Any]:
    """The widget, set up and entered; ``errors`` collects what message boxes would show, every question is a yes."""
    from LiverTumorSeg import LiverTumorSegWidget

    parent = qt.QWidget()
    parent.setLayout(qt.QVBoxLayout())
    widget = LiverTumorSegWidget(parent)
    widget.errors = []
    widget.questions = []
    widget.setup()
    widget.showError = lambda message, details: widget.errors.append((message, details))
    widget.ask = lambda question: widget.questions.append(question) or True
    widget.enter()
    try:
        yield widget
    finally:
        widget.exit()
        widget.cleanup()
        # A form that lives on follows the scene, and slows down every change of it.
        parent.delete()
        slicer.app.processEvents()


def wait_until(holds: Callable[[], bool], widget: Any, seconds: float = 60) -> None:
    """Let the application live until something holds; fails the test if it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {seconds} s; errors: {widget.errors}"
        widget.logic.tick()
        slicer.app.processEvents()
        time.sleep(0.01)


def wait_for_numbers(widget: Any, result: Any, seconds: float = 60) -> None:
    """Until the numbers of a result are those of its mask."""
    widget.logic.tick()
    wait_until(lambda: result.measurements is not None and not widget.logic.measuring.busy, widget, seconds)


def add_ct(scene: Any, name: str = "CT", affine: Any = None, start_ijk: tuple[int, int, int] = (0, 0, 0)) -> Any:
    """A small CT of mrml_case as other modules may leave it; oblique and anisotropic unless an affine is given."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetIJKToRASMatrix(matrix_of(RIGHT_HANDED if affine is None else affine))
    node.SetAndObserveImageData(image_of(ct_array(), start_ijk))
    node.CreateDefaultDisplayNodes()
    return node


def add_result_on(scene: Any, ct: Any, labels: Any = None, run: dict[str, Any] | None = None) -> Any:
    """What a run would have added, with the label map of mrml_case unless another is given."""
    segmentation = Volume(label_array() if labels is None else labels, view_of(ct).affine)
    measured = measure_case(segmentation)[0]
    return add_result(scene, ct, segmentation, MAIN_LABELS, measured, run or {"command": "segment"})


def edit(result: Any, segment_id: str, mask: Any) -> None:
    """Make a segment what a mask (i, j, k) on the CT says, through the function that every editor effect uses."""
    labelmap = slicer.vtkOrientedImageData()
    labelmap.DeepCopy(image_of(mask.astype("uint8"), result.volume.GetImageData().GetExtent()[::2]))
    matrix = matrix_of(np.eye(4))
    result.volume.GetIJKToRASMatrix(matrix)
    labelmap.SetGeometryFromImageToWorldMatrix(matrix)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.SetBinaryLabelmapToSegment(labelmap, result.segmentation, segment_id, logic.MODE_REPLACE)


def cells(table: Any, column: int) -> list[str]:
    """What a column of a table node shows."""
    return [table.GetCellText(row, column) for row in range(table.GetNumberOfRows())]
