"""Sample data: the procedural phantom, beside Slicer's own CTLiver. Nothing is downloaded for it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from LiverTumorSegLib.child.job import CommandJob

SAMPLE_NAME = "LiverTumorSegPhantom"
_POLL_S = 0.05


def register_sample_data() -> None:
    """To call once Slicer has started: the Sample Data module lists the phantom then."""
    import SampleData

    icons = Path(__file__).parents[1] / "Resources" / "Icons"
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="Liver Tumor Seg",
        sampleName=SAMPLE_NAME,
        uris=[],  # no file to download; Slicer refuses a source that does not say so
        fileNames=[],
        nodeNames=[],
        thumbnailFileName=str(icons / "LiverTumorSeg.png"),
        customDownloader=_load_phantom_for_sample_data,
    )


def load_phantom(python: Sequence[str], temporary_folder: Path, options: Sequence[object] = ()) -> Any:
    """Make the phantom in a child process and load its CT; options: of ``livertumorseg phantom``.

    Blocks for some seconds, but lets the application draw. Raises RuntimeError, saying why, if it cannot be made.
    """
    folder = Path(tempfile.mkdtemp(prefix="LiverTumorSeg-phantom-", dir=temporary_folder))
    try:
        job = CommandJob(["phantom", "-o", folder / "phantom", *options], folder, python=python)
        job.start()
        while job.poll():
            slicer.app.processEvents()
            time.sleep(_POLL_S)
        if job.failure is not None:
            raise RuntimeError(job.failure.message)
        return _load_ct(folder / "phantom" / "ct.nii.gz")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load_ct(path: Path) -> Any:
    from LiverTumorSegLib.io.nifti import read_nifti
    from LiverTumorSegLib.mrml.volume_node import add_volume_node
    from LiverTumorSegLib.volume import Volume

    image = read_nifti(path)
    node = add_volume_node(slicer.mrmlScene, Volume(image.array, image.affine), _("Phantom"))
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def _load_phantom_for_sample_data(_source: Any) -> Any:
    from LiverTumorSegModule.surroundings import python_words

    with slicer.util.tryWithErrorDisplay(_("The phantom could not be made."), waitCursor=True):
        return load_phantom(python_words(), Path(slicer.app.temporaryPath))
    return None
