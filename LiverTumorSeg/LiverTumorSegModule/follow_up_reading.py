"""Two visits side by side, and the charts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.followup import FollowUpNode, VisitEntry
from LiverTumorSegLib.mrml.followup_views import (
    LEFT,
    RIGHT,
    SIDES,
    Shown,
    end_side_by_side,
    is_side_by_side,
    jump_side,
    look_after_views,
    show_charts,
    show_side_by_side,
    shown_of,
)
from LiverTumorSegLib.workbench.follow_up_edits import lesion_of
from LiverTumorSegLib.workbench.follow_up_visits import facts_of
from LiverTumorSegModule.follow_up_visits_table import place_of
from LiverTumorSegModule.packages import how_to_get_missing


class Reading:
    """chosen: the lesion and visit that are looked at. say: shows a line where a visit cannot be shown."""

    def __init__(self, ui: Any, chosen: Callable[[], tuple[str, int] | None], say: Callable[[str], None]) -> None:
        self._ui, self._chosen, self._say = ui, chosen, say
        self._follow_up: FollowUpNode | None = None
        self._showing = False
        self._picked: dict[str, int] = {}
        """By side: the number of the visit that somebody chose; without it, the first and the last."""
        self._selectors = (ui.followUpLeftSelector, ui.followUpRightSelector)
        for side, selector in zip(SIDES, self._selectors, strict=True):
            selector.connect("currentIndexChanged(int)", lambda _index, one=side: self._on_selector(one))
        ui.followUpSideBySideButton.connect("toggled(bool)", self._on_side_by_side)
        ui.followUpChartsButton.connect("clicked()", self.show_charts)

    def show(self, follow_up: FollowUpNode | None) -> None:
        """The visits to choose from; what is chosen stays so."""
        self._follow_up = follow_up
        entries = self._entries()
        self._showing = True
        try:
            for side, selector, usual in zip(SIDES, self._selectors, (0, len(entries) - 1), strict=True):
                selector.clear()
                for entry in entries:
                    selector.addItem(self._title(entry), entry.number)
                place = selector.findData(self._picked.get(side, 0))
                selector.setCurrentIndex(place if place >= 0 else usual)
            self._ui.followUpSideBySideButton.enabled = len(entries) > 0
            self._ui.followUpSideBySideButton.checked = is_side_by_side(slicer.mrmlScene)
            has_numbers = follow_up is not None and follow_up.timeline is not None and not follow_up.is_outdated
            self._ui.followUpChartsButton.enabled = has_numbers
        finally:
            self._showing = False

    def look(self) -> None:
        """To be called often: the layout may be changed by anybody."""
        look_after_views(slicer.mrmlScene)
        is_open = is_side_by_side(slicer.mrmlScene)
        if bool(self._ui.followUpSideBySideButton.checked) != is_open:
            self._showing = True
            self._ui.followUpSideBySideButton.checked = is_open
            self._showing = False

    def show_charts(self) -> None:
        """In the views' place."""
        if self._follow_up is not None:
            end_side_by_side(slicer.mrmlScene)
            show_charts(self._follow_up)

    def jump(self, lesion_id: str) -> None:
        """Each view to the lesion's place in its own visit: where it lies, or would lie."""
        timeline = self._follow_up.timeline if self._follow_up else None
        if self._follow_up is None or timeline is None or not is_side_by_side(slicer.mrmlScene):
            return
        lesion = lesion_of(timeline, lesion_id)
        for side, entry in zip((LEFT, RIGHT), self._pair(), strict=True):
            place = place_of(timeline, entry) if entry else None
            center_ras = lesion.sightings[place].center_ras_mm if place is not None else None
            volume = self._follow_up.volume_of(entry) if entry else None
            if center_ras is not None and volume is not None:
                jump_side(slicer.mrmlScene, side, volume, center_ras)

    def _on_side_by_side(self, on: bool) -> None:
        if self._showing:
            return
        if on:
            self._open()
        else:
            end_side_by_side(slicer.mrmlScene)

    def _on_selector(self, side: str) -> None:
        if self._showing:
            return
        selector = self._selectors[SIDES.index(side)]
        self._picked[side] = int(selector.itemData(selector.currentIndex) or 0)
        if is_side_by_side(slicer.mrmlScene):
            self._open()

    def _open(self) -> None:
        left, right = map(self._shown, self._pair())
        if left is None or right is None:
            self._ui.followUpSideBySideButton.checked = False
            return
        show_side_by_side(slicer.mrmlScene, left, right)
        chosen = self._chosen()
        if chosen is not None:
            self.jump(chosen[0])

    def _shown(self, entry: VisitEntry | None) -> Shown | None:
        """CT and segmentation; those of a folder are loaded. None, and a line, where that cannot be done."""
        if self._follow_up is None or entry is None:
            return None
        shown = shown_of(self._follow_up, entry)
        if shown is None and entry.folder:
            try:
                from LiverTumorSegLib.mrml.followup_loading import load_visit

                load_visit(self._follow_up, entry, facts_of(Path(entry.folder)).ct)
            except (InputError, OSError) as error:
                self._say(str(error))
            except ImportError as error:
                self._say(how_to_get_missing() or str(error))
            shown = shown_of(self._follow_up, entry)
        return shown

    def _pair(self) -> tuple[VisitEntry | None, VisitEntry | None]:
        entries = {entry.number: entry for entry in self._entries()}
        left, right = (
            entries.get(int(selector.itemData(selector.currentIndex) or 0)) if selector.count else None
            for selector in self._selectors
        )
        return left, right

    def _entries(self) -> list[VisitEntry]:
        """The visits that are compared, in the order of time where it is known."""
        follow_up = self._follow_up
        if follow_up is None:
            return []
        places = {entry.number: place_of(follow_up.timeline, entry) for entry in follow_up.entries}
        used = [entry for entry in follow_up.entries if entry.is_used]
        return sorted(used, key=lambda entry: (places[entry.number] is None, places[entry.number] or 0))

    def _title(self, entry: VisitEntry) -> str:
        follow_up = self._follow_up
        if follow_up is None:
            return ""
        place = place_of(follow_up.timeline, entry)
        title = follow_up.title_of(entry)
        return title if place is None else f"{place + 1}: {title}"
