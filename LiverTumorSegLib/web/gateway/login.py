"""Who may come in: people show the token once, and from then on a cookie that is worth nothing after a restart."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from http import HTTPStatus
from urllib.parse import parse_qs

from aiohttp import web

from LiverTumorSegLib.web.gateway.pages import page
from LiverTumorSegLib.web.gateway.refusals import Refusal
from LiverTumorSegLib.web.settings import ServeSettings

LOGIN_PATH, SIGNED_IN_PATH = "/login", "/signed-in"
_LONGEST_FORM_BYTES = 8192


class LoginNeeded(Refusal):
    """A refusal with a form to enter the token in."""

    template = "login.html"

    def __init__(self, *, title: str = "Please sign in.") -> None:
        advice = "Enter the token of this server. Whoever runs it can tell you."
        super().__init__(HTTPStatus.UNAUTHORIZED, title, advice)


class Login:
    """port: cookies do not tell the ports of a computer apart, so their name does."""

    def __init__(self, settings: ServeSettings, port: int) -> None:
        self._token, self._wrong_token_s = settings.token.strip().encode(), settings.limits.wrong_token_s
        self._is_secure = settings.uses_tls or settings.address.startswith("https:")
        self._cookie_name = f"livertumorseg-{port}"
        self._cookie = hmac.new(secrets.token_bytes(32), self._token, "sha256").hexdigest()

    def is_in(self, request: web.Request) -> bool:
        """Always, where no token is set."""
        shown = request.cookies.get(self._cookie_name, "")
        return not self._token or hmac.compare_digest(shown.encode("utf-8", "replace"), self._cookie.encode())

    def is_attempt(self, request: web.Request) -> bool:
        """Whether the request shows a token: in the address of the first page, or with the form."""
        in_address = request.method == "GET" and request.path == "/" and "token" in request.query
        return bool(self._token) and (in_address or (request.method == "POST" and request.path == LOGIN_PATH))

    async def attempt(self, request: web.Request) -> web.Response:
        """The cookie, and on to a page without the token in its address. Raises Refusal if the token is wrong."""
        shown = await _token_in_form(request) if request.method == "POST" else request.query["token"]
        if not hmac.compare_digest(shown.strip().encode("utf-8", "replace"), self._token):
            await asyncio.sleep(self._wrong_token_s)
            raise LoginNeeded(title="This is not the token.")
        response = web.Response(
            status=HTTPStatus.SEE_OTHER, headers={"Location": SIGNED_IN_PATH, "Cache-Control": "no-store"}
        )
        response.set_cookie(
            self._cookie_name, self._cookie, path="/", httponly=True, samesite="Strict", secure=self._is_secure
        )
        return response


async def signed_in(_request: web.Request) -> web.Response:
    """``GET /signed-in``: goes on to the first page by itself.

    A browser that came by a link in a mail or another page sends a strict cookie only after a page of this server.
    """
    text = page("signed_in.html", title="Signed in.", advice="Your session opens by itself.", link="Open it")
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})


async def _token_in_form(request: web.Request) -> str:
    length = request.content_length or 0
    if not 0 < length <= _LONGEST_FORM_BYTES:
        raise LoginNeeded(title="This is not the token.")
    form = await request.content.readexactly(length)
    return parse_qs(form.decode("utf-8", "replace")).get("token", [""])[0]
