"""The default pipeline and SmoothSegNet's two steps on the real cases, each with every contour refinement.

    python Testing/benchmarks/two_stage.py [--backbone LIVER[,TUMOR] ...] [--cases ircad01 ircad07]

Prints Dice with the experts, lesions found (more than 10 % of theirs), false lesions of 1 ml or more, volume ratio of
the tumours, and seconds: of networks and post-processing together, without dividing the liver and without reports. The
networks run once per pipeline; what they say is refined in every way.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from real_cases import RealCase, load_case  # noqa: E402

from LiverTumorSegLib.case import Case  # noqa: E402
from LiverTumorSegLib.cli.model_choice import choose_model  # noqa: E402
from LiverTumorSegLib.evaluation.agreement import Reference, agreement  # noqa: E402
from LiverTumorSegLib.inference.findings import Findings, Whole  # noqa: E402
from LiverTumorSegLib.inference.segmenters import Segmenter, make_segmenter  # noqa: E402
from LiverTumorSegLib.pipelines import segment  # noqa: E402
from LiverTumorSegLib.progress import Progress, ProgressCallback, ignore_progress  # noqa: E402
from LiverTumorSegLib.registry import COMBINED, KULEUVEN, SMOOTHSEGNET  # noqa: E402
from LiverTumorSegLib.settings import Contour, SegmentSettings  # noqa: E402
from LiverTumorSegLib.study import Source, Study  # noqa: E402
from LiverTumorSegLib.volume import Volume  # noqa: E402

DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
CONTOURS = (Contour.OFF, Contour.CHAN_VESE, Contour.REFERENCE)


class AskedOnce:
    """A Segmenter that remembers what another one has said of a CT. seconds: that this took."""

    def __init__(self, inner: Segmenter) -> None:
        self.spec, self.tumor_core, self.tumor_rim = inner.spec, inner.tumor_core, inner.tumor_rim
        self._inner, self.seconds = inner, 0.0
        self._whole: Whole | None = None
        self._findings: Findings | None = None

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        if self._whole is None:
            begun = time.perf_counter()
            self._whole = self._inner.liver(ct, report)
            self.seconds += time.perf_counter() - begun
        return self._whole

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        if self._findings is None:
            begun = time.perf_counter()
            self._findings = self._inner.findings(region, whole, report)
            self.seconds += time.perf_counter() - begun
        return self._findings

    def describe(self) -> list[dict[str, Any]]:
        return self._inner.describe()


def pipelines(backbones: list[str]) -> Iterator[tuple[str, SegmentSettings]]:
    yield COMBINED.id, SegmentSettings(COMBINED.id)
    for backbone in backbones:
        yield f"{SMOOTHSEGNET.id}, {backbone}", SegmentSettings(SMOOTHSEGNET.id, backbone=backbone)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", nargs="+", default=[KULEUVEN.id], metavar="LIVER[,TUMOR]")
    parser.add_argument("--cases", nargs="+", default=["ircad01", "ircad07"])
    arguments = parser.parse_args()
    sys.stdout.write("| case | pipeline | contour | liver | tumours | volume | found | false >= 1 ml | s |\n")
    sys.stdout.write("| --- " * 9 + "|\n")
    for name in arguments.cases:
        case = load_case(DATA, name)
        for title, settings in pipelines(arguments.backbone):
            for contour, cells in rows(case, settings):
                sys.stdout.write(f"| {name} | {title} | {contour} | {' | '.join(cells)} |\n")
                sys.stdout.flush()


def rows(case: RealCase, settings: SegmentSettings) -> Iterator[tuple[Contour, list[str]]]:
    spec, _ = choose_model(settings, ignore_progress, offline=True)
    segmenter = AskedOnce(make_segmenter(spec, settings))
    study = Study(case.ct, Source("", "nifti", "0" * 64))
    for contour in CONTOURS:
        before, begun = segmenter.seconds, time.perf_counter()
        done = segment(study, replace(settings, contour=contour), segmenter, Progress())
        seconds = time.perf_counter() - begun + before
        yield contour, [*_cells(case, done), f"{seconds:.1f}"]


def _cells(case: RealCase, done: Case) -> list[str]:
    lesions = case.ct.with_array(case.lesions.astype(np.uint16))
    reference = Reference(case.ct.with_array(case.organ), lesions, case.ct.with_array(case.vessels))
    result = agreement(done.segmentation, reference)
    dice = {one.name: one.dice for one in result.classes}
    drawn_ml = sum(lesion.volume_ml for lesion in done.measurements.lesions)
    expert_ml = float((case.lesions > 0).sum()) * case.ct.voxel_ml
    hit = sum(lesion.hit for lesion in result.reference_lesions)
    false = sum(not lesion.hit and lesion.volume_ml >= 1 for lesion in result.predicted_lesions)
    is_there = expert_ml > 0
    return [
        f"{dice['liver']:.3f}",
        f"{dice['tumor']:.3f}" if is_there else "none there",
        f"{drawn_ml / expert_ml:.2f}" if is_there else f"{drawn_ml:.1f} ml",
        f"{hit} of {len(result.reference_lesions)}",
        str(false),
    ]


if __name__ == "__main__":
    main()
