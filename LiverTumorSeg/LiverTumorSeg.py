"""The Slicer module: liver, vessels and tumors of an abdominal CT, editable, with measurements that follow the edit.

The classes that Slicer looks for; what they are made of is in LiverTumorSegModule, the work itself in LiverTumorSegLib.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleTest

_FOLDER = Path(__file__).resolve().parent
if not (_FOLDER / "LiverTumorSegLib").is_dir():  # a source tree: once installed, the library is beside this file
    sys.path.insert(0, str(_FOLDER.parent))

from LiverTumorSegModule.logic import TICK_MS, LiverTumorSegLogic
from LiverTumorSegModule.sample_data import load_phantom, register_sample_data
from LiverTumorSegModule.surroundings import python_words
from LiverTumorSegModule.widget import LiverTumorSegWidget

from LiverTumorSegLib.settings import SegmentSettings

HOMEPAGE = "https://github.com/LiverTumorSeg/SlicerLiverTumorSeg"


class LiverTumorSeg(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Liver Tumor Seg")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["LiverTumorSeg developers"]
        self.parent.helpText = _(
            "<p>Finds liver, vessels and tumors in an abdominal CT as an editable segmentation, and measures volumes"
            " (ml) and RECIST diameters (mm) that follow every edit.</p>"
            "<ol><li>Choose a CT, press <b>Segment</b>.</li>"
            "<li>Correct the outlines with the segment editor; the tables follow.</li>"
            "<li>Click a lesion to go to the slice of its long axis. Drag an end of a line to measure it your way: it"
            " is kept as the reader's, beside the automatic one.</li></ol>"
            "<p><b>For research use only: not a medical device.</b> A qualified reader must check every outline.</p>"
            '<p>See <a href="{url}">the project\'s page</a>.</p>'
        ).format(url=HOMEPAGE)
        self.parent.acknowledgementText = _(
            "Follows the published systems SmoothSegNet / MedAssist-Liver, LVT and volume-level weak supervision."
            " The fetched networks are by KU Leuven (pyliverlesionseg 0.3, Apache-2.0)."
        )
        slicer.app.connect("startupCompleted()", register_sample_data)
        slicer.app.connect("startupCompleted()", _register_layouts)


def _register_layouts() -> None:
    """At start-up, because a stored scene may use them before the module is opened."""
    from LiverTumorSegLib.mrml.followup_views import register_layouts

    register_layouts(slicer.mrmlScene)


class LiverTumorSegTest(ScriptedLoadableModuleTest):
    """For Slicer's own Reload & Test: the main job on a small phantom, with the classical model that needs no fetch."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear(0)

    def runTest(self, **_arguments: Any) -> None:
        """Run the one test."""
        self.setUp()
        self.test_phantom()

    def test_phantom(self) -> None:
        """Phantom in, segmentation and tables out, an erased tumor leaves the table."""
        from LiverTumorSegLib.mrml.result import result_of

        self.delayDisplay("Making the phantom")
        logic = LiverTumorSegLogic()
        try:
            options = ("--spacing", 3, 3, 5)
            volume = load_phantom(python_words(), Path(slicer.app.temporaryPath), options)
            self.delayDisplay("Segmenting it")
            segmentation = logic.process(volume, SegmentSettings(model="classical"))
            result = result_of(segmentation)
            self.assertGreater(result.measurements.liver_ml, 500)
            self.assertEqual(result.lesions.GetNumberOfRows(), len(result.measurements.lesions))
            self.delayDisplay("Erasing the tumors")
            segmentation.GetSegmentation().RemoveSegment("tumor")
            deadline = time.monotonic() + 30
            while (result.measurements is None or result.measurements.lesions) and time.monotonic() < deadline:
                logic.tick()
                slicer.app.processEvents()
                time.sleep(TICK_MS / 1000)
            self.assertEqual(result.lesions.GetNumberOfRows(), 0)
        finally:
            logic.cleanup()
        self.delayDisplay("Test passed")


__all__ = ["LiverTumorSeg", "LiverTumorSegLogic", "LiverTumorSegTest", "LiverTumorSegWidget"]
