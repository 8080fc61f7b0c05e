"""Numbers that follow the mask: each change blanks them at once, and a child process measures the mask as it is now."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from LiverTumorSegLib.child.process import ChildProcess
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.measure.live import write_request
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.workbench.translation import _

DEBOUNCE_S = 0.15
"""A stroke or a slider makes many changes; what counts is the one that stays."""
SILENCE_S = 120.0
MOST_FAILURES = 2


class LiveMeasuring:
    """Tell it of changes, poll it; it keeps tables and lines of any number of results those of their masks.

    on_status: called with a line for the person at the screen, empty once all numbers are up to date. explain: why the
    child cannot live here, in a sentence for that person, or empty where only the child itself can tell.
    """

    def __init__(
        self,
        python: Sequence[str],
        temporary_folder: Path,
        on_status: Callable[[str], None],
        explain: Callable[[], str] = lambda: "",
    ) -> None:
        self._python = tuple(python)
        self._temporary_folder = temporary_folder
        self._on_status = on_status
        self._explain = explain
        self._child: ChildProcess | None = None
        self._folder: Path | None = None
        self._changed: dict[str, float] = {}
        """By segmentation id: when it last changed; measured after the debounce."""
        self._asked: dict[int, str] = {}
        """By request number: the segmentation's id."""
        self._latest: dict[str, int] = {}
        """By segmentation id: the request that measures the mask as it is now."""
        self._number = 0
        self._sent = 0.0
        self._failures = 0
        """In a row."""

    @property
    def busy(self) -> bool:
        """Whether some number on the screen is not known yet."""
        return bool(self._changed or self._asked)

    def warm_up(self) -> None:
        """Start the child before it is needed: its start takes a second, an answer a tenth."""
        if self._child is None or not self._child.running:
            self._start_child()

    def changed(self, result: Any) -> None:
        """The mask of a result has changed: its numbers go, new ones come."""
        from LiverTumorSegLib.mrml.result_nodes import mark_outdated

        segmentation_id = result.segmentation.GetID()
        if segmentation_id not in self._changed:
            mark_outdated(result)
        self._changed[segmentation_id] = time.monotonic()
        self._latest.pop(segmentation_id, None)
        self._on_status(_("The mask has changed: measuring..."))

    def poll(self, scene: Any) -> None:
        """Ask for what has settled, take in what has been answered."""
        self._ask(scene)
        if self._child is None or not self._asked:
            return
        for message in self._child.poll():
            self._take(scene, message)
        if self._child.end is None and time.monotonic() - self._sent > SILENCE_S:
            self._child.kill()
            self._start_again_or_give_up(_("No answer within {seconds:g} s.").format(seconds=SILENCE_S))
        elif self._child.end is not None:
            self._start_again_or_give_up(self._child.end.message)

    def forget(self) -> None:
        """Drop what is asked and not answered: the scene is being closed."""
        self._changed.clear()
        self._asked.clear()
        self._latest.clear()

    def close(self) -> None:
        """End the child and remove its files."""
        self.forget()
        if self._child is not None:
            self._child.kill()
            self._child = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _ask(self, scene: Any) -> None:
        now = time.monotonic()
        for segmentation_id, when in list(self._changed.items()):
            if now - when >= DEBOUNCE_S:
                del self._changed[segmentation_id]
                self._send(scene, segmentation_id)

    def _send(self, scene: Any, segmentation_id: str) -> None:
        from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS
        from LiverTumorSegLib.mrml.markups import ends_ras_of
        from LiverTumorSegLib.mrml.result import result_of
        from LiverTumorSegLib.mrml.segmentation_labels import labelled_part_of, values_in
        from LiverTumorSegLib.mrml.volume_node import view_of

        result = result_of(scene.GetNodeByID(segmentation_id))
        if result is None or result.volume is None:
            self._say_if_done("")
            return
        self.warm_up()
        if self._child is None or self._folder is None:
            return
        self._number += 1
        try:
            grid = view_of(result.volume)
            labels, box = labelled_part_of(result.segmentation, grid)
            lines = {line.GetID(): ends_ras_of(line) for line in result.reader_lines}
            whole = {name: ends for name, ends in lines.items() if len(ends) == 2}
            segments = values_in(result.segments, ALL_COUINAUD_LABELS, grid, box) if result.segments else None
            request = write_request(self._folder, self._number, grid, labels, box, whole, segments)
        except (InputError, OSError) as error:
            self._say_failed(error)
            return
        self._child.send(request)
        self._asked[self._number] = segmentation_id
        self._latest[segmentation_id] = self._number
        self._sent = time.monotonic()

    def _take(self, scene: Any, message: dict[str, Any]) -> None:
        from LiverTumorSegLib.measure.flags import flags_of_run
        from LiverTumorSegLib.mrml.result import result_of
        from LiverTumorSegLib.mrml.result_nodes import show_measurements

        self._failures = 0 if "number" in message else self._failures
        segmentation_id = self._asked.pop(message.get("number", 0), "")
        if not segmentation_id or self._latest.get(segmentation_id) != message["number"]:
            return  # of an older mask
        result = result_of(scene.GetNodeByID(segmentation_id))
        if result is None:
            return
        if message["event"] == "refused":
            self._say_failed(message["message"])
            return
        measured = Measurements.from_json(message["measurements"])
        measured = replace(measured, flags=(*flags_of_run(result.run), *measured.flags))
        show_measurements(result, measured, message["reader_lesions"])
        self._say_if_done(_ignored_in_words(result))

    def _say_failed(self, reason: object) -> None:
        self._on_status(_("The edited mask could not be measured. {reason}").format(reason=reason))

    def _say_if_done(self, text: str) -> None:
        if not self.busy:
            self._on_status(text)

    def _start_again_or_give_up(self, reason: str) -> None:
        """A child may have died long ago, while nothing was asked of it: one more gets the same masks."""
        self._failures += 1
        self._child = None
        waiting, self._asked = set(self._asked.values()), {}
        if self._failures < MOST_FAILURES:
            self._changed |= dict.fromkeys(waiting, 0.0)
        else:
            self._say_failed(self._explain() or reason)

    def _start_child(self) -> None:
        from LiverTumorSegLib.child.job import FOLDER_OF_PACKAGE

        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="LiverTumorSeg-live-", dir=self._temporary_folder))
        child = ChildProcess(self._folder)
        try:
            child.start([*self._python, "-m", "LiverTumorSegLib.measure.live"], cwd=FOLDER_OF_PACKAGE)
        except OSError as error:
            self._say_failed(error)
            return
        self._child = child


def _ignored_in_words(result: Any) -> str:
    from LiverTumorSegLib.mrml.segmentation_labels import ignored_segments

    ignored = ignored_segments(result.segmentation)
    if not ignored:
        return ""
    return _("Not measured, being neither liver, vessel nor tumor: {names}.").format(names=", ".join(ignored))
