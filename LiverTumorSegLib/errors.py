"""The errors that a front end turns into one line and an exit code."""

from __future__ import annotations


class LiverTumorSegError(Exception):
    """Base of every error that this library raises on purpose."""

    exit_code = 2


class InputError(LiverTumorSegError):
    """Input, a setting or the environment cannot be used: says what was found, what was expected, what to do."""

    def __init__(self, *, found: str, expected: str, remedy: str) -> None:
        self.found, self.expected, self.remedy = found, expected, remedy
        super().__init__(f"{_sentence(found)} Expected {_sentence(expected)} {_sentence(remedy)}")


class ModelUnavailableError(InputError):
    """Weights are not in the cache and could not be fetched, or what is there is not what its publisher released."""


class CancelledError(LiverTumorSegError):
    """The user stopped the run; nothing was written."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("Cancelled; nothing was written.")


def _sentence(text: str) -> str:
    one_line = " ".join(text.split()).rstrip(".")
    return f"{one_line}."
