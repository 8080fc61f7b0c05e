"""The websocket of a session, passed on in both directions for as long as both ends hold it open."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import aiohttp
from aiohttp import WSMsgType, web

from LiverTumorSegLib.web.gateway.http_proxy import CLIENT, url_in_session
from LiverTumorSegLib.web.gateway.refusals import Refusal, is_websocket
from LiverTumorSegLib.web.gateway.sessions import session_of

LARGEST_MESSAGE_BYTES = 64 * 2**20
_PING_S = 60.0
"""A browser that has gone without a word (a lid that was closed) is noticed one and a half times this later."""
_GOODBYE_S = 2.0
_CANNOT_BE_SENT = (None, 1004, 1005, 1006, 1015)
"""Close codes that say what happened to a connection; no end may send them."""

BrowserSocket = web.WebSocketResponse
SessionSocket = aiohttp.ClientWebSocketResponse


async def pass_on_websocket(request: web.Request) -> web.StreamResponse:
    """``GET /s/ID/ws``."""
    session = session_of(request)
    if not is_websocket(request):
        raise Refusal(HTTPStatus.BAD_REQUEST, "This is the address of a websocket.", "Open the session's page instead.")
    url = url_in_session(request, await session.port())
    offered = [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if word.strip()]
    try:
        async with request.app[CLIENT].ws_connect(
            url,
            protocols=offered,
            max_msg_size=LARGEST_MESSAGE_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=_GOODBYE_S),
        ) as to_session:
            with session.attendance.present():
                return await _connect(request, to_session)
    except aiohttp.ClientError as error:
        raise Refusal(HTTPStatus.BAD_GATEWAY, "The session does not answer.", "Reload the page.") from error


async def _connect(request: web.Request, to_session: SessionSocket) -> BrowserSocket:
    to_browser = web.WebSocketResponse(
        protocols=[to_session.protocol] if to_session.protocol else [],
        max_msg_size=LARGEST_MESSAGE_BYTES,
        heartbeat=_PING_S,
        timeout=_GOODBYE_S,
        # Nearly all bytes are pictures, which are compressed already.
        compress=False,
    )
    await to_browser.prepare(request)
    directions = {
        asyncio.create_task(_pump(to_session, to_browser)),
        asyncio.create_task(_pump(to_browser, to_session)),
    }
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
    await to_browser.close(code=_code_for_other_end(to_session.close_code))
    await to_session.close(code=_code_for_other_end(to_browser.close_code))
    return to_browser


async def _pump(source: BrowserSocket | SessionSocket, sink: BrowserSocket | SessionSocket) -> None:
    """Until the source is closed, or the sink cannot take any more."""
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)


def _code_for_other_end(code: int | None) -> int:
    return aiohttp.WSCloseCode.GOING_AWAY if code is None or code in _CANNOT_BE_SENT else code
