"""Opening a CT: what was chosen -> a volume in the scene, shown in the views."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from trame_server import Server
from trame_server.utils.asynchronous import create_task
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import SlicerApp
from undo_stack import Signal

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.dicom_series import SeveralSeriesError
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.mrml.hierarchy import file_under_patient
from LiverTumorSegLib.mrml.volume_node import add_volume_node, volume_title
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.web.session.case_ui import CaseState, CaseUI, ServedItem
from LiverTumorSegLib.web.session.notice_logic import NoticeLogic
from LiverTumorSegLib.web.session.served_folder import ServedFolder

UPLOADS = "uploads"
_BATCH = re.compile(r"[0-9a-z]{1,32}")


class CaseLogic(BaseLogic[CaseState]):
    """folder: of the session; what the reader sends lies in its UPLOADS until it is read.

    closing: emitted before a case leaves the scene. opened: with the CT's node.
    """

    closing = Signal()
    opened = Signal(object)

    def __init__(self, server: Server, slicer_app: SlicerApp, notices: NoticeLogic, folder: Path) -> None:
        super().__init__(server, slicer_app, CaseState)
        self._notices, self._folder = notices, folder
        self._served: ServedFolder | None = None
        self._source: Path | None = None
        self._volume: Any | None = None
        self._sha256 = ""

    def set_ui(self, ui: CaseUI) -> None:
        ui.upload_finished.connect(self.open_upload)
        ui.upload_failed.connect(self._notices.fail)
        ui.series_chosen.connect(self._choose_series)
        ui.choice_cancelled.connect(self._cancel_choice)
        ui.served_asked.connect(self.show_served)
        ui.served_opened.connect(self.open_served)

    def offer(self, served: ServedFolder | None, max_upload_mib: int) -> None:
        """What the page says may be opened."""
        self._served = served
        self.data.has_served, self.data.max_upload_mib = served is not None, max_upload_mib

    @property
    def open_ct(self) -> tuple[Any | None, str]:
        """The volume in the views, and the sha256 of what it was read from; (None, "") while there is none."""
        return self._volume, self._sha256

    def open_upload(self, batch: str) -> None:
        """A file, or all files of a folder, that the page has sent."""
        place = self._folder / UPLOADS / batch
        if not _BATCH.fullmatch(batch) or not place.is_dir():
            return
        files = [path for path in place.rglob("*") if path.is_file()]
        self._start(self._open(files[0] if len(files) == 1 else place))

    def show_served(self, path: str) -> None:
        """List a folder of the served ones."""
        if self._served is None:
            return
        try:
            entries = self._served.entries(path)
        except InputError as error:
            self._notices.fail(str(error))
            return
        self.data.served = [
            ServedItem(e.name, e.path, e.is_folder, "" if e.is_folder else f"{e.size_mib:.1f} MiB") for e in entries
        ]
        self.data.served_path, self.data.served_shown = path, True

    def open_served(self, path: str) -> None:
        """A file or a DICOM folder of the served ones."""
        self.data.served_shown = False
        if self._served is None:
            return
        try:
            self._start(self._open(self._served.resolve(path)))
        except InputError as error:
            self._notices.fail(str(error))

    def _choose_series(self, number: int) -> None:
        self.data.choices = []
        if self._source is not None:
            self._start(self._open(self._source, f"#{number}"))

    def _cancel_choice(self) -> None:
        self.data.choices = []
        self._forget_uploads()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        create_task(work)

    async def _open(self, path: Path, series: str | None = None) -> None:
        if self.data.reading:
            return
        self._notices.clear()
        with self.state:
            self.data.reading = f"Reading {path.name if path.is_file() else 'DICOM slices'}"
        try:
            # The page stays alive meanwhile; nothing of the scene is touched by the thread.
            study = await asyncio.to_thread(read_study, path, series=series)
            self._show(study)
            self._forget_uploads()
        except SeveralSeriesError as choice:
            self._source, self.data.choices = path, list(choice.choices)
        except InputError as error:
            self._notices.fail(without_place(str(error), path))
            self._forget_uploads()
        finally:
            with self.state:
                self.data.reading = ""

    def _show(self, study: Study) -> None:
        self.closing()
        self._remove_volume()
        source = study.source
        self._volume = add_volume_node(self.scene, study.ct, volume_title(source))
        # The only one in this scene, also if another one had its name before.
        self._volume.SetName(volume_title(source))
        file_under_patient(self.scene, source, self._volume, [])
        self._sha256 = source.sha256
        self.data.name = self._volume.GetName()
        self.data.description = describe(study)
        self.data.warnings = list(source.warnings)
        self.opened(self._volume)

    def _remove_volume(self) -> None:
        if self._volume is not None:
            transform = self._volume.GetParentTransformNode()
            for node in (self._volume, transform):
                if node is not None:
                    self.scene.RemoveNode(node)
        hierarchy = self.scene.GetSubjectHierarchyNode()
        hierarchy.RemoveItemChildren(hierarchy.GetSceneItemID(), False, True)
        self._volume, self._sha256 = None, ""

    def _forget_uploads(self) -> None:
        """They may be large, and all that counts is in memory; the gateway sees that they are gone."""
        self._source = None
        for batch in (self._folder / UPLOADS).glob("*"):
            shutil.rmtree(batch, ignore_errors=True)


def without_place(message: str, path: Path) -> str:
    """A message about a file or folder that does not say where on the server it lies."""
    inside = message.replace(f"{path}/", "")
    return inside.replace(str(path), path.name if path.is_file() else "The folder")


def describe(study: Study) -> str:
    """Patient, date, size and spacing in a line."""
    size = " x ".join(str(length) for length in study.ct.shape)
    spacing = " x ".join(f"{length:.2f}" for length in study.ct.spacing_mm)
    who = " ".join(part for part in (study.source.patient_id.strip(), study.source.study_date) if part)
    return f"{f'{who}, ' if who else ''}{size} voxels of {spacing} mm"
