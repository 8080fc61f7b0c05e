"""One label per voxel from the channels of the LVT network, which may overlap."""

from __future__ import annotations

import cc3d
import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.arrays import LabelArray, Mask
from LiverTumorSegLib.models.lvt import CHANNELS
from LiverTumorSegLib.postprocess import paint_labels

LvtArray = Float32[np.ndarray, "3 i j k"]
"""Probabilities of liver (the organ, with vessels and tumours), vessel and tumour: ``models.lvt.CHANNELS``."""


def labels_from_probabilities(probabilities: LvtArray, threshold: float = 0.5) -> LabelArray:
    """Each channel from ``threshold`` on, by priority tumour > vessel > liver (LVT, appendix A.2.2).

    float32 (3, i, j, k) -> values of MAIN_LABELS, 0 where no channel reaches the threshold. A tumour or vessel needs no
    liver under it: see ``organ_labels`` for that.
    """
    liver, vessel, tumor = _masks(probabilities, threshold)
    return paint_labels(liver, vessel, tumor)


def organ_labels(probabilities: LvtArray, threshold: float = 0.5) -> LabelArray:
    """As ``labels_from_probabilities``, limited to one organ: the largest component, as the LVT paper does.

    The paper leaves open of what. Here it is the largest 26-connected part of liver and tumour together: a tumour at
    the capsule that the liver channel misses stays and extends the organ, any number of tumours inside stay, one that
    lies apart goes. Vessels outside go, even where they touch: trunks and vena cava are no part of the liver's volume.
    All 0 where neither liver nor tumour reaches the threshold.
    """
    liver, vessel, tumor = _masks(probabilities, threshold)
    organ: Mask = cc3d.largest_k(liver | tumor, k=1, connectivity=26) > 0
    return paint_labels(organ, vessel & organ, tumor & organ)


def _masks(probabilities: LvtArray, threshold: float) -> tuple[Mask, Mask, Mask]:
    by_name = dict(zip(CHANNELS, probabilities, strict=True))
    return by_name["liver"] >= threshold, by_name["vessel"] >= threshold, by_name["tumor"] >= threshold
