"""Observers that a stand-in widget can change together, and that never outlive their widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shiboken6


class Observers:
    """Calls ``update()`` on events of one VTK object at a time."""

    def __init__(self, widget: Any, update: Callable[[], None]) -> None:
        self._widget = widget
        self._update = update
        self._subject: Any = None
        self._tags: list[int] = []

    def watch(self, subject: Any, *events: Any) -> None:
        """From now on this object (or none), and no longer the previous one."""
        for tag in self._tags:
            self._subject.RemoveObserver(tag)
        self._subject = subject
        self._tags = [subject.AddObserver(event, self._called) for event in events] if subject is not None else []

    def _called(self, *_: Any) -> None:
        if not shiboken6.isValid(self._widget):
            self.watch(None)
            return
        # Python's garbage collector may run at any line: a form that nobody holds any more would be deleted, with
        # this widget in it, in the middle of the update.
        held = _ancestors(self._widget)
        self._update()
        held.clear()


def _ancestors(widget: Any) -> list[Any]:
    found = [widget]
    while found[-1].parent() is not None:
        found.append(found[-1].parent())
    return found
