"""Where time and memory went: written into run.json and printed by the benchmarks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Seconds by stage, in the order in which the stages began; a stage that runs twice adds up."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        self._seconds.setdefault(name, 0.0)
        try:
            yield
        finally:
            self._seconds[name] += time.perf_counter() - start

    def total(self) -> float:
        """Seconds since this watch was made."""
        return round(time.perf_counter() - self._start, 3)

    def seconds(self) -> dict[str, float]:
        """A copy, rounded to milliseconds."""
        return {name: round(value, 3) for name, value in self._seconds.items()}


def peak_memory_mib() -> float:
    """Largest resident memory of this process so far, in MiB."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
