"""Asking the gateway for a turn, over the real pipes of a channel."""

from __future__ import annotations

import asyncio
import io
import json
import os

import pytest

from LiverTumorSegLib.web.session.channel import GatewayChannel
from LiverTumorSegLib.web.session.permit import PermitState, RunPermit


@pytest.fixture
def heard() -> list:
    return []


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def permit(heard, said) -> RunPermit:
    channel = GatewayChannel(io.StringIO(), said)
    return RunPermit(channel, lambda: heard.append("granted"), lambda place: heard.append(place))


def events(said: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in said.getvalue().splitlines()]


def test_a_turn_is_asked_for_once_waited_for_and_given_back_once(permit, heard, said):
    permit.ask()
    permit.ask()
    permit.take({"event": "run-queued", "place": 2, "running": 1})
    permit.take({"event": "run-queued", "place": 1, "running": 1})
    permit.take({"event": "run-granted"})
    permit.give_back()
    permit.give_back()
    assert heard == [2, 1, "granted"]
    assert events(said) == ["run-wanted", "run-ended"]
    permit.take({"event": "run-released"})
    assert permit.state is PermitState.NONE


def test_a_turn_that_comes_after_it_was_given_up_starts_nothing(permit, heard):
    permit.ask()
    permit.give_back()
    permit.take({"event": "run-granted"})
    assert heard == []


def test_a_grant_of_the_last_turn_is_not_taken_for_the_next_one(permit, heard, said):
    permit.ask()
    permit.give_back()
    permit.ask()
    permit.take({"event": "run-granted"})
    assert heard == []
    permit.take({"event": "run-released"})
    permit.take({"event": "run-granted"})
    assert heard == ["granted"]
    assert events(said) == ["run-wanted", "run-ended", "run-wanted"]


def test_a_turn_that_was_wanted_again_and_given_up_again_is_not_asked_for(permit, said):
    permit.ask()
    permit.give_back()
    permit.ask()
    permit.give_back()
    permit.take({"event": "run-released"})
    assert events(said) == ["run-wanted", "run-ended"]


def test_messages_arrive_in_order_and_the_end_of_the_gateway_is_noticed():
    reading, writing = os.pipe()
    got = []

    async def listen() -> None:
        ended = asyncio.Event()
        channel = GatewayChannel(os.fdopen(reading, "r"), io.StringIO())
        channel.on_message, channel.on_end = got.append, ended.set
        channel.listen(asyncio.get_running_loop())
        os.write(writing, b'{"event": "run-queued", "place": 1}\n{"event": "run-granted"}\n')
        os.close(writing)
        await asyncio.wait_for(ended.wait(), 5)

    asyncio.run(listen())
    assert got == [{"event": "run-queued", "place": 1}, {"event": "run-granted"}]
