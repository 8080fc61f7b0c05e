"""One browser session: Slicer's scene and views, the logics that work on it, and the page, put together."""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from slicer import vtkSlicerUnitsLogic
from trame.app import TrameApp
from trame_server.utils.asynchronous import create_task
from trame_slicer.core import SlicerApp

from LiverTumorSegLib.errors import LiverTumorSegError
from LiverTumorSegLib.web.session.case_logic import CaseLogic
from LiverTumorSegLib.web.session.channel import GatewayChannel
from LiverTumorSegLib.web.session.edit_logic import EditLogic
from LiverTumorSegLib.web.session.export_logic import ExportLogic
from LiverTumorSegLib.web.session.follow_up_logic import FollowUpLogic
from LiverTumorSegLib.web.session.notice_logic import NoticeLogic
from LiverTumorSegLib.web.session.page_ui import PAGE_FILES, TITLE, PageUI
from LiverTumorSegLib.web.session.plan_logic import PlanLogic
from LiverTumorSegLib.web.session.result_logic import ResultLogic
from LiverTumorSegLib.web.session.run_logic import RunLogic
from LiverTumorSegLib.web.session.served_folder import ServedFolder
from LiverTumorSegLib.web.session.views_logic import ViewsLogic

TICK_S, AWAITED_S = 0.05, 0.01
"""AWAITED_S: while somebody waits for an answer that takes a tenth of a second."""
AFTER_ERROR_S = 2.0


@dataclass(frozen=True)
class SessionSettings:
    """folder: of this session, for everything that it writes. data: the served folder, if there is one.

    max_upload_mib: what may be uploaded, for the page to say.
    """

    folder: Path
    data: Path | None
    max_upload_mib: int


class Workstation(TrameApp):
    """Everything of a session lives and ends with it."""

    def __init__(self, settings: SessionSettings, channel: GatewayChannel) -> None:
        super().__init__(client_type="vue3")
        self.server.enable_module(PAGE_FILES)
        self.state.trame__title = TITLE
        app = SlicerApp()
        app.register_module_logic(vtkSlicerUnitsLogic())
        self.notices = NoticeLogic(self.server, app, settings.folder)
        self.views = ViewsLogic(self.server, app)
        self.case = CaseLogic(self.server, app, self.notices, settings.folder)
        served = ServedFolder(settings.data) if settings.data else None
        self.case.offer(served, settings.max_upload_mib)
        self.run = RunLogic(self.server, app, self.notices, settings.folder, channel)
        self.result = ResultLogic(self.server, app, settings.folder)
        self.plan = PlanLogic(self.server, app, self.notices, settings.folder, lambda: self.result.surfaces)
        self.follow_up = FollowUpLogic(
            self.server, app, self.notices, settings.folder, lambda: self.result.result, lambda: self.case.open_ct
        )
        self.follow_up.offer(served)
        self.edit = EditLogic(self.server, app)
        self.export = ExportLogic(self.server, app, self.notices, settings.folder, lambda: self.result.result)
        self.slicer_app = app
        self._channel = channel
        self._connect()
        self._page = PageUI(self.server, self.views.layout_manager)
        self._connect_page()

    async def serve(self) -> None:
        """Until the gateway goes away, or asks to end."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        self._channel.on_message = self.run.permit.take
        self._channel.on_end = ended.set
        self._channel.listen(loop)
        self.server.controller.on_server_ready.add(lambda **_: self._channel.say("ready", port=self.server.port))
        running = asyncio.ensure_future(
            self.server.start(
                exec_mode="coroutine",
                host="127.0.0.1",
                port=0,
                open_browser=False,
                show_connection_info=False,
                timeout=0,
            )
        )
        ticking = create_task(self._tick_on())
        await ended.wait()
        ticking.cancel()
        running.cancel()
        self.close_case()
        self.follow_up.end()
        self.plan.end()
        self.result.end()

    def close_case(self) -> None:
        """Take CT and result out of the scene, with whatever still works on them."""
        self.export.close()
        self.run.close()
        self.edit.close()
        self.follow_up.close()
        self.plan.close()
        self.plan.forget_patient()
        self.result.close()
        self.views.close()
        self.notices.clear()
        self.case.data.unsaved = False

    def _connect(self) -> None:
        self.case.closing.connect(self.close_case)
        self.case.opened.connect(self.views.show)
        self.case.opened.connect(self.run.show)
        self.run.arrived.connect(self._on_arrived)
        self.run.finished.connect(self._on_finished)
        self.edit.tool_changed.connect(self.result.keep_lines_still)
        self.edit.tool_changed.connect(self.plan.keep_plane_still)
        self.result.mask_changed.connect(self.plan.mask_changed)
        self.result.mask_changed.connect(self.follow_up.mask_changed)
        self.result.measured.connect(self.plan.offer_places)
        self.result.measured.connect(self.follow_up.lines_changed)
        self.plan.switched.connect(self.result.follow_picture)
        self.plan.plane_shown.connect(self.result.leave_mouse_to_plane)

    def _connect_page(self) -> None:
        page = self._page
        self.views.set_ui(page.views)
        self.case.set_ui(page.case)
        self.run.set_ui(page.run)
        self.result.set_ui(page.result)
        self.plan.set_ui(page.plan)
        self.follow_up.set_ui(page.follow_up)
        self.edit.set_ui(page.edit, page.undo_redo)
        self.export.set_ui(page.export)

    def _on_arrived(self, result: Any) -> None:
        """A run again: what was there before goes."""
        if self.result.result is not None:
            self.export.close()
            self.edit.close()
            self.plan.close()
            self.result.close()
        self.case.data.unsaved = True
        self.result.show(result)
        self.plan.show(result)
        self.follow_up.result_came(result)
        lesions = result.measurements.lesions if result.measurements else ()
        if lesions:
            self.views.show_slices_through(np.mean(lesions[0].long_axis_ras_mm, axis=0))
        self.result.warm_up()

    def _on_finished(self, result: Any) -> None:
        self.edit.edit(result)
        self.views.render()

    async def _tick_on(self) -> None:
        """Everything that goes on beside what the reader does; an error ends neither it nor the session."""
        while True:
            with self.state:
                went_well = self._tick()
            pause_s = AWAITED_S if self.plan.busy else TICK_S
            await asyncio.sleep(pause_s if went_well else AFTER_ERROR_S)

    def _tick(self) -> bool:
        try:
            self.run.tick()
            self.result.tick()
            self.plan.tick()
            self.follow_up.tick()
            self.export.tick()
        except (LiverTumorSegError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, OSError) as error:
            logging.exception("A step of the session failed")
            text = f"Something went wrong on the server: {error}. Export what you need."
            self.notices.fail(text, traceback.format_exc())
            return False
        return True
