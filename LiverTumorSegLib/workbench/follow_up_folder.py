"""The folder that ``livertumorseg track`` works in: what it finds there, and what is kept there beside its report."""

from __future__ import annotations

import shutil
from pathlib import Path

from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.timeline import FollowUp


def prepare(out: Path, corrections: Corrections, earlier: FollowUp | None) -> None:
    """Corrections as the command's own file, and the numbers of before, from which it keeps the names of lesions.

    A report that is there already is left as it is: it knows its own names. Raises OSError.
    """
    from LiverTumorSegLib.io.followup_files import REPORT, write_corrections, write_timeline
    from LiverTumorSegLib.io.results import RUN
    from LiverTumorSegLib.io.text_files import write_json

    out.mkdir(parents=True, exist_ok=True)
    write_corrections(out, corrections.to_json())
    report = out / REPORT
    if earlier is not None and not report.exists():
        report.mkdir()
        write_timeline(report, earlier)
        write_json(report / RUN, {"command": "track"})  # what marks a report that may be replaced


def copied(folder: Path, out: Path, key: str) -> Path:
    """A result folder, copied to where the command keeps those of its visits; one that is there is replaced."""
    from LiverTumorSegLib.io.followup_files import VISITS

    place = out / VISITS / key
    part = place.with_name(f".{key}.partial")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(folder, part)
    shutil.rmtree(place, ignore_errors=True)
    part.rename(place)
    return place
