"""Looks at every request before anything else does: is it meant for this server, does it come from its own pages,
may whoever sent it come in. And tells browsers what pages of this server may do.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from LiverTumorSegLib.web.gateway.login import SIGNED_IN_PATH, Login, LoginNeeded
from LiverTumorSegLib.web.gateway.refusals import Handler, Refusal, is_websocket
from LiverTumorSegLib.web.settings import ServeSettings

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_SAFE_METHODS = ("GET", "HEAD")
_SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            # trame's client compiles its templates in the browser.
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'self'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    # The address of a session is what lets people into it.
    "Referrer-Policy": "no-referrer",
    "Server": "LiverTumorSeg",
}


class Guard:
    """port: on which the server really listens."""

    def __init__(self, settings: ServeSettings, port: int) -> None:
        self._scheme = "https" if settings.uses_tls else "http"
        self._addresses = (settings.address.lower(),) if settings.address else ()
        self._login = Login(settings, port)
        self._hosts = _hosts_of(settings, port) if settings.is_loopback else None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Raises Refusal for what may not pass."""
        self._check_host(request)
        self._check_origin(request)
        if self._login.is_attempt(request):
            return await self._login.attempt(request)
        if request.path != SIGNED_IN_PATH and not self._login.is_in(request):
            raise LoginNeeded
        return await handler(request)

    def _check_host(self, request: web.Request) -> None:
        """Against pages whose own name is made to mean this computer (DNS rebinding)."""
        host = request.headers.get("Host", "").lower()
        if not host or (self._hosts is not None and host not in self._hosts):
            names = " or ".join(self._hosts or ()) or "a name"
            raise Refusal(
                HTTPStatus.FORBIDDEN, "This server does not go by that name.", f"Expected the address to be {names}."
            )

    def _check_origin(self, request: web.Request) -> None:
        """Against other pages that make a browser change something here, or listen in."""
        origin = request.headers.get("Origin")
        if origin is None or (request.method in _SAFE_METHODS and not is_websocket(request)):
            return
        # A proxy may pass the name that people use on as Host, or not; what it speaks to this server does not count.
        if origin.lower() not in (self._addresses or (f"{self._scheme}://{request.headers['Host'].lower()}",)):
            raise Refusal(
                HTTPStatus.FORBIDDEN, "Another page sent this request.", "Expected it from a page of this server."
            )


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, whatever a session has put there."""
    response.headers.update(_SECURITY_HEADERS)


def _hosts_of(settings: ServeSettings, port: int) -> tuple[str, ...]:
    own = f"[{settings.host}]" if ":" in settings.host else settings.host.lower()
    names = dict.fromkeys((*_LOOPBACK_NAMES, own))
    # Browsers leave out the port that belongs to the scheme.
    is_default = port == (443 if settings.uses_tls else 80)
    by_proxy = (settings.address.lower().partition("://")[2],) if settings.address else ()
    return tuple(f"{name}:{port}" for name in names) + (tuple(names) if is_default else ()) + by_proxy
