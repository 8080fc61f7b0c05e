"""Does the liver keep its volume from phase to phase? Simulated phases of real cases, segmented and compared.

    python Testing/benchmarks/phases.py -o FOLDER [--cases ircad01 ircad07] [--model auto] [--data DATA]

Writes the CTs of ``Testing/simulated_phases.py`` below FOLDER, runs ``livertumorseg phases`` on those of each case, and
prints what it has found. Results in FOLDER are used again by the next run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from simulated_phases import DrawnCase, drawn_case, simulated  # noqa: E402

from LiverTumorSegLib.io.nifti import write_nifti  # noqa: E402
from LiverTumorSegLib.phases.phase import ContrastPhase  # noqa: E402

PHASES = (
    ContrastPhase.NATIVE,
    ContrastPhase.LATE_ARTERIAL,
    ContrastPhase.PORTAL_VENOUS,
    ContrastPhase.DELAYED,
)
NATIVE_LEFT_OUT = "without the native phase"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--cases", nargs="+", default=["ircad01", "ircad07"], metavar="CASE")
    parser.add_argument("--model", default="auto")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LIVERTUMORSEG_TESTDATA", str(ROOT.parent / "shared" / "data"))
    )
    arguments = parser.parse_args()
    for name in arguments.cases:
        case = drawn_case(Path(arguments.data), name)
        found = compared(case, arguments.output / name, arguments.model)
        sys.stdout.write("\n".join(lines_of(case, found)) + "\n")
        sys.stdout.flush()


def compared(case: DrawnCase, folder: Path, model: str) -> dict[str, Any]:
    """phases.json of the command, run on all simulated phases."""
    folder.mkdir(parents=True, exist_ok=True)
    cts = [folder / f"{phase.replace(' ', '_')}.nii.gz" for phase in PHASES]
    for phase, path in zip(PHASES, cts, strict=True):
        if not path.is_file():
            write_nifti(path, simulated(case, phase))
    words = ["phases", *map(str, cts), "-o", str(folder / "out"), "--model", model, "--progress", "none"]
    done = subprocess.run([sys.executable, "-m", "LiverTumorSegLib", *words], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"livertumorseg phases ended with {done.returncode}")
    return dict(json.loads((folder / "out" / "report" / "phases.json").read_text()))


def lines_of(case: DrawnCase, found: dict[str, Any]) -> list[str]:
    expert_ml = float((case.masks["liver"] | case.masks["liver_tumor"]).sum()) * case.ct.voxel_ml
    lines = [
        "",
        f"{case.name}: expert's liver {expert_ml:.0f} ml",
        "",
        "| simulated | recognised | confidence | liver ml | from the mean % | verdict | tumors ml |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    by_series = {phase["series"]: n for n, phase in enumerate(found["phases"])}
    order = [by_series[f"{phase.replace(' ', '_')}.nii.gz"] for phase in PHASES]
    for name, n in zip(PHASES, order, strict=True):
        phase, percent = found["phases"][n], found["liver"]["percent"][n]
        lines.append(
            f"| {name} | {phase['recognised']['phase']} | {phase['recognised']['confidence']:.2f} | "
            f"{phase['liver_ml']:.1f} | {'left out' if percent is None else f'{percent:+.2f}'} | "
            f"{phase['verdict']} | {phase['tumor_ml']:.1f} |"
        )
    enhanced = [found["phases"][n]["liver_ml"] for n in order[1:]]
    mean = sum(enhanced) / len(enhanced)
    largest = max(abs(volume - mean) for volume in enhanced) / mean * 100
    return [*lines, "", f"Spread {found['liver']['spread_percent']:.2f} %; {NATIVE_LEFT_OUT} at most {largest:.2f} %."]


if __name__ == "__main__":
    main()
