"""From CTs and results to the finished comparison of phases; the report is replaced as a whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from LiverTumorSegLib import __version__
from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.cli.phases_inputs import Inputs, ResultInput
from LiverTumorSegLib.cli.phases_results import PhaseResult, PhaseResults
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.io.output_folder import OutputKind, output_folder
from LiverTumorSegLib.io.results import RUN, write_run
from LiverTumorSegLib.io.text_files import CsvTable, write_csv, write_json
from LiverTumorSegLib.measure.flags import LIVER_TOUCHES_EDGE, NO_LIVER_FOUND
from LiverTumorSegLib.phases.comparison import Comparison, MeasuredPhase, compare
from LiverTumorSegLib.phases.identity import check_one_examination
from LiverTumorSegLib.phases.phase import Enhancement
from LiverTumorSegLib.phases.recognise import contrast_phase, recognised
from LiverTumorSegLib.phases.tables import phases_table
from LiverTumorSegLib.progress import Progress, part_of
from LiverTumorSegLib.publish import versions
from LiverTumorSegLib.report.phases_chart import phases_chart
from LiverTumorSegLib.report.phases_page import write_phases_page
from LiverTumorSegLib.report.phases_panels import phase_panel
from LiverTumorSegLib.settings import Contents, SegmentSettings
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.timing import peak_memory_mib

REPORT, KEPT = "report", "phases"
"""What the output folder holds: the report, and below the other one the results of CTs by key."""
COMPARISON, PAGE, PICTURE, TABLE = "phases.json", "phases.html", "phases.png", "phases.csv"
REPORT_KIND = OutputKind("an earlier report on phases", RUN, frozenset({COMPARISON, PAGE, PICTURE, TABLE, RUN}))
_LEFT_OUT = {
    NO_LIVER_FOUND: "no liver was found",
    LIVER_TOUCHES_EDGE: "the liver reaches the edge of the CT: only a part of it was measured",
}
_READ, _SEGMENTED = 0.1, 0.92


@dataclass(frozen=True)
class PhasesChoice:
    """What the user has chosen. cts: of results, whose own CT has moved."""

    settings: SegmentSettings
    offline: bool = False
    cts: tuple[Path, ...] = ()
    other_examination: bool = False
    contents: Contents = Contents.ALL


@dataclass(frozen=True, eq=False)
class Done:
    """What was written."""

    comparison: Comparison
    run: RunRecord
    folder: Path


def phases_to_folder(inputs: Inputs, output: Path, choice: PhasesChoice, job: Job) -> Done:
    """Segment what is not segmented, recognise, compare, write.

    Raises InputError for inputs that are not of one examination, and for a place that cannot be written.
    """
    progress = Progress(job.report)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    results = PhaseResults(output / KEPT, choice.settings, job, choice.offline, choice.cts)
    folder = output / REPORT
    cleanup = partial(shutil.rmtree, ignore_errors=True)
    with output_folder(folder, REPORT_KIND) as work, job.cleaned_up_by(partial(cleanup, work)):
        sources = _sources(inputs, results, progress)
        warnings = inputs.warnings + check_one_examination(sources, override=choice.other_examination)
        phases, panels = _phases(inputs, results, progress)
        comparison = compare(phases, warnings)
        run = _record(inputs, sources, choice, comparison, started)
        with progress.stage("report", _SEGMENTED, 1.0, "Writing the comparison"):
            _write(work, comparison, panels, run, choice.contents)
        timings = progress.clock.seconds() | {"total": progress.clock.total()}
        run = replace(run, timings_s=timings, peak_memory_mib=round(peak_memory_mib()))
        write_run(work, run)
    return Done(comparison, run, folder)


def _sources(inputs: Inputs, results: PhaseResults, progress: Progress) -> list[Source]:
    """Before anything takes long: phases that do not belong together are refused at once."""
    share = _READ / len(inputs.phases)
    sources = []
    for n, phase in enumerate(inputs.phases):
        with progress.stage("read", n * share, (n + 1) * share, f"Reading {phase.title}"):
            sources.append(results.source_of(phase))
    return sources


def _phases(
    inputs: Inputs, results: PhaseResults, progress: Progress
) -> tuple[list[MeasuredPhase], dict[str, Image.Image]]:
    """The phases as given, and a picture of each by key; only one CT is in memory at a time."""
    share = (_SEGMENTED - _READ) / len(inputs.phases)
    phases, panels = [], {}
    for n, phase in enumerate(inputs.phases):
        start = _READ + n * share
        words = f"{n + 1} of {len(inputs.phases)}"
        with progress.clock.stage(f"phase {n + 1}"):
            result = results.of(phase, part_of(progress.report, start, start + 0.9 * share))
        with progress.stage("recognise", start + 0.9 * share, start + share, f"Recognising phase {words}"):
            measured = _measured(result)
            panel = None if result.ct is None else phase_panel(result.ct, result.segmentation, measured)
        phases.append(measured)
        if panel is not None:
            panels[measured.key] = panel
    return phases, panels


def _measured(result: PhaseResult) -> MeasuredPhase:
    source, measurements = result.source, result.measurements
    if result.ct is None:
        found = recognised(Enhancement(), source)
    else:
        found = contrast_phase(result.ct, result.segmentation, source)
    return MeasuredPhase(
        key=result.key,
        series=source.series_description or Path(source.path).name or result.folder.name,
        time=source.acquisition_time or source.series_time,
        result=str(result.folder),
        recognised=found,
        liver_ml=float(measurements.liver_ml),
        tumor_ml=float(measurements.tumor_ml),
        segments=measurements.segments,
        left_out="; ".join(words for flag, words in _LEFT_OUT.items() if flag in measurements.flags),
        flags=measurements.flags,
    )


def _record(
    inputs: Inputs, sources: Sequence[Source], choice: PhasesChoice, comparison: Comparison, started: str
) -> RunRecord:
    of_phases: list[dict[str, Any]] = [
        {"input": str(phase.path), "kind": "result" if isinstance(phase, ResultInput) else "ct", **source.to_json()}
        for phase, source in zip(inputs.phases, sources, strict=True)
    ]
    return RunRecord(
        command="phases",
        version=__version__,
        started=started,
        settings=choice.settings.to_json() | {"other_examination": choice.other_examination},
        model={},
        source={"phases": of_phases},
        versions=versions(),
        warnings=comparison.warnings,
    )


def _write(
    work: Path, comparison: Comparison, panels: dict[str, Image.Image], run: RunRecord, contents: Contents
) -> None:
    write_json(work / COMPARISON, comparison.to_json())
    write_csv(work / TABLE, CsvTable(*phases_table(comparison)))
    if contents is Contents.DATA:
        return
    chart = phases_chart(comparison)
    chart.save(work / PICTURE, compress_level=4)
    write_phases_page(work / PAGE, comparison, run, chart, panels)
