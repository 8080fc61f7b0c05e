"""Asking a real HTTP server to phrase a summary: what is sent, what is accepted, and what can go wrong."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace

import pytest
from narration_server import MODEL, narration_server, saying
from refusals import refused
from summary_cases import GOOD, summary_case

from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.io.narration import Endpoint, is_private
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.report.summary_facts import summary_facts
from LiverTumorSegLib.report.summary_narration import narrated, narrated_text

FACTS = summary_facts(summary_case())


def asked_of(server, **settings):
    return narrated(FACTS, Endpoint(server.url, **settings), ignore_progress)


def told_by(reply, **settings):
    with narration_server(lambda _endpoint: reply) as server:
        return asked_of(server, **settings)


def test_a_faithful_text_is_taken_with_the_name_of_its_model():
    with narration_server(lambda _endpoint: saying(GOOD)) as server:
        told = asked_of(server)
    assert (told.text, told.reason, told.warning) == (GOOD, "", "")
    assert told.model == MODEL
    assert told.address == server.url
    assert MODEL in narrated_text(told)
    assert [(method, path) for method, path, _body in server.asked] == [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ]


def test_the_question_holds_the_facts_and_nothing_else():
    with narration_server(lambda _endpoint: saying(GOOD)) as server:
        asked_of(server, model="mine")
    assert [method for method, _path, _body in server.asked] == ["POST"]
    assert server.question["model"] == "mine"
    assert server.question["stream"] is False
    assert server.facts == json.loads(json.dumps(FACTS.to_json()))
    assert server.facts["lesions"][0]["long_axis_mm"] == 28.0
    instruction, question = server.question["messages"]
    assert "Use only these facts" in instruction["content"]
    assert set(server.question) == {"model", "messages", "temperature", "stream"}
    assert question["role"] == "user"


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_the_address_may_end_where_its_owner_likes(end):
    with narration_server(lambda _endpoint: saying(GOOD)) as server:
        assert narrated(FACTS, Endpoint(server.url + end), ignore_progress).text
    assert [path for _method, path, _body in server.asked] == ["/v1/models", "/v1/chat/completions"]


def test_thoughts_and_emphasis_are_taken_off():
    told = told_by(saying(f"<think>L9 has 99 mm, a metastasis</think>\n## Findings\n\n**{GOOD}**"))
    assert told.text.startswith("Findings\n\nThe scan shows")
    assert "think" not in told.text
    assert "*" not in told.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("11 ml", "31 ml"), "31 ml"),
        ("\n".join(line for line in GOOD.splitlines() if "L2" not in line), "leaves out L2"),
        (GOOD + " Typical of metastases.", "typical of"),
        ("", "it is empty"),
    ],
)
def test_an_unfaithful_text_is_rejected_with_the_reason(text, reason):
    told = told_by(saying(text))
    assert told.text == ""
    assert told.reason.startswith("its text was rejected, ")
    assert reason in told.reason
    assert told.warning.startswith("The summary was not phrased by a model")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((500, b"boom"), "answered 500"),
        ((404, b"{}"), "answered 404"),
        ((307, b""), "answered 307"),
        ((200, b"<html>not what was asked for</html>"), "no JSON"),
        ((200, b"[" * 100_000), "no JSON"),
        ((200, b"[1, 2]"), "no object"),
        ((200, b"{}"), "holds no text"),
        ((200, b'{"choices": []}'), "holds no text"),
        ((200, b'{"choices": [{"message": {"content": null}}]}'), "holds no text"),
        ((200, b'{"choices": [{"message": {"content": ["' + b"x" * 50 + b'"]}}]}'), "holds no text"),
        ((200, b" " * (2 << 20)), "more than 1 MiB"),
        (None, "could not be asked"),
    ],
)
def test_a_broken_answer_is_a_reason_and_no_failure(reply, reason):
    told = told_by(reply)
    assert told.text == ""
    assert reason in told.reason


def test_nobody_at_home_is_a_reason_and_no_failure():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        told = narrated(FACTS, Endpoint(url), ignore_progress)
    assert "could not be asked" in told.reason
    assert url in told.reason


def test_a_slow_server_is_given_up_after_the_time_limit():
    def never(endpoint):
        endpoint.waits.wait(30)
        return saying(GOOD)

    with narration_server(never) as server:
        began = time.monotonic()
        told = asked_of(server, time_limit_s=0.5)
        assert time.monotonic() - began < 5
    assert "gave no answer within 0.5 s" in told.reason


def test_a_cancel_cuts_the_line():
    def never(endpoint):
        endpoint.waits.wait(30)
        return saying(GOOD)

    with narration_server(never) as server:

        def stop(event):
            if server.asked and event.fraction > 0:
                raise CancelledError

        began = time.monotonic()
        with pytest.raises(CancelledError):
            narrated(FACTS, Endpoint(server.url), stop)
        assert time.monotonic() - began < 5


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert told_by(saying(GOOD)).text == GOOD


@pytest.mark.parametrize(
    "url",
    ["localhost:11434", "ftp://localhost", "file:///etc/passwd", "http://", "http://localhost:port", "", "http:///v1"],
)
def test_what_is_no_http_address_is_refused(url):
    with refused("no http or https address", "OpenAI-compatible", "--narrate"):
        Endpoint(url)


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with refused("with a name, password"):
        Endpoint("http://user:hunter2@localhost:1")
    with pytest.raises(Exception, match="password") as told:
        Endpoint("http://user:hunter2@localhost:1")
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("192.168.0.7", True), ("172.16.9.9", True),
        ("fd00::1", True), ("fe80::1%eth0", True), ("::ffff:10.0.0.1", True),
        ("8.8.8.8", False), ("172.32.0.1", False), ("2001:4860:4860::8888", False), ("::ffff:8.8.8.8", False),
        ("0.0.0.0", False), ("100.64.0.1", False),
    ],
)  # fmt: skip
def test_private_addresses_are_those_of_the_house(address, private):
    assert is_private(address) is private


def test_an_address_outside_the_house_is_refused_unless_its_owner_says_so_and_then_only_encrypted():
    Endpoint("http://10.0.0.5:8000").check_reach()
    with refused("outside this computer and its private network", "--narrate-anywhere"):
        Endpoint("https://8.8.8.8").check_reach()
    with refused("readable for everybody", "https"):
        Endpoint("http://8.8.8.8", is_anywhere=True).check_reach()
    Endpoint("https://8.8.8.8", is_anywhere=True).check_reach()


def test_a_name_that_leads_out_of_the_house_later_gets_nothing(monkeypatch):
    """As with an answer of the name server that changes: what is connected to is looked at before a byte is sent."""
    with narration_server(lambda _endpoint: saying(GOOD)) as server:
        monkeypatch.setattr("LiverTumorSegLib.io.narration.is_private", lambda _address: False)
        told = asked_of(server)
    assert "outside this computer" in told.reason
    assert server.asked == []


def test_a_case_without_lesions_can_be_phrased():
    empty = summary_facts(summary_case(lesions=(), tumor_ml=0.0, burden_percent=0.0))
    with narration_server(lambda _endpoint: saying("The liver measures 1487.6 ml. No lesion was found.")) as server:
        assert narrated(empty, Endpoint(server.url), ignore_progress).text
    assert server.facts["lesion_count"] == 0


def test_many_lesions_are_sent_as_the_summary_has_them():
    case = summary_case()
    many = tuple(replace(case.measurements.lesions[0], id=n) for n in range(1, 40))
    told = summary_facts(summary_case(lesions=many)).to_json()
    assert len(told["lesions"]) == 10
    assert told["further"]["count"] == 29
