"""The websocket of a session: text and binary in both directions, large messages, how either side closes it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from gateway_runs import STAND_IN, RunningGateway, becomes_true, folder_of, running_gateway

MIB = 2**20


def over_websocket(
    gateway: RunningGateway,
    session: str,
    talk: Callable[[aiohttp.ClientWebSocketResponse], Awaitable[Any]],
    **options: Any,
) -> Any:
    """What the talk returns."""

    async def run() -> Any:
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(f"{gateway.url}{session[1:]}/ws", max_msg_size=2**28, **options) as connection,
        ):
            return await talk(connection)

    return asyncio.run(run())


def refusal_of(gateway: RunningGateway, session: str, **headers: str) -> int:
    """The status with which opening a websocket is refused."""

    async def nothing(_connection: aiohttp.ClientWebSocketResponse) -> None:
        return None

    with pytest.raises(WSServerHandshakeError) as caught:
        over_websocket(gateway, session, nothing, headers=headers)
    return caught.value.status


def test_text_and_binary_messages_go_both_ways_as_what_they_are(gateway, session):
    async def talk(connection):
        await connection.send_str("grüße")
        await connection.send_bytes(bytes(range(256)))
        await connection.send_str("")
        return [await connection.receive() for _ in range(3)]

    messages = over_websocket(gateway, session, talk)
    assert [(message.type, message.data) for message in messages] == [
        (WSMsgType.TEXT, "grüße"),
        (WSMsgType.BINARY, bytes(range(256))),
        (WSMsgType.TEXT, ""),
    ]


def test_many_messages_arrive_in_order(gateway, session):
    async def talk(connection):
        for number in range(2000):
            await connection.send_str(str(number))
        return [int((await connection.receive()).data) for _ in range(2000)]

    assert over_websocket(gateway, session, talk) == list(range(2000))


def test_a_message_of_60_mib_arrives_whole_in_both_directions(gateway, session):
    large = os.urandom(MIB) * 60

    async def talk(connection):
        await connection.send_bytes(large)
        return await connection.receive_bytes()

    assert over_websocket(gateway, session, talk) == large


def test_a_message_above_64_mib_is_refused_with_the_code_for_it(gateway, session):
    async def talk(connection):
        await connection.send_str(f"send {65 * MIB}")
        return (await connection.receive()).type, connection.close_code

    kind, code = over_websocket(gateway, session, talk)
    assert kind in (WSMsgType.CLOSE, WSMsgType.CLOSED)
    assert code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


def test_a_protocol_that_the_session_knows_is_chosen(gateway, session):
    async def talk(connection):
        return connection.protocol

    assert over_websocket(gateway, session, talk, protocols=["first", "second"]) == "second"


def test_nothing_is_compressed_on_the_way_to_the_session_and_cookies_stay(gateway, session):
    async def talk(connection):
        await connection.send_str("headers")
        return {name.lower(): value for name, value in await connection.receive_json()}

    headers = over_websocket(gateway, session, talk, headers={"Cookie": "a=1"})
    assert "sec-websocket-extensions" not in headers
    assert "cookie" not in headers


def test_the_code_with_which_the_session_closes_reaches_the_browser(gateway, session):
    async def talk(connection):
        await connection.send_str("close 4321")
        return (await connection.receive()).type, connection.close_code

    assert over_websocket(gateway, session, talk) == (WSMsgType.CLOSE, 4321)


def test_the_code_with_which_the_browser_closes_reaches_the_session(temporary_files, gateway):
    session = gateway.open()

    async def talk(connection):
        await connection.close(code=4007)

    over_websocket(gateway, session, talk)
    said = folder_of(temporary_files, session) / "closed.txt"
    assert becomes_true(said.exists)
    assert becomes_true(lambda: said.read_text() == "4007")


def test_a_browser_that_is_cut_off_is_gone_for_the_session_too(temporary_files, gateway):
    session = gateway.open()

    async def talk(connection):
        await connection.send_str("hello")
        await connection.receive()
        connection._response.connection.transport.abort()

    over_websocket(gateway, session, talk)
    assert becomes_true((folder_of(temporary_files, session) / "closed.txt").exists)


def test_a_session_that_dies_closes_the_browsers_websocket(gateway):
    session = gateway.open()

    async def talk(connection):
        answer = await asyncio.to_thread(gateway.ask, "POST", f"{session}/exit?code=0")
        return answer.status, (await connection.receive(timeout=10)).type, connection.close_code

    assert over_websocket(gateway, session, talk) == (200, WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)


def test_a_websocket_waits_for_a_session_that_is_starting():
    async def talk(connection):
        await connection.send_str("there")
        return (await connection.receive()).data

    with running_gateway(command=(*STAND_IN, "--delay", "1")) as gateway:
        assert over_websocket(gateway, gateway.open(), talk) == "there"


def test_two_windows_of_one_session_do_not_disturb_each_other(gateway, session):
    async def inner(connection):
        await connection.send_str("inner")
        return (await connection.receive()).data

    async def outer(connection):
        first = await asyncio.to_thread(over_websocket, gateway, session, inner)
        await connection.send_str("outer")
        return first, (await connection.receive()).data

    assert over_websocket(gateway, session, outer) == ("inner", "outer")


def test_a_session_that_never_was_answers_404(gateway):
    assert refusal_of(gateway, "/s/" + "0" * 32) == 404


def test_another_page_gets_no_websocket(gateway, session):
    assert refusal_of(gateway, session, Origin="http://evil.example") == 403
    assert refusal_of(gateway, session, Origin="null") == 403
    assert refusal_of(gateway, session, Origin=f"http://127.0.0.1:{gateway.port + 1}") == 403
    assert refusal_of(gateway, session, Origin=f"https://127.0.0.1:{gateway.port}") == 403


def test_the_page_of_the_server_itself_gets_its_websocket(gateway, session):
    async def talk(connection):
        await connection.send_str("here")
        return (await connection.receive()).data

    own = {"Origin": f"http://127.0.0.1:{gateway.port}"}
    assert over_websocket(gateway, session, talk, headers=own) == "here"


def test_the_address_of_the_websocket_without_one_is_refused(gateway, session):
    assert gateway.get(f"{session}/ws").status == 400
