"""Requests that are not served: a page for people, JSON for scripts, a line for websockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from LiverTumorSegLib.web.gateway.pages import page

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_JSON_METHODS = ("PUT", "POST", "DELETE", "PATCH")


class Refusal(Exception):  # noqa: N818 a refusal is an answer
    """title: what was found. advice: what was expected and what to do. link: the words of a link to a new session."""

    template = "message.html"

    def __init__(self, status: int, title: str, advice: str, *, link: str = "") -> None:
        super().__init__(f"{title} {advice}")
        self.status, self.title, self.advice, self.link = status, title, advice, link


def session_ended() -> Refusal:
    """For a session that is not, or not any more."""
    return Refusal(
        HTTPStatus.NOT_FOUND,
        "This session has ended.",
        "Sessions end some time after their last window was closed, and their images are removed. "
        "What you have downloaded is yours; anything else has to be loaded again.",
        link="Start a new session",
    )


def is_websocket(request: web.BaseRequest) -> bool:
    """Whether the request asks for one."""
    return request.headers.get("Upgrade", "").strip().lower() == "websocket"


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware: every refusal becomes an answer of the kind that was asked for."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return _answer(request, refusal)
    except ConnectionError:
        # Whoever asked has gone: nobody reads this, and nothing is to be said about it.
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    except web.HTTPNotFound:
        return _answer(request, Refusal(404, "There is nothing here.", "Check the address.", link="Start a session"))
    except web.HTTPMethodNotAllowed as error:
        answer = _answer(request, Refusal(405, f"{request.method} cannot be used here.", "Check the address."))
        answer.headers["Allow"] = error.headers.get("Allow", "")
        return answer


def _answer(request: web.Request, refusal: Refusal) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if is_websocket(request):
        return web.Response(status=refusal.status, text=str(refusal), headers=headers)
    if request.method in _JSON_METHODS and refusal.template == Refusal.template:
        return web.json_response({"message": str(refusal)}, status=refusal.status, headers=headers)
    text = page(refusal.template, title=refusal.title, advice=refusal.advice, link=refusal.link)
    return web.Response(status=refusal.status, text=text, content_type="text/html", headers=headers)
