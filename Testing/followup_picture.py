"""The picture of a follow-up in the documentation: a phantom patient over three visits, with exact masks.

python Testing/followup_picture.py [docs/images]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from cli_runs import cli  # noqa: E402

from LiverTumorSegLib.io.nifti import write_nifti  # noqa: E402
from LiverTumorSegLib.io.results import write_labels_json  # noqa: E402
from LiverTumorSegLib.labels import MAIN_LABELS  # noqa: E402
from LiverTumorSegLib.phantom.breathing import Breathing  # noqa: E402
from LiverTumorSegLib.phantom.courses import Place, growing, splitting  # noqa: E402
from LiverTumorSegLib.phantom.longitudinal import (  # noqa: E402
    PatientSettings,
    PhantomVisit,
    VisitSettings,
    make_patient,
)
from LiverTumorSegLib.phantom.motion import Motion  # noqa: E402

SPACING_MM = (1.2, 1.2, 2.5)
VISITS = (
    VisitSettings(spacing_mm=SPACING_MM),
    VisitSettings(Motion((14.0, -9.0, 18.0), (3.0, -2.0, 5.0), Breathing((0.0, 3.0, -9.0))), SPACING_MM),
    VisitSettings(Motion((-11.0, 12.0, -15.0), (-2.0, 4.0, -3.0), Breathing((0.0, -2.0, 7.0))), SPACING_MM),
)
DATES = "2025-01-14,2025-04-22,2025-08-05"
WIDTH_PX = 1200
PLACES = (
    Place((growing((17.0, 15.0, 14.0), (1.0, 0.8, 0.72)),)),
    Place((growing((11.0, 12.0, 10.0), (1.0, 0.75, 0.6)),)),
    Place((splitting((16.0, 8.0, 8.0), visits=3, at=1),)),
    Place((growing((8.0, 8.0, 8.0), (1.0, 0.0, 0.0)),)),
    Place((growing((9.0, 9.0, 9.0), (0.0, 0.0, 1.0)),)),
)
"""Two that shrink, one that falls apart, one that vanishes, and one that is new at the last visit."""


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patient = make_patient(PatientSettings(7, VISITS, PLACES), with_ct=True)
        results = [result_of(visit, folder / f"visit{n}") for n, visit in enumerate(patient.visits, 1)]
        run("track", *results, "--dates", DATES, "-o", folder / "followed")
        picture = Image.open(folder / "followed" / "report" / "followup.png").convert("RGB")
        picture.thumbnail((WIDTH_PX, picture.height))
        picture.save(target / "follow-up.jpg", quality=85, optimize=True)


def result_of(visit: PhantomVisit, folder: Path) -> Path:
    """A finished result of a visit's own masks."""
    folder.mkdir()
    write_nifti(folder / "ct.nii.gz", visit.ct)
    write_nifti(folder / "segmentation.nii.gz", visit.segmentation)
    write_nifti(folder / "lesions.nii.gz", visit.lesions)
    write_labels_json(folder, MAIN_LABELS)
    files = (folder / "ct.nii.gz", folder / "segmentation.nii.gz", "--lesions", folder / "lesions.nii.gz")
    run("measure", *files, "--contents", "data", "-o", folder / "result")
    return folder / "result"


def run(*words: object) -> None:
    done = cli(*words)
    if done.returncode:
        raise RuntimeError(done.stderr)


if __name__ == "__main__":
    main()
