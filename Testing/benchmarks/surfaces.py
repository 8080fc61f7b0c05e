"""Ways to make a segment's surface: seconds, and what they leave of the volume of small balls.

    python Testing/benchmarks/surfaces.py [--runs 3]

The masks are those of the experts for 3D-IRCADb patient 1 (LIVERTUMORSEG_TESTDATA). The ways take turns; medians. The
balls lie on voxels of 0.7 x 0.7 x 2 mm; volumes are in ml, beside the voxels' own.
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
WAYS = {
    "flying edges, low-pass filter (Slicer's default)": ("0", "0", "0.5"),
    "surface nets, low-pass filter": ("1", "0", "0.5"),
    "surface nets smoothed as made, 0.5": ("1", "1", "0.5"),
    "surface nets smoothed as made, 1.0": ("1", "1", "1.0"),
}
PARAMETERS = ("Conversion method", "SurfaceNets smoothing", "Smoothing factor")
SPACING_MM = (0.7, 0.7, 2.0)
BALLS_MM = (8, 16, 30)
"""Diameters."""


def main() -> None:
    from real_cases import load_case

    from LiverTumorSegLib.mrml.scene import HeadlessScene

    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with HeadlessScene():  # its logics know how to convert
        sys.stdout.write(compare(load_case(DATA, "ircad01"), arguments.runs))


def compare(case: Any, runs: int) -> str:
    masks = {"liver": case.organ, "vessels": case.vessels, "tumors": case.lesions > 0}
    segments = {name: labelmap_of(mask, case.ct.affine) for name, mask in masks.items()}
    balls = {size: ball(size) for size in BALLS_MM}
    columns = [*segments, *(f"{size} mm" for size in balls)]
    rows = [f"{'way':50} " + " ".join(f"{name:>8}" for name in columns)]
    rows.append(f"{'voxels':50} " + " " * 27 + " ".join(f"{ml:8.2f}" for _labelmap, ml in balls.values()))
    seconds: dict[str, dict[str, list[float]]] = {way: {name: [] for name in segments} for way in WAYS}
    for _run in range(runs):
        for way, values in WAYS.items():
            for name, labelmap in segments.items():
                start = time.perf_counter()
                surface_of(labelmap, values)
                seconds[way][name].append(time.perf_counter() - start)
    for way, values in WAYS.items():
        times = [f"{statistics.median(seconds[way][name]):8.2f}" for name in segments]
        volumes = [f"{volume_ml(surface_of(labelmap, values)):8.2f}" for labelmap, _ml in balls.values()]
        rows.append(f"{way:50} " + " ".join([*times, *volumes]))
    title = f"seconds by segment, ml by ball; {runs} runs, {os.cpu_count()} cores, medians"
    return "\n".join([title, *rows]) + "\n"


def labelmap_of(mask: np.ndarray, affine: np.ndarray) -> Any:
    """Cut to what is labelled, as results are stored."""
    import slicer

    from LiverTumorSegLib.geometry.boxes import bounding_box
    from LiverTumorSegLib.mrml.grid import image_of, matrix_of

    box = bounding_box(mask)
    labelmap = slicer.vtkOrientedImageData()
    labelmap.DeepCopy(image_of(mask[box].astype(np.uint8), tuple(side.start for side in box)))
    labelmap.SetGeometryFromImageToWorldMatrix(matrix_of(affine))
    return labelmap


def ball(diameter_mm: float) -> tuple[Any, float]:
    """Its label map, and the volume of its voxels in ml; a third of a voxel off the grid."""
    shape = [int(diameter_mm / size) + 9 for size in SPACING_MM]
    offsets_mm = [
        (axis - (n - 1) / 2 - 0.3) * size for axis, n, size in zip(np.indices(shape), shape, SPACING_MM, strict=True)
    ]
    mask = sum(offset**2 for offset in offsets_mm) <= (diameter_mm / 2) ** 2
    return labelmap_of(mask, np.diag([*SPACING_MM, 1.0])), float(mask.sum() * np.prod(SPACING_MM) / 1000)


def surface_of(labelmap: Any, values: tuple[str, ...]) -> Any:
    """Slicer's own conversion with these parameters."""
    import slicer

    segment, segmentation = slicer.vtkSegment(), slicer.vtkSegmentation()
    segment.AddRepresentation("Binary labelmap", labelmap)
    segmentation.SetSourceRepresentationName("Binary labelmap")
    segmentation.AddSegment(segment, "segment")
    for name, value in zip(PARAMETERS, values, strict=True):
        segmentation.SetConversionParameter(name, value)
    segmentation.CreateRepresentation("Closed surface")
    return segment.GetRepresentation("Closed surface")


def volume_ml(surface: Any) -> float:
    from vtkmodules.vtkFiltersCore import vtkMassProperties, vtkTriangleFilter

    triangles, mass = vtkTriangleFilter(), vtkMassProperties()
    triangles.SetInputData(surface)
    mass.SetInputConnection(triangles.GetOutputPort())
    return float(mass.GetVolume()) / 1000


if __name__ == "__main__":
    main()
