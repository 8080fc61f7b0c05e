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

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.io.results import (
    OVERVIEW,
    REPORT,
    check_room_for_result,
    result_folder,
    write_case_files,
    write_run,
)
from LiverTumorSegLib.io.text_files import CsvTable
from LiverTumorSegLib.measure.table import lesion_rows, volumetry_rows
from LiverTumorSegLib.mrml.client import SceneWorker
from LiverTumorSegLib.mrml.outcome import SceneResult
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.settings import Contents
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.timing import peak_memory_mib

PACKAGES = ("numpy", "scipy", "SimpleITK", "openvino", "torch", "slicer-core", "connected-components-3d")

Guard = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""``guard(cleanup)`` is a context in which ``cleanup`` runs should the process have to end at once."""


@contextmanager
def publishing(
    output: Path, progress: Progress, guard: Guard, contents: Contents = Contents.ALL
) -> Iterator[Publisher]:
    """Everything between the first look at the output folder and the finished result in it.

    The folder is checked before any work; the Slicer process, if the contents need one, starts now, to load while the
    networks run. The result appears at the end of the context, whole, or not at all. Raises InputError if the output
    cannot be used.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(result_folder(output))
        stack.enter_context(guard(partial(shutil.rmtree, folder, ignore_errors=True)))
        scene = None
        if contents is Contents.ALL:
            scene = stack.enter_context(SceneWorker())
            stack.enter_context(guard(scene.close))
        yield Publisher(folder, scene, progress)


@dataclass(frozen=True)
class Publisher:
    """Writes one case into the temporary folder of a run. scene: None leaves out what is for people."""

    folder: Path
    scene: SceneWorker | None
    progress: Progress

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
            scene = self._write_with_scene(case, self.scene)
        case = self._with_record(case, scene)
        write_run(self.folder, case.run)
        return case

    def _write_with_scene(self, case: Case, worker: SceneWorker) -> SceneResult:
        scene_stage = self.progress.stage("scene", 0.88, 0.95, "Making the Slicer scene")
        with scene_stage as report, ThreadPoolExecutor(max_workers=1) as pool:
            making = pool.submit(worker.finish, case, self.folder, report)
            self._write_files(case)
            scene = making.result()
        with self.progress.stage("report", 0.95, 0.99, "Drawing pictures and report"):
            self._write_report(self._with_record(case, scene), scene.picture)
        return scene

    def _write_files(self, case: Case) -> None:
        volumes, lesions = volumetry_rows(case.measurements), lesion_rows(case.measurements)
        write_case_files(self.folder, case, volumes=CsvTable(*volumes), lesions=CsvTable(*lesions))

    def _write_report(self, case: Case, picture: Path | None) -> None:
        from LiverTumorSegLib.report.html import write_report
        from LiverTumorSegLib.report.overview import make_overview

        overview = make_overview(case, picture)
        overview.save(self.folder / OVERVIEW, compress_level=4)
        write_report(self.folder / REPORT, case, overview)
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


def versions() -> dict[str, str]:
    """Of Python, the platform and the packages that shape a result; those not installed are left out."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
