"""What each network adds: the main job on the real cases by single networks and by all of them, against the experts.

    python Testing/benchmarks/voices.py --own ircad01=RUN/NAME.safetensors ircad07=RUN/NAME.safetensors [--tight MM]

For each case a network of ``livertumorseg train`` that has not seen it (recipes synthetic-ircad07, synthetic-ircad01).
--tight cuts the CT to the expert's liver and so many mm around it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from real_cases import load_case  # noqa: E402

from LiverTumorSegLib.engines import choose_engine  # noqa: E402
from LiverTumorSegLib.evaluation.agreement import Reference, agreement  # noqa: E402
from LiverTumorSegLib.geometry.boxes import bounding_box  # noqa: E402
from LiverTumorSegLib.geometry.resample import grown_box  # noqa: E402
from LiverTumorSegLib.inference.combined_segmenter import CombinedSegmenter, Shares  # noqa: E402
from LiverTumorSegLib.inference.kuleuven_segmenter import KuLeuvenSegmenter  # noqa: E402
from LiverTumorSegLib.inference.lvt_segmenter import LvtSegmenter  # noqa: E402
from LiverTumorSegLib.inference.segmenters import Segmenter  # noqa: E402
from LiverTumorSegLib.io.own_weights import model_of_file  # noqa: E402
from LiverTumorSegLib.pipelines import segment  # noqa: E402
from LiverTumorSegLib.progress import Progress  # noqa: E402
from LiverTumorSegLib.settings import SegmentSettings  # noqa: E402
from LiverTumorSegLib.study import Source, Study  # noqa: E402
from LiverTumorSegLib.volume import Volume  # noqa: E402

DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))


def segmenters(own: Path) -> Iterator[tuple[str, Segmenter]]:
    settings = SegmentSettings()
    choice = choose_engine(settings)
    alone = LvtSegmenter(model_of_file(own), choice, in_one_window=True)
    yield "fetched alone", KuLeuvenSegmenter(choice)
    yield "own alone", LvtSegmenter(model_of_file(own), choice, in_one_window=True, also_classical=True)
    for share in (0.3, 0.2, 0.5):
        shares = Shares(share, share)
        yield f"both, own {share:.0%}", CombinedSegmenter(choice, own=alone, shares=shares)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", nargs="+", required=True, metavar="CASE=FILE")
    parser.add_argument("--tight", type=float, metavar="MM")
    arguments = parser.parse_args()
    sys.stdout.write("| case | networks | liver | vessels | tumours | found | false >= 1 ml | s |\n")
    sys.stdout.write("| --- " * 8 + "|\n")
    for word in arguments.own:
        name, file = word.split("=", 1)
        ct, reference = case(name, arguments.tight)
        for title, segmenter in segmenters(Path(file)):
            sys.stdout.write(f"| {name} | {title} | {' | '.join(row(ct, reference, segmenter))} |\n")
            sys.stdout.flush()


def case(name: str, tight_mm: float | None) -> tuple[Volume, Reference]:
    found = load_case(DATA, name)
    tumor = found.ct.with_array(found.lesions.astype(np.uint16))
    reference = Reference(found.ct.with_array(found.organ), tumor, found.ct.with_array(found.vessels))
    if tight_mm is None:
        return found.ct, reference
    box = bounding_box(found.organ)
    assert box is not None
    box = grown_box(box, tight_mm, found.ct)
    return found.ct.crop(box), reference.crop(box)


def row(ct: Volume, reference: Reference, segmenter: Segmenter) -> list[str]:
    begun = time.perf_counter()
    done = segment(Study(ct, Source("", "nifti", "0" * 64)), SegmentSettings(), segmenter, Progress())
    seconds = time.perf_counter() - begun
    result = agreement(done.segmentation, reference)
    classes = {one.name: one.dice for one in result.classes}
    hit = sum(lesion.hit for lesion in result.reference_lesions)
    false = sum(not lesion.hit and lesion.volume_ml >= 1 for lesion in result.predicted_lesions)
    dices = [f"{classes[one]:.3f}" for one in ("liver", "vessel", "tumor")]
    return [*dices, f"{hit} of {len(result.reference_lesions)}", str(false), f"{seconds:.1f}"]


if __name__ == "__main__":
    main()
