"""What several tests of follow-ups need."""

from __future__ import annotations

from functools import cache

import pytest

from LiverTumorSegLib.followup import track
from LiverTumorSegLib.followup.registration import liver_of, register

_liver_of, _register = cache(liver_of), cache(register)


@pytest.fixture
def register_once(monkeypatch):
    """The real registration, which gives the same for the same livers (test_track.py), once for all tests."""
    monkeypatch.setattr(track, "liver_of", _liver_of)
    monkeypatch.setattr(track, "register", _register)
