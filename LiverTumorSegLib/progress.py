"""How long work tells its caller where it is, and learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from LiverTumorSegLib.timing import Stopwatch


@dataclass(frozen=True)
class ProgressEvent:
    """fraction: share of the whole job that is done, 0 to 1. message: one short line for a person."""

    stage: str
    fraction: float
    message: str = ""


ProgressCallback = Callable[[ProgressEvent], None]
"""Called often and from the working thread; may raise CancelledError to stop the work."""


def ignore_progress(_event: ProgressEvent) -> None:
    """The callback of a caller that does not want to know."""


def part_of(report: ProgressCallback, start: float, stop: float) -> ProgressCallback:
    """A callback for a part of the work: its 0..1 becomes start..stop of the whole."""

    def scaled(event: ProgressEvent) -> None:
        fraction = start + (stop - start) * min(1.0, max(0.0, event.fraction))
        report(ProgressEvent(event.stage, fraction, event.message))

    return scaled


@dataclass
class Progress:
    """Where a run is: reports each stage as its part of the whole, and takes its time."""

    report: ProgressCallback = ignore_progress
    clock: Stopwatch = field(default_factory=Stopwatch)

    @contextmanager
    def stage(self, name: str, start: float, stop: float, message: str) -> Iterator[ProgressCallback]:
        """The callback inside carries the stage's name and message, whatever the part calls itself."""

        def named(event: ProgressEvent) -> None:
            part_of(self.report, start, stop)(
                ProgressEvent(name, event.fraction, ": ".join(filter(None, (message, event.message))))
            )

        named(ProgressEvent(name, 0.0))
        with self.clock.stage(name):
            yield named
