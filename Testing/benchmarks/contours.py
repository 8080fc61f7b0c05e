"""Morphological Chan-Vese of tumours on a real case: the corrected form and the published one, both as offered.

    python Testing/benchmarks/contours.py [--case ircad01] PREDICTION [PREDICTION ...]

PREDICTION: a result folder of that case, or a NIfTI on its grid with the labels of one. Prints Dice with the expert and
the volume ratio, with the expert's and with each predicted outline as the start, inside that organ, and what a plain
dilation does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from real_cases import load_case, load_mask  # noqa: E402

from LiverTumorSegLib.classical.chan_vese import refine_contours  # noqa: E402
from LiverTumorSegLib.classical.published_chan_vese import published_contours  # noqa: E402
from LiverTumorSegLib.evaluation.overlap import dice  # noqa: E402
from LiverTumorSegLib.labels import TUMOR  # noqa: E402
from LiverTumorSegLib.volume import Volume  # noqa: E402

DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
Refine = Callable[[Volume, np.ndarray, np.ndarray, int], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="ircad01")
    parser.add_argument("predictions", nargs="+", type=Path, metavar="PREDICTION")
    arguments = parser.parse_args()
    case = load_case(DATA, arguments.case)
    truth = case.lesions > 0
    starts = {"expert": (truth, case.organ)}
    for path in arguments.predictions:
        labels = load_mask(path / "segmentation.nii.gz" if path.is_dir() else path)
        starts[path.name] = (labels == TUMOR.value, labels > 0)
    forms: dict[str, Refine] = {"chan-vese": refine_contours, "reference": published_contours, "dilation": dilated}
    for name, (start, organ) in starts.items():
        sys.stdout.write(f"{name}: Dice {dice(start, truth):.3f}, volume {start.sum() / truth.sum():.3f}\n")
        for form, refine in forms.items():
            for iterations in (1, 2, 5):
                mask = refine(case.ct, start, organ, iterations)
                row = f"Dice {dice(mask, truth):.3f}, volume {mask.sum() / truth.sum():.3f}"
                sys.stdout.write(f"  {form}, {iterations} iterations: {row}\n")
                sys.stdout.flush()


def dilated(_ct: Volume, tumor: np.ndarray, organ: np.ndarray, iterations: int) -> np.ndarray:
    """By voxels that share a face, inside the organ: what the published form should be held against."""
    return ndimage.binary_dilation(tumor, iterations=iterations, mask=organ)


if __name__ == "__main__":
    main()
