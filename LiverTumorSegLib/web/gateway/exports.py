"""Files that go out: results that a session has put into its folder for them."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from http import HTTPStatus
from pathlib import Path
from typing import IO
from urllib.parse import quote

from aiohttp import web

from LiverTumorSegLib.web.gateway.refusals import Refusal
from LiverTumorSegLib.web.gateway.sessions import session_of
from LiverTumorSegLib.web.gateway.upload_path import plain_name

_BLOCK_BYTES = 2**20
_SLASHES_BEFORE_NAME = 4


async def get_export(request: web.Request) -> web.StreamResponse:
    """``GET /s/ID/exports/NAME``: the file as a download.

    Not aiohttp's own file response: that follows links, and answers with NAME.gz where a browser takes gzip.
    """
    session = session_of(request)
    name = plain_name(request.rel_url.raw_path.split("/", _SLASHES_BEFORE_NAME)[_SLASHES_BEFORE_NAME])
    file = _open(session.exports, name) if name is not None else None
    if name is None or file is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "There is no such file.", "Go back to the session and export it again.")
    with file, session.attendance.present():
        return await _send(request, file, name)


async def _send(request: web.Request, file: IO[bytes], name: str) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": disposition(name),
            "Cache-Control": "no-store",
        }
    )
    left = response.content_length = os.fstat(file.fileno()).st_size
    await response.prepare(request)
    while left and request.method != "HEAD":
        block = await asyncio.to_thread(file.read, min(left, _BLOCK_BYTES))
        if not block:
            # Somebody has cut it off: the browser sees a failed download, not a short file.
            response.force_close()
            break
        left -= len(block)
        await response.write(block)
    return response


def disposition(name: str) -> str:
    """A header that names the download: in full, and in ASCII for what is old."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _open(folder: Path, name: str) -> IO[bytes] | None:
    """None unless it is a regular file: no folder, no link, nothing that would block."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(folder / name, flags)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        return None
    return os.fdopen(number, "rb")
