"""A plan that follows what is chosen, dragged and edited: a child process plans, this keeps the scene."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.planning import live
from LiverTumorSegLib.workbench.plan_child import PlanChild
from LiverTumorSegLib.workbench.plan_wish import Wish, wish_of
from LiverTumorSegLib.workbench.translation import _

DEBOUNCE_S = 0.15
"""Of a markup that is dragged and of a mask that is painted; a choice is answered at once."""
MOST_FAILURES = 2


class LivePlanning:
    """Switch it on for a result, poll it; it plans on one result at a time, what its plan in the scene says.

    on_status: called with a line for the person at the screen when it changes, empty once all is as chosen. on_usual:
    with the usual resections (title, other_title, segments), once they are known. explain: as LiveMeasuring's.
    surfaces: of a plan, by segment id, what is coloured by distances; nothing while they are being made.
    """

    def __init__(
        self,
        python: Sequence[str],
        temporary_folder: Path,
        on_status: Callable[[str], None],
        on_usual: Callable[[list[dict[str, Any]]], None] = lambda _usual: None,
        explain: Callable[[], str] = lambda: "",
        surfaces: Callable[[Any], dict[str, Any]] | None = None,
    ) -> None:
        self.child = PlanChild(python, temporary_folder)
        self._on_status, self._on_usual, self._explain = on_status, on_usual, explain
        self._surfaces_to_color = surfaces
        self._failures, self._said = 0, ""
        self._planned_id = ""
        self._open_due: float | None = None
        self._open_number = 0
        self._wish: Wish | None = None
        self._wished_at = 0.0
        self._asked = 0
        """The request that is for the wish, 0 while there is none."""
        self._refusal = self._remark = self._trouble = ""
        self._parts: Iterator[str] | None = None
        """Parts that are still to be shown: the numbers, which cost nothing, are on the screen before."""
        self._colored: dict[str, Any] = {}
        """Segment id -> the surface whose distances were asked for."""

    @property
    def planned_id(self) -> str:
        """Of the result's segmentation that is planned on, "" for none."""
        return self._planned_id

    @property
    def busy(self) -> bool:
        """Whether something on the screen is not yet as it was chosen; the table of usual resections does not count."""
        if not self._planned_id or self._trouble:
            return False
        is_shown = self._open_due is None and self._parts is None
        return not is_shown or bool(self.child.waiting) or self._is_to_be_asked

    @property
    def status(self) -> str:
        """What is going on, or what is wrong, in a line."""
        if not self._planned_id or self._trouble:
            return self._trouble
        if self._open_due is not None or self._open_number in self.child.waiting:
            return _("Looking at the liver...")
        if self._refusal:
            return self._refusal
        if self._wish is None or self._wish.cut is None:
            return _("Choose what to remove.")
        return _("Planning...") if self._is_to_be_asked or self._asked in self.child.waiting else self._remark

    def start(self, result: Any) -> None:
        """Plan on a result that has a plan; a stored one keeps its numbers until new ones come."""
        if self._planned_id != result.segmentation.GetID():
            self._start_over(result.segmentation.GetID())
            self._open_due = time.monotonic()

    def stop(self) -> None:
        """No plan is looked after any more; the child waits for the next one."""
        self._start_over("")
        self._say()

    def mask_changed(self, result: Any) -> None:
        """The mask of a result is another one: what was planned on the old one goes."""
        from LiverTumorSegLib.mrml.plan import plan_of
        from LiverTumorSegLib.mrml.plan_updates import mark_plan_outdated

        plan = plan_of(result)
        if plan is None:
            return
        mark_plan_outdated(plan)
        if self._planned_id == result.segmentation.GetID():
            self._start_over(self._planned_id)
            self._open_due = time.monotonic() + DEBOUNCE_S

    def poll(self, scene: Any) -> None:
        """Show parts, take in what has been answered, ask for what has changed."""
        plan = self._plan_in(scene)
        self._show_parts()
        for message, purpose in self.child.poll():
            if message["event"] == "ready":
                self._on_usual(message["usual"])
            elif plan is not None:
                self._take(plan, message, purpose)
        reason = self.child.failure()
        if reason:
            self._start_again_or_give_up(reason)
        if plan is not None and not self._trouble:
            try:
                self._follow(plan)
            except (InputError, OSError) as error:
                self._give_up(str(error))
        self._say()

    def forget(self) -> None:
        """The scene is being closed."""
        self._start_over("")

    def close(self) -> None:
        """End the child and remove its files."""
        self.forget()
        self.child.close()

    @property
    def _is_to_be_asked(self) -> bool:
        return self._wish is not None and self._wish.cut is not None and not self._asked and not self._refusal

    def _start_over(self, planned_id: str) -> None:
        self._planned_id, self._open_due, self._open_number = planned_id, None, 0
        self._wish, self._asked = None, 0
        self._refusal = self._remark = self._trouble = ""
        self._parts, self._colored = None, {}
        self.child.waiting.clear()

    def _plan_in(self, scene: Any) -> Any | None:
        from LiverTumorSegLib.mrml.plan import hidden_of, plan_of
        from LiverTumorSegLib.mrml.plan_nodes import show_again
        from LiverTumorSegLib.mrml.result import result_of

        if not self._planned_id:
            return None
        result = result_of(scene.GetNodeByID(self._planned_id))
        plan = plan_of(result)
        if plan is None:  # somebody has deleted it
            if result is not None:
                show_again(result, *hidden_of(result))
            self._start_over("")
        return plan

    def _follow(self, plan: Any) -> None:
        now = time.monotonic()
        if self._open_due is not None and now >= self._open_due:
            self._open(plan)
        wish = wish_of(plan)
        if wish != self._wish:
            self._take_wish(plan, wish, now)
        settled = now - self._wished_at >= wish.settles_s(DEBOUNCE_S)
        if self._open_number and self._is_to_be_asked and settled:
            self._asked = self.child.ask(wish.request(self.child.next_number()))
        if self._open_number and self._open_number not in self.child.waiting:
            self._color(plan)

    def _take_wish(self, plan: Any, wish: Wish, now: float) -> None:
        """Numbers of another wish go at once; the picture stays until the next one, or goes where there is none."""
        from LiverTumorSegLib.mrml.plan_updates import blank_numbers, blank_parts

        if self._open_number and (self._wish is None or self._wish.patient != wish.patient):
            self.child.ask(live.patient_request(self.child.next_number(), *wish.patient))
        if plan.numbers is not None and plan.numbers.get("wish") != wish.to_json():
            blank_numbers(plan)
        if wish.cut is None:
            self._parts = None
            blank_parts(plan)
        self._wish, self._wished_at, self._asked, self._refusal = wish, now, 0, wish.trouble

    def _open(self, plan: Any) -> None:
        from LiverTumorSegLib.mrml.plan_updates import cava_of, liver_of

        self._open_due = None
        grid, labels, box, segments = liver_of(plan.result)
        cava = cava_of(plan.result, grid)
        request = live.open_request(self.child.folder, self.child.next_number(), grid, labels, box, segments, cava)
        self._open_number = self.child.ask(request)
        self._wish, self._asked = None, 0

    def _color(self, plan: Any) -> None:
        """Begin or end the colours by distance, as chosen."""
        from LiverTumorSegLib.mrml.plan_distances import NEAR_TO, points_ras_of, remove_distances, surfaces_of

        if not plan.choice.distances:
            if plan.models:
                remove_distances(plan)
            self._colored = {}
        elif not self._colored and not plan.models:
            found = (self._surfaces_to_color or surfaces_of)(plan)
            self._colored = {name: surface for name, surface in found.items() if name in NEAR_TO}
            for segment_id, surface in self._colored.items():
                number, points_ras = self.child.next_number(), points_ras_of(plan, surface)
                request = live.distances_request(self.child.folder, number, points_ras, NEAR_TO[segment_id])
                self.child.ask(request, segment_id)

    def _take(self, plan: Any, message: dict[str, Any], purpose: str | None) -> None:
        """An answer; purpose: None where nobody waits for it."""
        from LiverTumorSegLib.mrml.plan_tables import fill_what_if

        self._failures = 0
        event = message["event"]
        if event == "what-if":
            if plan.what_if and message["number"] == self._open_number:
                fill_what_if(plan.what_if, message["rows"])
        elif purpose is not None:
            takers = {"resected": self._show, "distances": self._show_distances, "refused": self._take_refusal}
            if event in takers:
                takers[event](plan, message, purpose)
            elif event == "patient":
                self._remark = message["remark"]

    def _show(self, plan: Any, message: dict[str, Any], _purpose: str) -> None:
        from LiverTumorSegLib.mrml.plan_nodes import show_numbers, show_parts

        parts = live.taken_in(message.pop("parts"))
        if message["number"] != self._asked or self._wish is None:
            return  # of an older wish
        show_numbers(plan, message | {"wish": self._wish.to_json()})
        i, j, k = message["start"]
        self._parts = show_parts(plan, parts, (i, j, k))

    def _show_parts(self) -> None:
        """All of them: views are drawn once for all, and what is drawn takes longer than what is made."""
        parts, self._parts = self._parts, None
        for _segment_id in parts or ():
            pass

    def _show_distances(self, plan: Any, message: dict[str, Any], segment_id: str) -> None:
        from LiverTumorSegLib.mrml.plan_distances import show_distances

        values_mm = live.taken_in(message["values"])
        if plan.choice.distances and segment_id in self._colored:
            show_distances(plan, segment_id, self._colored[segment_id], values_mm)

    def _take_refusal(self, plan: Any, message: dict[str, Any], _purpose: str) -> None:
        from LiverTumorSegLib.mrml.plan_updates import blank_numbers, blank_parts

        if message["kind"] == "open":
            self._trouble = message["message"]
        elif message["kind"] == "resect" and message["number"] == self._asked:
            self._refusal = message["message"]
            self._parts = None
            blank_numbers(plan)
            blank_parts(plan)

    def _start_again_or_give_up(self, reason: str) -> None:
        """A child may have died long ago, while nothing was asked of it: one more gets the same liver."""
        self._failures += 1
        self._start_over(self._planned_id)
        if self._failures < MOST_FAILURES:
            self._open_due = time.monotonic()
        else:
            self._give_up(self._explain() or reason)

    def _give_up(self, reason: str) -> None:
        self._failures = 0
        self.child.waiting.clear()
        self._trouble = _("Nothing can be planned here. {reason}").format(reason=reason)

    def _say(self) -> None:
        if self.status != self._said:
            self._said = self.status
            self._on_status(self._said)
