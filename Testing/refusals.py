"""What every message to a user must have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from LiverTumorSegLib.errors import InputError


@contextmanager
def refused(*fragments: str) -> Iterator[None]:
    """Inside, an InputError is raised whose one line says found, expected and remedy, and holds the fragments."""
    with pytest.raises(InputError) as caught:
        yield
    error, message = caught.value, str(caught.value)
    assert "\n" not in message
    for part in (error.found, error.expected, error.remedy):
        assert part.strip()
        assert " ".join(part.split()).rstrip(".") in message
    for fragment in fragments:
        assert fragment in message, f"{fragment!r} is not in: {message}"
