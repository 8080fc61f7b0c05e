"""Stands in for ``LiverTumorSegLib.web.session``: speaks the channel, shows what it gets, does as it is told.

Run by the gateway: ``stand_in_session.py [--delay S] [--fail] [--silent] --folder F [--data D] --max-upload-mib N``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from aiohttp import WSMsgType, web

heard: list[str] = []
CONNECTION_OF_A_CHILD = {"own": subprocess.DEVNULL, "shared": None}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--data")
    parser.add_argument("--max-upload-mib")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--fail", action="store_true")
    parser.add_argument("--silent", action="store_true")
    arguments = parser.parse_args()
    arguments.key = os.environ.pop("LIVERTUMORSEG_SESSION_KEY")
    threading.Thread(target=listen, daemon=True).start()
    time.sleep(arguments.delay)
    if arguments.fail:
        sys.exit("no graphics here")
    asyncio.run(serve(arguments))


def listen() -> None:
    for line in sys.stdin:
        heard.append(line.strip())
    os._exit(0)


def say_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def serve(arguments: argparse.Namespace) -> None:
    app = web.Application(client_max_size=2**30)
    app["arguments"] = arguments
    app.router.add_get("/index.html", index)
    app.router.add_get("/facts", facts)
    app.router.add_get("/heard", lambda request: web.json_response(heard))
    app.router.add_post("/say", say)
    app.router.add_post("/spawn", spawn)
    app.router.add_post("/exit", leave)
    app.router.add_post("/export", export)
    app.router.add_get("/half", half)
    app.router.add_get("/bytes/{number}", some_bytes)
    app.router.add_get("/unchanged", lambda request: web.Response(status=304, headers={"ETag": '"1"'}))
    app.router.add_get("/elsewhere", lambda request: web.Response(status=302, headers={"Location": "index.html"}))
    app.router.add_get("/ws", echo)
    app.router.add_route("*", "/{path:.*}", mirror)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    say_line("loading plugins... {not json}")
    say_line("x" * 200_000)
    say_line("[1, 2]")
    if not arguments.silent:
        say_line(json.dumps({"event": "ready", "port": runner.addresses[0][1]}))
    await asyncio.Event().wait()


async def index(request: web.Request) -> web.Response:
    headers = {
        "Content-Security-Policy": "default-src *",
        "Referrer-Policy": "unsafe-url",
        "Set-Cookie": "of-the-session=1",
        "Connection": "X-Hop",
        "X-Hop": "1",
        "X-Kept": "yes",
    }
    return web.Response(text="<h1>stand-in</h1>", content_type="text/html", headers=headers)


async def facts(request: web.Request) -> web.Response:
    arguments = request.app["arguments"]
    return web.json_response(
        {
            "pid": os.getpid(),
            "folder": str(arguments.folder),
            "data": arguments.data,
            "max_upload_mib": arguments.max_upload_mib,
            "key": arguments.key,
            "cwd": str(Path.cwd()),
            "session_of_its_own": os.getsid(0) == os.getpid(),
        }
    )


async def mirror(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response(
        {
            "method": request.method,
            "target": request.rel_url.raw_path_qs,
            "headers": list(request.headers.items()),
            "body": body.decode("latin-1"),
        },
        headers={"X-Method": request.method},
    )


async def say(request: web.Request) -> web.Response:
    say_line(await request.text())
    return web.Response()


async def spawn(request: web.Request) -> web.Response:
    """A child in a process group of its own; ?output=shared lets it hold this process' output open."""
    output = CONNECTION_OF_A_CHILD[request.query.get("output", "own")]
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(120)"],
        stdin=subprocess.DEVNULL,
        stdout=output,
        start_new_session=True,
    )
    return web.json_response({"pid": child.pid})


async def leave(request: web.Request) -> web.Response:
    sys.stderr.write("the end of it\n")
    asyncio.get_running_loop().call_later(0.1, os._exit, int(request.query.get("code", "0")))
    return web.Response()


async def export(request: web.Request) -> web.Response:
    (request.app["arguments"].folder / "exports" / request.query["name"]).write_bytes(await request.read())
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    """Half of what it promises, and then the process ends."""
    response = web.StreamResponse(headers={"Content-Length": "2000"})
    await response.prepare(request)
    await response.write(b"x" * 1000)
    await asyncio.sleep(0.2)
    os._exit(1)


async def some_bytes(request: web.Request) -> web.Response:
    return web.Response(body=bytes(int(request.match_info["number"])), headers={"Content-Encoding": "br"})


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Whatever comes goes back. Words: ``headers``, ``close CODE``, ``send BYTES``."""
    socket = web.WebSocketResponse(max_msg_size=2**28, protocols=("second",), compress=False)
    await socket.prepare(request)
    async for message in socket:
        words = message.data.split() if message.type is WSMsgType.TEXT else [""]
        if words[:1] == ["headers"]:
            await socket.send_json(list(request.headers.items()))
        elif words[:1] == ["close"]:
            await socket.close(code=int(words[1]))
        elif words[:1] == ["send"]:
            await socket.send_bytes(bytes(int(words[1])))
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)
    (request.app["arguments"].folder / "closed.txt").write_text(str(socket.close_code))
    return socket


if __name__ == "__main__":
    main()
