"""Permissions mean nothing to root, who runs the tests in containers: for a moment be somebody else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """Inside, files of root are files of a stranger. Skips the test where the system has no such users."""
    if not hasattr(os, "seteuid"):
        pytest.skip("this system has no user ids")
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def folder_for_everyone() -> Iterator[Path]:
    """pytest's own folders may not be entered by others."""
    folder = Path(tempfile.mkdtemp(prefix="livertumorseg-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
