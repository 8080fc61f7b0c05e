"""The picture of the module for README and extension page: panel, slices and 3D of a phantom, no patient.

    python Testing/module_screenshot.py docs/images/slicer-module.jpg

Runs the real default model on the phantom. Slicer's own frame around it cannot be drawn here: panel and views are those
of the module on Slicer's real core, arranged as Slicer does it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PANEL_PX = (520, 1060)
GAP_PX = 5
FIELD_OF_VIEW_MM = 390.0


def main() -> None:
    import os

    sys.path[:0] = [str(ROOT), str(ROOT / "Testing"), str(ROOT / "LiverTumorSeg")]
    os.environ.setdefault("LIVERTUMORSEG_CACHE", str(ROOT / "cache"))
    from slicer_stand_ins import desktop

    desktop.boot()
    desktop.register_module(ROOT / "LiverTumorSeg" / "LiverTumorSeg.py")
    import slicer
    from LiverTumorSegModule.sample_data import load_phantom
    from LiverTumorSegModule.surroundings import python_words
    from module_widget import opened_module

    with opened_module() as module:
        volume = load_phantom(python_words(), Path(slicer.app.temporaryPath))
        module.ui.inputSelector.setCurrentNode(volume)
        module.ui.segmentButton.click()
        while module.logic.activity is not None:
            slicer.app.processEvents()
            time.sleep(0.01)
        from LiverTumorSegLib.mrml.result import results_of

        draw(module, results_of(volume)[0]).save(Path(sys.argv[1]), quality=88)


def draw(module: Any, result: Any) -> Any:
    """Panel at the left; axial, 3D, coronal and sagittal view at the right, as in Slicer's four-up layout."""
    import numpy as np
    import slicer
    from PIL import Image
    from scene_pictures import slice_picture, widget_picture

    from LiverTumorSegLib.mrml.picture import render_3d
    from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
    from LiverTumorSegLib.mrml.views import focus_of
    from LiverTumorSegLib.mrml.volume_node import view_of

    logic = slicer.app.applicationLogic()
    module.parent.resize(*PANEL_PX)
    with tempfile.TemporaryDirectory() as folder:
        widget_picture(module.parent, Path(folder) / "panel.png")
        panel = Image.open(Path(folder) / "panel.png").convert("RGB")
    side_px = (panel.height - GAP_PX) // 2
    size = (side_px, side_px)
    lesion_ras = np.mean(result.measurements.lesions[0].long_axis_ras_mm, axis=0)
    ct = view_of(result.volume)
    axial, coronal, sagittal = (
        Image.fromarray(slice_picture(slicer.mrmlScene, logic, name, place_ras, FIELD_OF_VIEW_MM, size, result.volume))
        for name, place_ras in zip(("Axial", "Coronal", "Sagittal"), _places(ct, lesion_ras), strict=True)
    )
    segmentation = segmentation_of(result.segmentation, ct)
    focus = focus_of(segmentation, result.measurements.lesions)
    view3d = Image.fromarray(render_3d(slicer.mrmlScene, logic, focus, size))
    step = side_px + GAP_PX
    sheet = Image.new("RGB", (panel.width + 2 * step, panel.height), "#404040")
    sheet.paste(panel, (0, 0))
    for picture, column, row in ((axial, 0, 0), (view3d, 1, 0), (coronal, 0, 1), (sagittal, 1, 1)):
        sheet.paste(picture, (panel.width + GAP_PX + column * step, row * step))
    return sheet


def _places(ct: Any, lesion_ras: Any) -> Any:
    """The middle of the CT, moved into the axial, coronal and sagittal slice through a lesion."""
    import numpy as np

    middle_ras = ct.ras_from_ijk((np.array(ct.shape)[None] - 1) / 2)[0]
    for axis in (2, 1, 0):
        place_ras = middle_ras.copy()
        place_ras[axis] = lesion_ras[axis]
        yield place_ras


if __name__ == "__main__":
    main()
