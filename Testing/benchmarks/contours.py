"""Morphological Chan-Vese of tumours on ircad01: the corrected form, and the published one for the decision record.

    python Testing/benchmarks/contours.py PREDICTION

PREDICTION: NIfTI on the CT's grid, liver 1, tumour 2. Needs scikit-image for the published form. Prints Dice with the
expert and the volume ratio, with the expert's and with the predicted outline as the start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import cc3d
import numpy as np
from scipy import ndimage
from skimage.segmentation import morphological_chan_vese

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from real_cases import load_case, load_mask  # noqa: E402

from LiverTumorSegLib.classical.chan_vese import refine_contours  # noqa: E402
from LiverTumorSegLib.evaluation.overlap import dice  # noqa: E402
from LiverTumorSegLib.geometry.resample import grown_box  # noqa: E402
from LiverTumorSegLib.volume import Volume  # noqa: E402

DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
Refine = Callable[[Volume, np.ndarray, np.ndarray, int], np.ndarray]


def main() -> None:
    case, predicted = load_case(DATA, "ircad01"), load_mask(Path(sys.argv[1]))
    truth = case.lesions > 0
    starts = {"expert": (truth, case.organ), "predicted": (predicted == 2, predicted > 0)}
    forms: dict[str, Refine] = {"corrected": refine_contours, "published": published}
    for name, (start, organ) in starts.items():
        sys.stdout.write(f"{name} outline: Dice {dice(start, truth):.3f}, volume {start.sum() / truth.sum():.3f}\n")
        for form, refine in forms.items():
            for iterations in (1, 2, 5):
                mask = refine(case.ct, start, organ, iterations)
                row = f"Dice {dice(mask, truth):.3f}, volume {mask.sum() / truth.sum():.3f}"
                sys.stdout.write(f"  {form}, {iterations} iterations: {row}\n")


def published(ct: Volume, lesions: np.ndarray, organ: np.ndarray, iterations: int) -> np.ndarray:
    """Per lesion box with means of the whole box, zeros outside the liver."""
    labels, out = cc3d.connected_components(lesions, connectivity=26), np.zeros_like(lesions)
    for index, tight in enumerate(ndimage.find_objects(labels), start=1):
        box = grown_box(tight, 10.0, ct)
        image = np.where(organ[box], ct.array[box], 0).astype(float)
        out[box] |= morphological_chan_vese(image, iterations, init_level_set=labels[box] == index, smoothing=1) > 0
    return out & organ


if __name__ == "__main__":
    main()
