"""The way in: a new session for each visit of the first page, and what trame's client wants to know about it."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from LiverTumorSegLib.web.gateway.refusals import Refusal
from LiverTumorSegLib.web.gateway.sessions import SESSIONS, session_of


async def open_session(request: web.Request) -> web.Response:
    """``GET /``: on to a session of one's own.

    Only for a page that somebody opens: pictures and frames of other pages, and what browsers fetch just in case, would
    use up the places.
    """
    wanted = request.headers.get("Sec-Fetch-Dest", "document")
    if wanted != "document" or "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        raise Refusal(HTTPStatus.FORBIDDEN, "A session opens in a window of its own.", "Open this address in a window.")
    session = request.app[SESSIONS].take()
    return _see(f"s/{session.id}/index.html")


async def show_life(_request: web.Request) -> web.Response:
    """``HEAD /``: that the server is there, without a session."""
    return web.Response()


async def enter_session(request: web.Request) -> web.Response:
    """``GET /s/ID``: on to its page."""
    return _see(f"{session_of(request).id}/index.html")


async def tell_connection(request: web.Request) -> web.Response:
    """``POST /s/ID/paraview/``: where trame's client finds its websocket; it puts its own host and scheme in."""
    session = session_of(request)
    return web.json_response(
        {"sessionURL": f"ws://use_host/s/{session.id}/ws", "secret": session.key}, headers={"Cache-Control": "no-store"}
    )


def _see(location: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location, "Cache-Control": "no-store"})
