"""Requests that a session answers itself, passed on to its port and back."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from LiverTumorSegLib.web.gateway.refusals import Refusal
from LiverTumorSegLib.web.gateway.sessions import session_of

CLIENT = web.AppKey("client", aiohttp.ClientSession)
_SLASHES_BEFORE_PATH = 3
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
# Cookies belong to the gateway: a session neither sees them nor sets any.
_NOT_TO_SESSIONS = _HOP_BY_HOP | {"host", "cookie", "authorization"}
_NOT_TO_BROWSERS = _HOP_BY_HOP | {"set-cookie", "server", "date"}


def new_client() -> aiohttp.ClientSession:
    """For all sessions: it waits as long as they need, follows nothing, keeps nothing, changes no body."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5.0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )


async def pass_on(request: web.Request) -> web.StreamResponse:
    """``GET, HEAD, POST /s/ID/...``."""
    session = session_of(request)
    url = url_in_session(request, await session.port())
    response: web.StreamResponse | None = None
    try:
        async with request.app[CLIENT].request(
            request.method,
            url,
            headers=_without(request.headers, _NOT_TO_SESSIONS),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        ) as answer:
            headers = _without(answer.headers, _NOT_TO_BROWSERS)
            response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response
    except aiohttp.ClientError as error:
        if response is None or not response.prepared:
            raise Refusal(
                HTTPStatus.BAD_GATEWAY, "The session does not answer.", "Reload this page.", link="Start a new session"
            ) from error
        # Half an answer must not look like a whole one.
        if request.transport is not None:
            request.transport.abort()
        return response


def url_in_session(request: web.Request, port: int) -> URL:
    """The rest of the address, byte for byte: what it means is the session's to say."""
    raw = request.rel_url
    path = "/" + raw.raw_path.split("/", _SLASHES_BEFORE_PATH)[_SLASHES_BEFORE_PATH]
    return URL.build(
        scheme="http", host="127.0.0.1", port=port, path=path, query_string=raw.raw_query_string, encoded=True
    )


def _without(headers: CIMultiDictProxy[str], names: frozenset[str]) -> CIMultiDict[str]:
    """The headers but those, and those that the connection header names."""
    of_connection = {name.strip().lower() for line in headers.getall("Connection", []) for name in line.split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in names | of_connection)
