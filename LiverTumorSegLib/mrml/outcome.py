"""What the child process has said so far, and what that means for the result. Imports neither vtk nor slicer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from LiverTumorSegLib.mrml.handover import PICTURE_FILE, SCENE_FILE
from LiverTumorSegLib.mrml.requirements import OPENGL, SLICER_CORE
from LiverTumorSegLib.progress import ProgressEvent

STAGE = "scene"
_FILES = {"scene": SCENE_FILE, "picture": PICTURE_FILE}


@dataclass(frozen=True)
class SceneResult:
    """What the child made: files that are complete, None for what it could not make; ``warnings`` say why."""

    mrb: Path | None = None
    picture: Path | None = None
    warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)
    peak_memory_mib: float | None = None


class Outcome:
    """Collects the child's answers; ``over`` once nothing more is to be expected."""

    def __init__(self, folder: Path) -> None:
        self.event = ProgressEvent(STAGE, 0.0, "Waiting for Slicer's core")
        self.over = False
        self._folder = folder
        self._complete: set[str] = set()
        self._warnings: list[str] = []
        self._figures: dict[str, Any] = {}

    def take(self, line: str) -> None:
        """One line of the child's output; a line that is no answer ends the matter."""
        try:
            answer = json.loads(line)
            self._take(answer.pop("event"), answer)
        except (ValueError, KeyError, AttributeError, TypeError):
            self.fail(f"it answered {line.strip()[:80]!r}")

    def fail(self, reason: str) -> None:
        """The child will not finish: say what is missing because of it."""
        self.over = True
        missing = " and ".join(name for kind, name in _FILES.items() if kind not in self._complete)
        hint = f" If OpenGL is missing, {OPENGL}." if "scene" in self._complete else ""
        self._warnings.append(f"No {missing or 'timings'}: the child process for Slicer's core failed, {reason}.{hint}")

    def remove_incomplete(self) -> None:
        """Take away files that the child had begun but not finished."""
        for kind, name in _FILES.items():
            if kind not in self._complete:
                (self._folder / name).unlink(missing_ok=True)

    def result(self) -> SceneResult:
        paths = {kind: self._folder / name for kind, name in _FILES.items() if kind in self._complete}
        return SceneResult(paths.get("scene"), paths.get("picture"), tuple(self._warnings), **self._figures)

    def _take(self, event: str, details: dict[str, Any]) -> None:
        if event == "progress":
            self.event = ProgressEvent(STAGE, float(details["fraction"]), str(details["message"]))
        elif event in _FILES:
            self._complete.add(event)
        elif event == "warning":
            self._warnings.append(str(details["message"]))
        elif event == "done":
            self._figures = {name: details[name] for name in ("timings_s", "peak_memory_mib")}
            self.over = True
        elif event == "unavailable":
            self.over = True
            self._warnings.append(
                f"No {' and no '.join(_FILES.values())}: Slicer's core is not installed ({details['message']}). "
                f"To get them: {SLICER_CORE}."
            )
        elif event != "ready":
            raise KeyError(event)
