"""Liver and tumours of a CT as the main job finds them, for several ways to refine outlines at once; nothing else.

``pipelines.segment`` also looks for vessels, which count as liver in what is compared here and take most of its time,
and runs the networks for each way anew. That both agree is tested.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from LiverTumorSegLib.inference.segmenters import Segmenter
from LiverTumorSegLib.pipelines import REFINEMENTS, liver_and_tumor, region_box
from LiverTumorSegLib.postprocess import PostprocessSettings, exclusive_labels, run_steps
from LiverTumorSegLib.progress import ProgressCallback, part_of
from LiverTumorSegLib.settings import Contour, SegmentSettings
from LiverTumorSegLib.volume import Volume


def liver_and_tumors(
    ct: Volume, segmenter: Segmenter, contours: Sequence[Contour], report: ProgressCallback
) -> list[Volume]:
    """A label map on the CT's grid for each of ``contours`` (not AUTO): liver and tumour, empty where no liver is."""
    whole = segmenter.liver(ct, part_of(report, 0.0, 0.5))
    labels = [np.zeros(ct.shape, np.uint8, order="F") for _ in contours]
    box = region_box(whole.organ, ct)
    if box is not None:
        region, post = ct.crop(box), PostprocessSettings(min_lesion_ml=SegmentSettings().min_lesion_ml)
        findings = segmenter.findings(region, whole, part_of(report, 0.5, 1.0))
        anatomy, _ = liver_and_tumor(region, findings, segmenter, post)
        for contour, answer in zip(contours, labels, strict=True):
            answer[box] = exclusive_labels(run_steps(anatomy, REFINEMENTS[contour], post)[0])
    return [ct.with_array(answer) for answer in labels]
