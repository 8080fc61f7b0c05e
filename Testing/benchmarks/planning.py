"""What planning costs on a finished result: what is found once, and what each change of a resection takes after it.

    python Testing/benchmarks/planning.py RESULT [--cava FILE] [--repeat N]

RESULT: a folder of segment or measure with Couinaud segments. Each time is the best of N.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from LiverTumorSegLib.io.nifti import read_nifti  # noqa: E402
from LiverTumorSegLib.io.results import read_case  # noqa: E402
from LiverTumorSegLib.planning.anatomy import PlanAnatomy  # noqa: E402
from LiverTumorSegLib.planning.fields import PlanningFields  # noqa: E402
from LiverTumorSegLib.planning.relations import relate_lesions  # noqa: E402
from LiverTumorSegLib.planning.resection import SegmentResection, SurfaceResection, resect  # noqa: E402
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side  # noqa: E402
from LiverTumorSegLib.planning.usual import what_if  # noqa: E402
from LiverTumorSegLib.volume import Volume  # noqa: E402

BEND_MM, REACH_MM = 10.0, 80.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path, metavar="RESULT")
    parser.add_argument("--cava", type=Path, metavar="FILE", help="mask of the vena cava on the CT's grid")
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    arguments = parser.parse_args()
    anatomy = read_anatomy(arguments.result, arguments.cava)
    ml = int(np.count_nonzero(anatomy.organ)) * anatomy.segmentation.voxel_ml
    sys.stdout.write(f"{anatomy.segmentation.describe_grid()}; {ml:.0f} ml, {len(anatomy.lesion_ids)} lesions\n\n")
    sys.stdout.write("| what | s |\n| --- | --- |\n")
    for name, work in steps(anatomy):
        sys.stdout.write(f"| {name} | {best_of(arguments.repeat, work):.2f} |\n")
        sys.stdout.flush()


def read_anatomy(folder: Path, cava: Path | None) -> PlanAnatomy:
    case = read_case(folder)
    if case.segments is None:
        sys.exit(f"{folder} has no Couinaud segments; make the result again with --anatomy on.")
    mask = None
    if cava is not None:
        image = read_nifti(cava)
        mask = Volume(image.array != 0, image.affine)
    return PlanAnatomy(case.segmentation, case.lesions, case.segments, mask)


def steps(anatomy: PlanAnatomy) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "fields, once", lambda: PlanningFields.of(anatomy)
    fields = PlanningFields.of(anatomy)
    x, y, z = (float(n) for n in fields.organ_ras.mean(axis=0))
    plane = Plane((x, y, z), (1.0, 0.3, 0.2))
    places = [(a, b) for a in (-REACH_MM, -25.0, 25.0, REACH_MM) for b in (-REACH_MM, -25.0, 25.0, REACH_MM)]
    bent = CurvedSurface(tuple((x + BEND_MM * float(np.sin(a / 30)), y + a, z + b) for a, b in places))
    yield "a change of segments", lambda: resect(fields, SegmentResection(("V", "VI", "VII", "VIII")))
    yield "a change of a plane", lambda: resect(fields, SurfaceResection(plane, Side.ALONG_NORMAL))
    yield "a change of a curved surface", lambda: resect(fields, SurfaceResection(bent, Side.ALONG_NORMAL))
    yield "the usual resections (what-if)", lambda: what_if(fields)
    yield "relations of all lesions", lambda: relate_lesions(anatomy)


def best_of(times: int, work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


if __name__ == "__main__":
    main()
