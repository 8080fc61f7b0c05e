"""The numbers of a follow-up on the page: tables and charts, the lesion that was clicked, and what is put right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.followup.examination import KEY_DIGITS
from LiverTumorSegLib.mrml.views import show_position
from LiverTumorSegLib.report.followup_words import short_visit
from LiverTumorSegLib.timeline import Criterion, FollowUp, Role, Sighting, State, TrackedLesion
from LiverTumorSegLib.web.session.follow_up_results_ui import FollowUpResultsUI
from LiverTumorSegLib.web.session.follow_up_rows import (
    chart_items,
    lesion_items,
    response_items,
    seen_in_full,
    warnings_of,
)
from LiverTumorSegLib.workbench import follow_up_edits as edits

NOT_ON_SCREEN = "The CT of this visit is not the one on the screen."


class Reading:
    """data: FollowUpState as trame holds it. on_change: something was put right. on_error: it cannot be.

    shown_ct: the volume on the screen, the sha256 of its file, and its key in the latest run, as far as they are known.
    """

    def __init__(
        self,
        data: Any,
        scene: Any,
        shown_ct: Callable[[], tuple[Any | None, str, str]],
        on_change: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self.timeline: FollowUp | None = None
        self.corrections = Corrections()
        self._data, self._scene, self._shown_ct = data, scene, shown_ct
        self._on_change, self._on_error = on_change, on_error

    def set_ui(self, ui: FollowUpResultsUI) -> None:
        ui.cell_clicked.connect(self.choose)
        ui.role_chosen.connect(self.choose_role)
        ui.gone_clicked.connect(self.toggle_gone)
        ui.new_clicked.connect(self.call_new)
        ui.same_clicked.connect(self.call_same)

    def take(self, timeline: FollowUp, *, is_outdated: bool) -> None:
        """Numbers have come; is_outdated: something was changed while they were made."""
        self.timeline = timeline
        data = self._data
        data.has_numbers, data.is_outdated = True, is_outdated
        data.criteria = [str(one) for one in timeline.assessments]
        if data.criterion not in data.criteria:
            data.criterion = str(Criterion.RECIST)
        if self._chosen is None:
            data.lesion = ""
        self.show()

    def outdate(self) -> None:
        """The numbers are those of before."""
        if self.timeline is not None:
            self._data.is_outdated = True
            self.show()

    def forget(self) -> None:
        """Nothing is known, and nothing was put right."""
        self.timeline, self.corrections = None, Corrections()
        data = self._data
        data.has_numbers = data.is_outdated = False
        data.responses, data.lesions, data.charts, data.warnings, data.lesion = [], [], [], [], ""

    def show(self) -> None:
        """Everything, by the criterion that is chosen."""
        timeline, data = self.timeline, self._data
        if timeline is None or data.criterion not in data.criteria:
            return
        criterion = Criterion(data.criterion)
        data.dates = [f"{n + 1}: {short_visit(timeline, n)}" for n in range(len(timeline.visits))]
        data.responses = response_items(timeline, criterion, is_outdated=data.is_outdated)
        data.lesions = lesion_items(timeline, self.role_of)
        data.charts = chart_items(timeline, criterion)
        data.warnings = warnings_of(timeline)
        self.show_lesion()

    def role_of(self, lesion: TrackedLesion) -> Role:
        """What the reader has said since, else what was counted."""
        for one in self.corrections.roles:
            if self.timeline is not None and edits.lesion_at(self.timeline, one.lesion) == lesion.id:
                return one.role
        return lesion.role

    def choose(self, lesion_id: str, visit: int) -> None:
        """A cell was clicked: the views go to the lesion, where that visit's CT is on the screen."""
        self._data.lesion, self._data.visit = lesion_id, visit
        if self._chosen is None:
            self._data.lesion = ""
        self.show_lesion()
        self._jump()

    def choose_role(self, lesion_id: str, role: str) -> None:
        """It is, or is not, a target, or is no lesion."""
        if role in set(Role):
            self._edit(lambda said, timeline: edits.with_role(said, timeline, lesion_id, Role(role)))

    def toggle_gone(self) -> None:
        """The chosen lesion has disappeared at that visit, or that is not certain."""
        self._edit_lesion(edits.without_gone if self._data.is_gone else edits.with_gone)

    def call_new(self) -> None:
        """The chosen lesion is another one at that visit, which was not there before."""
        self._edit_lesion(edits.as_new)

    def call_same(self) -> None:
        """The chosen lesion is the one of an earlier visit that was chosen beside it."""
        other = self._data.same_as
        if other in self._data.earlier:
            self._edit_lesion(
                lambda said, timeline, lesion_id, visit: edits.as_same(said, timeline, lesion_id, visit, other)
            )

    def show_lesion(self) -> None:
        """What is known of the cell that was clicked, and what can be put right about it."""
        chosen, data = self._chosen, self._data
        if chosen is None or self.timeline is None:
            return
        lesion, visit, seen = chosen
        data.detail = seen_in_full(self.timeline, lesion, visit)
        data.where = "" if self._volume_of(visit) is not None else NOT_ON_SCREEN
        data.can_be_gone, data.is_gone = seen.state is State.GONE, self._is_said_gone(lesion.id, visit)
        data.can_be_new = bool(seen.parts) and visit > 0
        data.earlier = edits.earlier_lesions(self.timeline, lesion.id, visit) if seen.parts else []
        if data.same_as not in data.earlier:
            data.same_as = data.earlier[0] if data.earlier else ""

    @property
    def _chosen(self) -> tuple[TrackedLesion, int, Sighting] | None:
        visit = self._data.visit
        for lesion in self.timeline.lesions if self.timeline else ():
            if lesion.id == self._data.lesion and isinstance(visit, int) and 0 <= visit < len(lesion.sightings):
                return lesion, visit, lesion.sightings[visit]
        return None

    def _volume_of(self, visit: int) -> Any | None:
        """The CT on the screen, where it is that visit's."""
        volume, sha256, key = self._shown_ct()
        wanted = self.timeline.visits[visit].key if self.timeline else ""
        is_shown = bool(wanted) and wanted in (key, sha256[:KEY_DIGITS])
        return volume if is_shown else None

    def _jump(self) -> None:
        if self._chosen is None:
            return
        _lesion, visit, seen = self._chosen
        volume = self._volume_of(visit)
        point = edits.middle_of(seen.parts[0]) if seen.parts else seen.center_ras_mm
        if volume is not None and point is not None:
            show_position(self._scene, np.array(point), volume)

    def _is_said_gone(self, lesion_id: str, visit: int) -> bool:
        if self.timeline is None:
            return False
        key, timeline = self.timeline.visits[visit].key, self.timeline
        return any(
            one.visit == key and edits.lesion_at(timeline, one.lesion) == lesion_id for one in self.corrections.gone
        )

    def _edit_lesion(self, change: Callable[..., Corrections]) -> None:
        """change: of corrections, numbers, and the chosen lesion and visit."""
        chosen = self._chosen
        if chosen is not None:
            lesion_id, visit = chosen[0].id, chosen[1]
            self._edit(lambda said, timeline: change(said, timeline, lesion_id, visit))

    def _edit(self, change: Callable[[Corrections, FollowUp], Corrections]) -> None:
        if self.timeline is None:
            return
        try:
            changed = change(self.corrections, self.timeline)
        except InputError as error:
            self._on_error(error)
            return
        if changed != self.corrections:
            self.corrections = changed
            self._on_change()
