"""How a child process ended, in words for the person who waited for it."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from enum import Enum

_TERMINAL_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_WORDS_OF_NO_MEMORY = ("MemoryError", "bad_alloc", "Cannot allocate memory", "out of memory", "Unable to allocate")
_SIGNALS_ABOVE = 128
"""A shell or a launcher between parent and child reports signal n as 128 + n."""


class Ending(Enum):
    """Why a child is gone."""

    EXITED = "exited"
    SILENT = "silent"
    FLOODED = "flooded"
    KILLED = "killed"


@dataclass(frozen=True)
class End:
    """exit_code: as the system gives it, None for a child that was killed from here. log_tail: its last words."""

    ending: Ending
    exit_code: int | None
    log_tail: str
    silence_s: float | None = None

    @property
    def message(self) -> str:
        """One sentence or two: what happened and what to do."""
        if self.ending is Ending.SILENT:
            return f"It gave no sign of life for {self.silence_s:g} s and was stopped. Try again, or another device."
        if self.ending is Ending.FLOODED:
            return f"It printed without end{last_words(self.log_tail)} and was stopped. See the log."
        if self.ending is Ending.KILLED:
            return "It was stopped."
        if self.out_of_memory:
            return "It ran out of memory. Close other programs, or crop the CT to the abdomen (Crop Volume)."
        number = self.signal_number
        how = f"crashed ({_name_of(number)})" if number else f"ended with exit code {self.exit_code}"
        return f"It {how}{last_words(self.log_tail)}."

    @property
    def signal_number(self) -> int:
        """Of the signal that ended it, 0 if none did."""
        code = self.exit_code or 0
        if code < 0:
            return -code
        return code - _SIGNALS_ABOVE if _SIGNALS_ABOVE < code < _SIGNALS_ABOVE + 65 else 0

    @property
    def out_of_memory(self) -> bool:
        """Said so, or was killed from outside: that is what systems do to the largest process when memory ends."""
        killed = self.ending is Ending.EXITED and self.signal_number == getattr(signal, "SIGKILL", 9)
        return killed or any(words in self.log_tail for words in _WORDS_OF_NO_MEMORY)


def last_words(log: str) -> str:
    """The last line of an error stream, for a message; empty if there is none."""
    lines = [line.strip() for line in _TERMINAL_COLOR.sub("", log).splitlines() if line.strip()]
    return f" ({lines[-1][-300:]})" if lines else ""


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
