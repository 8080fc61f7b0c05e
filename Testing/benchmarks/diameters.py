"""Time of measuring: the expert masks of a real patient, and bodies of growing size.

PYTHONPATH=.:Testing python Testing/benchmarks/diameters.py [CASE_FOLDER]   (default: the real case beside the project)

A C is the slow kind: its farthest pairs leave the lesion, in every slice.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from phantoms import affine_of, body, in_liver, pipe, sphere

from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.volume import Volume

REPEATS = 5
SLICES_MM = (0.7, 0.7, 1.5)


def seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def show(text: str) -> None:
    sys.stdout.write(text + "\n")


def phantoms() -> None:
    off = (0.2, 0.4, 0.1)
    bodies = {f"ball of {2 * r} mm": body(sphere(r), r, affine_of(SLICES_MM), off) for r in (5, 10, 20, 40)}
    bodies["C of 80 mm"] = body(pipe(40.0, 25.0, 15.0, 60.0), 41.0, affine_of(SLICES_MM), off)
    for name, mask in bodies.items():
        show(f"{name:16}{seconds(partial(measure_case, in_liver(mask))):8.4f} s")


def real_case(folder: Path) -> None:
    import nibabel

    liver = nibabel.load(folder / "liver.nii.gz")
    labels = (np.asanyarray(liver.dataobj) > 0).astype(np.uint8)
    labels[np.asanyarray(nibabel.load(folder / "liver_tumors_instances.nii.gz").dataobj) > 0] = 3
    case = Volume(labels, liver.affine)
    measured, _ = measure_case(case)
    show(f"{folder.name}: {measured.liver_ml:.2f} ml, {len(measured.lesions)} lesions, {case.describe_grid()}")
    show(f"measure_case, median of {REPEATS}: {seconds(lambda: measure_case(case)):.3f} s")


def main() -> None:
    from conftest import real_data_folder

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else real_data_folder() / "cases" / "ircad01"
    phantoms()
    if folder.is_dir():
        real_case(folder)
    else:
        show(f"no real case in {folder}: skipped")


if __name__ == "__main__":
    main()
