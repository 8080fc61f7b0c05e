"""Folders of gateways go where a test can look at them; what asyncio or aiohttp log as an error fails the test."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_runs import RunningGateway, folder_of, running_gateway


@pytest.fixture(scope="module", autouse=True)
def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where all gateways of the module have their folders."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("temporary"))
    yield Path(tempfile.tempdir)
    tempfile.tempdir = before


@pytest.fixture(scope="module")
def gateway(temporary_files: Path) -> Iterator[RunningGateway]:
    """One for all tests of a module that change nothing of it."""
    with running_gateway(max_sessions=50) as running:
        yield running


@pytest.fixture(scope="module")
def session(gateway: RunningGateway) -> str:
    """Its first session, which is ready."""
    session = gateway.open()
    gateway.facts(session)
    return session


@pytest.fixture(scope="module")
def folder(temporary_files: Path, session: str) -> Path:
    """Of that session."""
    return folder_of(temporary_files, session)


@pytest.fixture(autouse=True)
def no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    found = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not found, "\n".join(record.getMessage() for record in found)
