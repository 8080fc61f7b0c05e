"""Vessels of the real cases: Dice, seconds, and how flat the plateau is around each parameter.

    python Testing/benchmarks/vessels.py [--organs FOLDER] [--plateau]

FOLDER holds <case>.nii.gz (or pred_<case>.nii.gz) with a predicted liver (1) and its tumours (2); default are the
expert's masks.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from real_cases import RealCase, load_case, load_mask  # noqa: E402

from LiverTumorSegLib.classical.vessels import DEFAULTS, VesselSettings, find_vessels  # noqa: E402
from LiverTumorSegLib.evaluation.overlap import dice  # noqa: E402

DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
CASES = ("ircad01", "ircad07")
STEPS = (0.8, 1.0, 1.25)
PARAMETERS = ("body", "rim", "noise_floor", "core", "background_mm", "smoothing_mm", "border_mm", "min_tree_ml")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--organs", type=Path)
    parser.add_argument("--plateau", action="store_true")
    arguments = parser.parse_args()
    cases = [(load_case(DATA, name), *masks(arguments.organs, name)) for name in CASES]
    for name, settings in variants() if arguments.plateau else [("default", DEFAULTS)]:
        row = [measured(case, organ, tumor, settings) for case, organ, tumor in cases]
        sys.stdout.write(f"{name:24} {'   '.join(row)}\n")


def masks(folder: Path | None, name: str) -> tuple[np.ndarray, np.ndarray]:
    if folder is None:
        case = load_case(DATA, name)
        return case.organ, case.lesions > 0
    path = next(p for p in (folder / f"{name}.nii.gz", folder / f"pred_{name}.nii.gz") if p.exists())
    labels = load_mask(path)
    return labels > 0, labels == 2


def variants() -> Iterator[tuple[str, VesselSettings]]:
    for parameter in PARAMETERS:
        for step in STEPS:
            value = step * getattr(DEFAULTS, parameter)
            yield f"{parameter} {value:.3g}", replace(DEFAULTS, **{parameter: value})


def measured(case: RealCase, organ: np.ndarray, tumor: np.ndarray, settings: VesselSettings) -> str:
    start = time.perf_counter()
    found = find_vessels(case.ct, organ, tumor, settings)
    seconds = time.perf_counter() - start
    return f"{case.name} Dice {dice(found, case.vessels):.3f}, {found.sum() * case.ct.voxel_ml:.1f} ml, {seconds:.2f} s"


if __name__ == "__main__":
    main()
