"""A finished case as the terminal shows it, and as facts for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.measurements import Measurements

REPORT = "report.html"


def facts(case: Case, folder: Path) -> dict[str, Any]:
    """For --progress json: where the result is, and the measurements. report: None where there is none."""
    return {
        "folder": str(folder),
        "report": str(folder / REPORT) if (folder / REPORT).is_file() else None,
        "measurements": case.measurements.to_json(),
        "warnings": list(case.run.warnings),
        "timings_s": case.run.timings_s,
    }


def summary(case: Case, folder: Path) -> str:
    """Volumes, lesions, flags and where the report (without one, the result) is."""
    lines = [*_volumes(case.measurements), *_lesions(case.measurements)]
    if case.measurements.flags:
        lines += ["", f"Flags: {', '.join(case.measurements.flags)} (explained in the report)"]
    lines += [f"Warning: {warning}" for warning in case.run.warnings]
    place = f"report: {folder / REPORT}" if (folder / REPORT).is_file() else f"result: {folder}"
    return "\n".join([*lines, "", f"{case.run.timings_s['total']:.1f} s; {place}"])


def _volumes(measured: Measurements) -> list[str]:
    burden = "" if measured.burden_percent is None else f"   ({measured.burden_percent:.1f} % of the liver)"
    veins = ""
    if measured.portal_vein_ml is not None and measured.hepatic_vein_ml is not None:
        veins = f"   (portal {measured.portal_vein_ml:.1f} ml, hepatic {measured.hepatic_vein_ml:.1f} ml)"
    return [
        f"Liver    {measured.liver_ml:9.1f} ml",
        f"Vessels  {measured.vessel_ml:9.1f} ml{veins}",
        f"Tumors   {measured.tumor_ml:9.1f} ml{burden}",
        *([f"Segments {_segments(measured)}"] if measured.segments else []),
    ]


def _segments(measured: Measurements) -> str:
    """Volumes of the Couinaud segments in one line."""
    return ", ".join(f"{segment.name} {segment.volume_ml:.0f}" for segment in measured.segments) + " ml"


def _lesions(measured: Measurements) -> list[str]:
    if not measured.lesions:
        return ["No lesion."]
    rows = [
        f"{lesion.id:6d} {lesion.volume_ml:10.1f} {lesion.long_axis_mm:10.1f} {lesion.short_axis_mm:10.1f} "
        f"{lesion.slice_index:6d}  {lesion.segments_title:8s}  {', '.join(lesion.flags)}".rstrip()
        for lesion in measured.lesions
    ]
    return [
        "",
        f"{'lesion':>6} {'volume ml':>10} {'long mm':>10} {'short mm':>10} {'slice':>6}  {'segment':8s}  flags",
        *rows,
    ]
