"""Settings in the words of the command line."""

from __future__ import annotations

from dataclasses import asdict

from LiverTumorSegLib.settings import SegmentSettings


def words_from(settings: SegmentSettings) -> list[str]:
    """The options with which a front end runs ``segment`` in a child: the inverse of ``cli.options.settings_from``."""
    pairs = asdict(settings).items()
    return [word for name, value in pairs for word in (f"--{name.replace('_', '-')}", str(value))]
