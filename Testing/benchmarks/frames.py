"""How long a 3D view of liver, vessels and tumors takes to draw on this computer: seconds a frame while it is turned.

    python Testing/benchmarks/frames.py [--runs 9] [--size 454 378]

Slicer's own closed surfaces and the light models of the workstation, with as many peeled layers of translucency as are
named. The masks are those of the experts for 3D-IRCADb patient 1 (LIVERTUMORSEG_TESTDATA). Medians of the frames.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]
if sys.platform.startswith("linux"):
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
PEELS = (4, 2, 1)
TURN_DEGREES = 5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9, help="frames")
    parser.add_argument("--size", type=int, nargs=2, default=(454, 378), help="of the view, in pixels")
    arguments = parser.parse_args()
    view, segmentation = prepared_view(tuple(arguments.size))
    size = " x ".join(map(str, arguments.size))
    sys.stdout.write(f"ircad01, {size} pixels, {arguments.runs} frames, {os.cpu_count()} cores, seconds a frame\n")
    sys.stdout.write(f"{'':28}{'triangles':>10} " + " ".join(f"{n} layers" for n in PEELS) + "\n")
    for name, show in (("Slicer's closed surfaces", show_surfaces), ("light models", show_models)):
        triangles = show(segmentation)
        times = [seconds_a_frame(view, peels, arguments.runs) for peels in PEELS]
        sys.stdout.write(f"{name:28}{triangles:10d} " + " ".join(f"{seconds:8.3f}" for seconds in times) + "\n")


def prepared_view(size_px: tuple[int, int]) -> tuple[Any, Any]:
    """A 3D view of trame-slicer, and a segmentation that is not shown in it yet."""
    from real_cases import load_case
    from trame_slicer.core import SlicerApp
    from trame_slicer.views import ThreeDView

    from LiverTumorSegLib.labels import LIVER, MAIN_LABELS, TUMOR, VESSEL
    from LiverTumorSegLib.mrml.segmentation_node import add_segmentation_node
    from LiverTumorSegLib.mrml.views import focus_of, show_result
    from LiverTumorSegLib.mrml.volume_node import add_volume_node

    case = load_case(DATA, "ircad01")
    labels = case.organ.astype(np.uint8) * LIVER.value
    labels[case.vessels & case.organ] = VESSEL.value
    labels[case.lesions > 0] = TUMOR.value
    app = SlicerApp()
    view = ThreeDView(scene=app.scene, app_logic=app.app_logic, name="ThreeD")
    view.set_render_blocked(True)
    view.render_window().SetMultiSamples(0)
    view.render_window().SetSize(*size_px)
    volume = add_volume_node(app.scene, case.ct, "CT")
    mask = case.ct.with_array(np.asfortranarray(labels))
    node = add_segmentation_node(app.scene, mask, MAIN_LABELS, volume, "result")
    show_result(app.scene, volume, focus_of(mask, ()))
    view.keep_alive = app
    return view, node


def show_surfaces(segmentation: Any) -> int:
    from LiverTumorSegLib.mrml.surfaces import create_surfaces

    create_surfaces(segmentation)
    parts = segmentation.GetSegmentation()
    ids = parts.GetSegmentIDs()
    return sum(parts.GetSegment(n).GetRepresentation("Closed surface").GetNumberOfPolys() for n in ids)


def show_models(segmentation: Any) -> int:
    from LiverTumorSegLib.mrml.nodes import nodes_of_class
    from LiverTumorSegLib.mrml.segment_models import SegmentModels

    segmentation.RemoveClosedSurfaceRepresentation()
    for _segment_id in SegmentModels(segmentation).update():
        pass
    models = nodes_of_class(segmentation.GetScene(), "vtkMRMLModelNode")
    # Views have models of their own for slices, which are empty here.
    return sum(model.GetPolyData().GetNumberOfPolys() for model in models if model.GetPolyData())


def seconds_a_frame(view: Any, peels: int, frames: int) -> float:
    view.renderer().SetMaximumNumberOfPeels(peels)
    view.render_window().Render()
    times = []
    for _frame in range(frames):
        view.renderer().GetActiveCamera().Azimuth(TURN_DEGREES)
        start = time.perf_counter()
        view.render_window().Render()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
