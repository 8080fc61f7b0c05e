"""The queue of runs: first come, first served; who waits is told the place, and told again when it changes."""

from __future__ import annotations

import pytest
from gateway_runs import RunningGateway, becomes_true, running_gateway

from LiverTumorSegLib.web.gateway.run_queue import RunQueue

GRANTED = {"event": "run-granted"}


def queued(place: int, running: int = 1) -> dict:
    return {"event": "run-queued", "place": place, "running": running}


class Listener:
    def __init__(self, max_runs: int = 1) -> None:
        self.told: list[tuple[str, dict]] = []
        self.queue = RunQueue(max_runs, lambda session, message: self.told.append((session, message)))

    def news(self) -> list[tuple[str, dict]]:
        news, self.told[:] = list(self.told), []
        return news


@pytest.fixture
def abc() -> Listener:
    """a runs, b and c wait; all of that has been told."""
    listener = Listener()
    for session in "abc":
        listener.queue.want(session)
    listener.news()
    return listener


def test_the_first_one_runs_and_the_others_are_told_their_places():
    listener = Listener()
    for session in "abc":
        listener.queue.want(session)
    assert listener.news() == [("a", GRANTED), ("b", queued(1)), ("c", queued(2))]


def test_when_a_run_ends_the_next_one_runs_and_the_others_move_up(abc):
    abc.queue.release("a")
    assert abc.news() == [("b", GRANTED), ("c", queued(1))]


def test_when_one_gives_up_its_place_only_those_behind_it_are_told(abc):
    abc.queue.want("d")
    abc.news()
    abc.queue.release("c")
    assert abc.news() == [("d", queued(2))]


def test_who_asks_again_keeps_its_place_and_is_told_again(abc):
    abc.queue.want("b")
    abc.queue.want("a")
    assert abc.news() == [("b", queued(1)), ("a", GRANTED)]
    abc.queue.release("a")
    assert abc.news() == [("b", GRANTED), ("c", queued(1))]


def test_who_comes_back_after_a_run_queues_up_behind_the_others(abc):
    abc.queue.release("a")
    abc.news()
    abc.queue.want("a")
    assert abc.news() == [("a", queued(2))]


def test_giving_back_what_one_never_had_changes_nothing(abc):
    abc.queue.release("z")
    abc.queue.release("z")
    assert abc.news() == []


def test_as_many_run_as_may_run():
    listener = Listener(max_runs=2)
    for session in "abcd":
        listener.queue.want(session)
    assert listener.news() == [("a", GRANTED), ("b", GRANTED), ("c", queued(1, 2)), ("d", queued(2, 2))]
    listener.queue.release("b")
    assert listener.news() == [("c", GRANTED), ("d", queued(1, 2))]


def test_when_the_last_one_has_ended_the_queue_is_as_new(abc):
    for session in "abc":
        abc.queue.release(session)
    abc.news()
    abc.queue.want("c")
    assert abc.news() == [("c", GRANTED)]


def test_real_sessions_run_one_after_the_other_and_one_that_dies_frees_its_run_and_its_place():
    with running_gateway(max_runs=1) as gateway:
        first, second, third, fourth = sessions = [gateway.open() for _ in range(4)]
        for session in sessions:
            gateway.say(session, "run-wanted")
            assert becomes_true(lambda session=session: gateway.heard(session) != [])
        assert [gateway.heard(session) for session in sessions] == [[GRANTED], [queued(1)], [queued(2)], [queued(3)]]
        # One that waits dies, then the one that runs.
        gateway.ask("POST", f"{second}/exit")
        assert becomes_true(lambda: gateway.heard(fourth)[-1] == queued(2))
        assert gateway.heard(third) == [queued(2), queued(1)]
        gateway.ask("POST", f"{first}/exit")
        assert becomes_true(lambda: gateway.heard(third)[-1] == GRANTED)
        assert becomes_true(lambda: gateway.heard(fourth)[-1] == queued(1))
        gateway.say(third, "run-ended")
        assert becomes_true(lambda: gateway.heard(fourth)[-1] == GRANTED)
        assert becomes_true(lambda: gateway.heard(third)[-1] == {"event": "run-released"})


def test_a_session_that_is_ended_for_want_of_a_browser_frees_its_run():
    with running_gateway(max_runs=1, unopened_s=2.0) as gateway:
        first = gateway.open()
        gateway.say(first, "run-wanted")
        assert becomes_true(lambda: gateway.heard(first) == [GRANTED])
        second = gateway.open()
        with attended(gateway, second):
            gateway.say(second, "run-wanted")
            assert becomes_true(lambda: gateway.heard(second)[-1:] == [GRANTED])
            assert gateway.get(first).status == 404


def test_a_session_that_babbles_disturbs_nobody():
    with running_gateway() as gateway:
        session = gateway.open()
        for line in (
            "{",
            "null",
            '{"event": 5}',
            '{"event": "unknown"}',
            '{"event": "ready", "port": "x"}',
            "\0\x1b",
            "",
        ):
            gateway.ask("POST", f"{session}/say", line)
        gateway.ask("POST", f"{session}/say", "y" * 300_000)
        gateway.say(session, "run-wanted")
        assert becomes_true(lambda: gateway.heard(session) == [GRANTED])


def attended(gateway: RunningGateway, session: str):
    """Somebody sends a file into the session and takes his time."""
    import socket

    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
    head = f"PUT {session}/uploads/a/b HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nContent-Length: 9\r\n\r\n"
    connection.sendall(head.encode())
    return connection
