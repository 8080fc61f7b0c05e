"""The server as a whole: ``serve`` runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence

from aiohttp import web

from LiverTumorSegLib.web.gateway.abandoned import remove_abandoned
from LiverTumorSegLib.web.gateway.entrance import enter_session, open_session, show_life, tell_connection
from LiverTumorSegLib.web.gateway.exports import get_export
from LiverTumorSegLib.web.gateway.guard import Guard, add_security_headers
from LiverTumorSegLib.web.gateway.http_proxy import CLIENT, new_client, pass_on
from LiverTumorSegLib.web.gateway.leftovers import Leftovers
from LiverTumorSegLib.web.gateway.listening import listening_socket, tls_context, url_of
from LiverTumorSegLib.web.gateway.login import SIGNED_IN_PATH, signed_in
from LiverTumorSegLib.web.gateway.refusals import answer_refusals
from LiverTumorSegLib.web.gateway.request_log import REQUEST_LOG
from LiverTumorSegLib.web.gateway.sessions import SESSIONS, Sessions
from LiverTumorSegLib.web.gateway.uploads import delete_batch, put_file
from LiverTumorSegLib.web.gateway.websocket_proxy import pass_on_websocket
from LiverTumorSegLib.web.settings import ServeSettings, session_words

SESSION_COMMAND = (sys.executable, "-m", "LiverTumorSegLib.web.session")
_POLL_S = 0.1
_GOODBYE_S = 0.2
_ANYTHING = r"[\s\S]*"
"""A dot does not match line breaks, which may hide in percent-encoding."""
_SESSION = "/s/{session:[0-9a-f]{32}}"


async def serve(
    settings: ServeSettings,
    *,
    stopped: Callable[[], bool],
    on_ready: Callable[[str], None],
    session_command: Sequence[str] | None = None,
    leftovers: Leftovers | None = None,
) -> None:
    """Serve until ``stopped``, which is asked every 0.1 s; then nothing is left, neither processes nor files.

    on_ready: called with the server's address once it listens. session_command: instead of ``SESSION_COMMAND``.
    leftovers: for a caller that wants to clean up from another thread should this hang (``Leftovers.clear``).
    Raises InputError if the port is in use, or the certificate cannot be used.
    """
    tls = tls_context(settings)
    with listening_socket(settings) as listener:
        port = listener.getsockname()[1]
        await asyncio.to_thread(remove_abandoned)
        command = [*(session_command or SESSION_COMMAND), *session_words(settings)]
        app = _application(settings, port, command, leftovers or Leftovers())
        # No log of accesses: their addresses hold tokens and the ids of sessions.
        runner = web.AppRunner(
            app, access_log=None, logger=REQUEST_LOG, auto_decompress=False, shutdown_timeout=_GOODBYE_S
        )
        try:
            await runner.setup()
            await web.SockSite(runner, listener, ssl_context=tls).start()
            on_ready(url_of(settings, port))
            while not stopped():
                await asyncio.sleep(_POLL_S)
        finally:
            await runner.cleanup()


def _application(settings: ServeSettings, port: int, command: Sequence[str], leftovers: Leftovers) -> web.Application:
    guard = Guard(settings, port)
    app = web.Application(middlewares=[answer_refusals, guard.middleware])

    async def keep_sessions(app: web.Application) -> AsyncIterator[None]:
        app[SESSIONS] = Sessions(command, settings, leftovers)
        async with new_client() as client:
            app[CLIENT] = client
            yield

    async def end_sessions(app: web.Application) -> None:
        await app[SESSIONS].close()

    app.cleanup_ctx.append(keep_sessions)
    app.on_shutdown.append(end_sessions)
    app.on_response_prepare.append(add_security_headers)
    app.add_routes(_routes())
    return app


def _routes() -> list[web.RouteDef]:
    return [
        web.get("/", open_session, allow_head=False),
        web.head("/", show_life),
        web.get(SIGNED_IN_PATH, signed_in),
        web.get(_SESSION, enter_session),
        web.get(f"{_SESSION}/ws", pass_on_websocket, allow_head=False),
        web.post(f"{_SESSION}/paraview/", tell_connection),
        web.put(f"{_SESSION}/uploads/{{batch}}/{{path:{_ANYTHING}}}", put_file),
        web.delete(f"{_SESSION}/uploads/{{batch}}", delete_batch),
        web.get(f"{_SESSION}/exports/{{name:{_ANYTHING}}}", get_export),
        web.get(f"{_SESSION}/{{path:{_ANYTHING}}}", pass_on),
        web.post(f"{_SESSION}/{{path:{_ANYTHING}}}", pass_on),
    ]
