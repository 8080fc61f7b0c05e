"""Writing files of a result and handing them to the browser."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from trame_server import Server
from trame_server.utils.asynchronous import create_task
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import SlicerApp

from LiverTumorSegLib.case import shown_in
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.web.session.export_ui import ExportState, ExportUI
from LiverTumorSegLib.web.session.notice_logic import NoticeLogic
from LiverTumorSegLib.workbench.export import ReportJob, export_csv, file_name

EXPORTS = "exports"
_NOT_AGAIN_PACKED = {".mrb", ".gz", ".png", ".nrrd"}


class ExportLogic(BaseLogic[ExportState]):
    """folder: of the session; the gateway offers what lies in its EXPORTS."""

    def __init__(
        self,
        server: Server,
        slicer_app: SlicerApp,
        notices: NoticeLogic,
        folder: Path,
        result: Callable[[], Result | None],
    ) -> None:
        super().__init__(server, slicer_app, ExportState)
        self._notices, self._folder, self._result = notices, folder, result
        self._job: ReportJob | None = None
        self._kind = ""
        self._packing: Path | None = None
        """What the browser is waiting for; nothing else may reach it."""
        self._save: Callable[[str], None] = lambda _name: None

    def set_ui(self, ui: ExportUI) -> None:
        self._save = ui.save
        ui.export_clicked.connect(self.export)
        ui.cancel_clicked.connect(self.cancel)

    def export(self, kind: str) -> None:
        """folder, report, segmentation or tables; others are passed over."""
        writers = {"segmentation": self._write_segmentation, "tables": self._write_tables}
        result = self._result()
        if result is None or self.data.writing:
            return
        try:
            if kind in writers:
                self._offer(writers[kind](result))
            elif kind in ("folder", "report"):
                self._start_report(result, kind)
        except (InputError, OSError) as error:
            self._notices.fail(f"Not exported. {error}")

    def cancel(self) -> None:
        """Nothing is left of it."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """The result leaves the scene."""
        if self._job is not None:
            self._job.kill()
            _remove_place_of(self._job.output)
        self._job = self._packing = None
        self.data.writing = ""
        shutil.rmtree(self._exports, ignore_errors=True)

    def tick(self) -> None:
        """One step of the report."""
        job = self._job
        if job is None:
            return
        if job.poll():
            self.data.fraction, self.data.writing = job.progress.fraction, job.progress.message
            return
        self._job = None
        if job.failure is not None:
            self._notices.fail(job.failure.message, job.failure.details)
        if job.failure is not None or job.cancelled:
            self.data.writing = ""
            _remove_place_of(job.output)
            return
        self.data.writing, self.data.fraction = "Packing", 1.0
        self._packing = job.output
        create_task(self._finish(job.output, self._kind))

    @property
    def _exports(self) -> Path:
        return self._folder / EXPORTS

    def _start_report(self, result: Result, kind: str) -> None:
        # Made by the run itself, if it comes to that.
        place = self._folder / f"report-{secrets.token_hex(8)}"
        job = ReportJob(result, place / _title(result), (sys.executable,), self._folder)
        job.start()
        self._job, self._kind = job, kind
        self.data.writing, self.data.fraction = job.title, 0.0

    async def _finish(self, output: Path, kind: str) -> None:
        """A CT that is closed meanwhile takes its files along: the next one's reader gets none of them."""
        target, failure = None, ""
        try:
            target = await asyncio.to_thread(self._take_from, output, kind)
        except OSError as error:
            failure = f"Not exported. The server could not write the file ({error.strerror})."
        _remove_place_of(output)
        if self._packing is not output:
            if target is not None:
                target.unlink(missing_ok=True)
            return
        with self.state:
            self._packing, self.data.writing = None, ""
            if failure:
                self._notices.fail(failure)
        if target is not None:
            self._offer(target)

    def _take_from(self, output: Path, kind: str) -> Path:
        """The finished result folder as what was asked for; in a thread, since packing takes a second."""
        if kind == "report":
            return Path(shutil.copy(output / "report.html", self._new(f"{output.name}-report.html")))
        target = self._new(f"{output.name}.zip")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(output.iterdir()):
                how = zipfile.ZIP_STORED if path.suffix in _NOT_AGAIN_PACKED else zipfile.ZIP_DEFLATED
                archive.write(path, f"{output.name}/{path.name}", how)
        return target

    def _write_segmentation(self, result: Result) -> Path:
        target = self._new(f"{_title(result)}.seg.nrrd")
        segmentation = segmentation_of(result.segmentation, view_of(result.volume))
        write_seg_nrrd(target, segmentation, shown_in(segmentation))
        return target

    def _write_tables(self, result: Result) -> Path:
        target = self._new(f"{_title(result)}-tables.zip")
        with tempfile.TemporaryDirectory(dir=self._folder) as place, zipfile.ZipFile(target, "w") as archive:
            for path in export_csv(result, Path(place)):
                archive.write(path, path.name, zipfile.ZIP_DEFLATED)
        return target

    def _new(self, name: str) -> Path:
        self._exports.mkdir(exist_ok=True)
        return self._exports / name

    def _offer(self, path: Path) -> None:
        self._save(path.name)


def _remove_place_of(output: Path) -> None:
    """The folder that was made for a report."""
    shutil.rmtree(output.parent, ignore_errors=True)


def _title(result: Result) -> str:
    return file_name(result.volume.GetName() if result.volume else result.segmentation.GetName())
