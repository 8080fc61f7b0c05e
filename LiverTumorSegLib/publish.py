"""A finished case becomes a result folder: label maps, measurements, Slicer scene, pictures, report, run record."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.io.narration import Endpoint
from LiverTumorSegLib.io.results import (
    NARRATED,
    OVERVIEW,
    REPORT,
    SUMMARY,
    check_room_for_result,
    result_folder,
    write_case_files,
    write_run,
)
from LiverTumorSegLib.io.text_files import CsvTable, write_text
from LiverTumorSegLib.measure.table import lesion_rows, volumetry_rows
from LiverTumorSegLib.measurements import SeenPhase
from LiverTumorSegLib.mrml.client import SceneWorker
from LiverTumorSegLib.mrml.outcome import SceneResult
from LiverTumorSegLib.phases.enhancement import enhancement_of
from LiverTumorSegLib.phases.phase import Enhancement
from LiverTumorSegLib.phases.recognise import recognised
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.report.summary_facts import summary_facts
from LiverTumorSegLib.report.summary_narration import Narrated, narrated, narrated_text
from LiverTumorSegLib.report.summary_text import summary_text
from LiverTumorSegLib.settings import Contents
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.timing import peak_memory_mib

PACKAGES = ("numpy", "scipy", "SimpleITK", "openvino", "torch", "slicer-core", "connected-components-3d")

Guard = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""``guard(cleanup)`` is a context in which ``cleanup`` runs should the process have to end at once."""


@contextmanager
def publishing(
    output: Path,
    progress: Progress,
    guard: Guard,
    contents: Contents = Contents.ALL,
    narrator: Endpoint | None = None,
) -> Iterator[Publisher]:
    """Everything between the first look at the output folder and the finished result in it.

    The folder is checked before any work; the Slicer process, if the contents need one, starts now, to load while the
    networks run. The result appears at the end of the context, whole, or not at all. narrator: where the summary is
    phrased too, for contents that have one. Raises InputError if the output cannot be used.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(result_folder(output))
        stack.enter_context(guard(partial(shutil.rmtree, folder, ignore_errors=True)))
        scene = None
        if contents is Contents.ALL:
            scene = stack.enter_context(SceneWorker())
            stack.enter_context(guard(scene.close))
        yield Publisher(folder, scene, progress, narrator)


@dataclass(frozen=True)
class Publisher:
    """Writes one case into the temporary folder of a run. scene: None leaves out what is for people."""

    folder: Path
    scene: SceneWorker | None
    progress: Progress
    narrator: Endpoint | None = None

    def check_room(self, study: Study) -> None:
        """To call as soon as the CT is known. Raises InputError where the disk cannot hold the result."""
        check_room_for_result(self.folder, study.ct)

    def publish(self, case: Case) -> Case:
        """Write everything; the case with its completed record (timings, memory, versions, warnings)."""
        if self.scene is None:
            scene = SceneResult()
            with self.progress.stage("files", 0.88, 0.99, "Writing the result"):
                self._write_files(case)
        else:
            case, scene = self._write_with_scene(case, self.scene)
        case = self._with_record(case, scene)
        write_run(self.folder, case.run)
        return case

    def _write_with_scene(self, case: Case, worker: SceneWorker) -> tuple[Case, SceneResult]:
        scene_stage = self.progress.stage("scene", 0.88, 0.95, "Making the Slicer scene")
        with scene_stage as report, ThreadPoolExecutor(max_workers=1) as pool:
            making = pool.submit(worker.finish, case, self.folder, report)
            # Only a report needs the phase; it is looked for while the other process works.
            case = with_phase(case)
            self._write_files(case)
            scene = making.result()
        phrased = None
        if self.narrator is not None:
            with self.progress.stage("narrate", 0.95, 0.96, "Having the summary phrased") as report:
                phrased = narrated(summary_facts(case), self.narrator, report)
            case = replace(case, run=with_narration(case.run, phrased))
        with self.progress.stage("report", 0.96, 0.99, "Drawing pictures and report"):
            self._write_report(self._with_record(case, scene), scene.picture, phrased)
        return case, scene

    def _write_files(self, case: Case) -> None:
        volumes, lesions = volumetry_rows(case.measurements), lesion_rows(case.measurements)
        write_case_files(self.folder, case, volumes=CsvTable(*volumes), lesions=CsvTable(*lesions))

    def _write_report(self, case: Case, picture: Path | None, phrased: Narrated | None) -> None:
        from LiverTumorSegLib.report.html import write_report
        from LiverTumorSegLib.report.overview import make_overview

        overview = make_overview(case, picture)
        overview.save(self.folder / OVERVIEW, compress_level=4)
        write_report(self.folder / REPORT, case, overview, phrased)
        write_text(self.folder / SUMMARY, summary_text(summary_facts(case)))
        if phrased is not None and phrased.text:
            write_text(self.folder / NARRATED, narrated_text(phrased))
        if picture is not None:
            picture.unlink()

    def _with_record(self, case: Case, scene: SceneResult) -> Case:
        # Peaks of two processes at different times: an upper bound of what was needed at once.
        peaks = [peak_memory_mib(), scene.peak_memory_mib or 0.0]
        run = replace(
            case.run,
            versions=versions(),
            timings_s=self._timings_s(scene),
            peak_memory_mib=round(sum(peaks)),
            warnings=tuple(dict.fromkeys((*case.run.warnings, *scene.warnings))),
        )
        return replace(case, run=run)

    def _timings_s(self, scene: SceneResult) -> dict[str, float]:
        """By stage; "scene.x" are parts of the child's work, most of it beside the stages here; "total" is the wall."""
        parts = {f"scene.{name}": round(seconds, 3) for name, seconds in scene.timings_s.items()}
        return self.progress.clock.seconds() | parts | {"total": self.progress.clock.total()}


def with_phase(case: Case) -> Case:
    """With the contrast phase that image or header shows; without a liver the header alone is asked."""
    seen = Enhancement()
    if case.measurements.liver_ml > 0:
        seen = enhancement_of(case.study.ct, case.segmentation)
    found = recognised(seen, case.study.source)
    phase = SeenPhase(str(found.phase), found.confidence, str(found.basis))
    return replace(case, measurements=replace(case.measurements, phase=phase))


def with_narration(run: RunRecord, phrased: Narrated) -> RunRecord:
    """The record with where the facts went, and a warning where no text came of it."""
    asked = {"address": phrased.address, "model": phrased.model, "accepted": bool(phrased.text)}
    warnings = (*run.warnings, phrased.warning) if phrased.warning else run.warnings
    return replace(run, settings=run.settings | {"narrate": asked}, warnings=warnings)


def versions() -> dict[str, str]:
    """Of Python, the platform and the packages that shape a result; those not installed are left out."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
