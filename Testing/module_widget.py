"""The module's widget as Slicer opens it, and waiting for what it does in the background."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import qt
import slicer


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


def edit(result: Any, segment_id: str, mask: Any) -> None:
    """Make a segment what a mask (i, j, k) on the CT says, through the function that every editor effect uses."""
    from LiverTumorSegLib.mrml.grid import image_of, matrix_of

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
