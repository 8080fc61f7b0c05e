"""Files that come in: each whole or not at all, below the folder of its batch, within the session's limits."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

from aiohttp import StreamReader, web

from LiverTumorSegLib.web.gateway.leftovers import remove_folder
from LiverTumorSegLib.web.gateway.refusals import Refusal, session_ended
from LiverTumorSegLib.web.gateway.session import Session
from LiverTumorSegLib.web.gateway.sessions import session_of
from LiverTumorSegLib.web.gateway.upload_path import check_batch, parts_of
from LiverTumorSegLib.web.gateway.upload_space import Batch, disk_is_full

_BLOCK_BYTES = 2**20
_SLASHES_BEFORE_PATH = 5


async def put_file(request: web.Request) -> web.Response:
    """``PUT /s/ID/uploads/BATCH/PATH``: 201 and the number of bytes."""
    session = session_of(request)
    batch = check_batch(request.match_info["batch"])
    # As it came: the router has decoded what it passes on, and two files could look like one.
    parts = parts_of(request.rel_url.raw_path.split("/", _SLASHES_BEFORE_PATH)[_SLASHES_BEFORE_PATH])
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The file came compressed.", "Send it as it is.")
    with session.attendance.present():
        taken = await _Upload(session, batch, session.uploads.joinpath(batch, *parts)).receive(request)
    return web.json_response({"bytes": taken}, status=HTTPStatus.CREATED)


async def delete_batch(request: web.Request) -> web.Response:
    """``DELETE /s/ID/uploads/BATCH``: 204, also if there is no such batch."""
    session = session_of(request)
    batch = check_batch(request.match_info["batch"])
    session.space.remove(batch)
    folder = session.uploads / batch
    if folder.exists():
        # Moved first: the batch may come again while its files are being removed.
        rubbish = folder.rename(session.partial / secrets.token_hex(8))
        await asyncio.to_thread(remove_folder, rubbish)
    return web.Response(status=HTTPStatus.NO_CONTENT)


class _Upload:
    def __init__(self, session: Session, batch_name: str, target: Path) -> None:
        self._session, self._batch_name, self._target = session, batch_name, target
        self._partial = session.partial / f"{secrets.token_hex(8)}.partial"
        self._taken = 0

    async def receive(self, request: web.Request) -> int:
        """The number of bytes. Raises Refusal, or ConnectionError if the browser is gone; then nothing is left."""
        self._check_target()
        space = self._session.space
        space.forget_used(self._session.uploads)
        space.check(request.content_length or 0, self._session.partial)
        batch = space.begin_file(self._batch_name)
        try:
            await self._write(request.content, batch)
            if request.content_length not in (None, self._taken):
                raise ConnectionError
            self._move_into_place(batch)
        except BaseException as error:
            space.give_back(batch, self._taken)
            self._explain(error)
            raise
        finally:
            space.end_file(batch)
            self._partial.unlink(missing_ok=True)
        return self._taken

    async def _write(self, content: StreamReader, batch: Batch) -> None:
        with self._partial.open("xb") as file:
            async for block in _blocks(content, self._session.stalled_upload_s):
                self._check_wanted(batch)
                self._session.space.check(len(block), self._session.partial)
                batch.bytes += len(block)
                self._taken += len(block)
                await asyncio.to_thread(file.write, block)

    def _move_into_place(self, batch: Batch) -> None:
        self._check_wanted(batch)
        self._check_target()
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._partial.rename(self._target)

    def _check_wanted(self, batch: Batch) -> None:
        if self._session.process.is_over:
            raise session_ended()
        if batch.is_removed:
            raise Refusal(HTTPStatus.CONFLICT, "The batch was removed meanwhile.", "Send its files again.")

    def _check_target(self) -> None:
        """Nothing is there yet, and the folders above it are no files."""
        if self._target.exists():
            raise Refusal(HTTPStatus.CONFLICT, f"{self._name} is there already.", "Send it in another batch.")
        for folder in self._target.relative_to(self._session.uploads).parents:
            if (self._session.uploads / folder).is_file():
                raise Refusal(
                    HTTPStatus.CONFLICT, f"A folder of {self._name} is a file already.", "Send it in another batch."
                )

    @property
    def _name(self) -> str:
        return str(self._target.relative_to(self._session.uploads / self._batch_name))

    def _explain(self, error: BaseException) -> None:
        """Raises Refusal for a disk that is full, and for a folder that has gone with its session."""
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_is_full() from error
        if isinstance(error, FileNotFoundError) and self._session.process.is_over:
            raise session_ended() from error


async def _blocks(content: StreamReader, stalled_s: float) -> AsyncIterator[bytes]:
    """Large enough that passing them to another thread costs nothing. Raises Refusal if nothing comes for so long:
    a computer that was switched off says no goodbye, and its session would never end.
    """
    block = bytearray()
    while True:
        try:
            async with asyncio.timeout(stalled_s):
                chunk = await content.readany()
        except TimeoutError:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "The upload stood still.", "Send the file again.") from None
        block += chunk
        if len(block) >= _BLOCK_BYTES or (block and not chunk):
            yield bytes(block)
            block.clear()
        if not chunk:
            return
