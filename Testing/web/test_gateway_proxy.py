"""What a browser sends reaches its session as it was sent, and comes back as the session has answered."""

from __future__ import annotations

import http.client
import json
import socket
import time

import pytest
from gateway_runs import STAND_IN, RunningGateway, becomes_true, running_gateway


def mirrored_headers(answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.json["headers"]}


def test_the_page_of_the_session_comes_through(gateway, session):
    answer = gateway.get(f"{session}/index.html")
    assert (answer.status, answer.text) == (200, "<h1>stand-in</h1>")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["X-Kept"] == "yes"


def test_the_address_of_a_session_alone_leads_to_its_page(gateway, session):
    answer = gateway.get(session)
    assert (answer.status, answer.headers["Location"]) == (303, f"{session.removeprefix('/s/')}/index.html")


def test_hop_by_hop_headers_and_cookies_of_the_session_are_dropped(gateway, session):
    headers = gateway.get(f"{session}/index.html").headers
    assert "X-Hop" not in headers
    assert "Set-Cookie" not in headers
    assert "X-Hop" not in headers.get("Connection", "")


def test_hop_by_hop_headers_and_cookies_of_the_browser_are_dropped(gateway, session):
    answer = gateway.get(
        f"{session}/mirror", Cookie="a=1", Authorization="Basic abc", TE="trailers", Keep_Alive="5", X_Kept="yes",
        X_Hop="1", Connection="keep-alive, X-Hop", Proxy_Authorization="x",
    )  # fmt: skip
    headers = mirrored_headers(answer)
    assert headers["x-kept"] == "yes"
    for name in ("cookie", "authorization", "te", "keep-alive", "x-hop", "proxy-authorization"):
        assert name not in headers
    assert headers["host"].startswith("127.0.0.1:")
    assert headers["host"] != f"127.0.0.1:{gateway.port}"


def test_nothing_is_added_that_the_browser_did_not_send(gateway, session):
    headers = mirrored_headers(gateway.target("GET", f"{session}/mirror"))
    assert set(headers) <= {"host", "content-length"}


@pytest.mark.parametrize(
    "path", ["/a%20b/%2e%2e/c", "/x?y=1&z=%26%2F", "//double", "/%C3%A4?q=%C3%A4", "/a/../b", "/~a;b=c", "/%25"]
)
def test_the_target_arrives_byte_for_byte(gateway, session, path):
    assert gateway.target("GET", f"{session}{path}").json["target"] == path


@pytest.mark.parametrize("body", [b"", b"some words", bytes(range(256)) * 12_000])
def test_the_body_of_a_post_arrives_whole(gateway, session, body):
    answer = gateway.ask("POST", f"{session}/mirror", body, Content_Type="application/x-test")
    assert answer.json["method"] == "POST"
    assert answer.json["body"].encode("latin-1") == body
    assert mirrored_headers(answer)["content-type"] == "application/x-test"


def test_a_body_without_a_length_arrives_whole(gateway, session):
    answer = gateway.ask("POST", f"{session}/mirror", iter([b"first ", b"second"]))
    assert answer.json["body"] == "first second"


def test_head_brings_the_headers_and_no_body(gateway, session):
    answer = gateway.ask("HEAD", f"{session}/mirror")
    assert (answer.status, answer.body, answer.headers["X-Method"]) == (200, b"", "HEAD")


def test_bodies_are_passed_on_as_they_are_encoded(gateway, session):
    answer = gateway.get(f"{session}/bytes/1000", Accept_Encoding="br")
    assert (answer.headers["Content-Encoding"], answer.headers["Content-Length"]) == ("br", "1000")
    assert answer.body == bytes(1000)


def test_answers_without_a_body_and_redirects_come_through(gateway, session):
    unchanged, elsewhere = gateway.get(f"{session}/unchanged"), gateway.get(f"{session}/elsewhere")
    assert (unchanged.status, unchanged.headers["ETag"], unchanged.body) == (304, '"1"', b"")
    assert (elsewhere.status, elsewhere.headers["Location"]) == (302, "index.html")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_reaches_a_session(gateway, session, method):
    answer = gateway.ask(method, f"{session}/mirror")
    assert answer.status == 405
    assert b"headers" not in answer.body


def test_one_connection_serves_several_requests(gateway, session):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    for number in range(3):
        connection.request("POST", f"{session}/mirror?{number}", b"body")
        assert json.loads(connection.getresponse().read())["target"] == f"/mirror?{number}"
    connection.close()


def test_a_request_waits_for_a_session_that_is_starting(temporary_files):
    with running_gateway(command=(*STAND_IN, "--delay", "1")) as gateway:
        assert gateway.get(f"{gateway.open()}/index.html").text == "<h1>stand-in</h1>"


def test_half_an_answer_of_a_session_that_died_is_not_taken_for_a_whole_one(temporary_files, gateway):
    session = gateway.open()
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        gateway.get(f"{session}/half")
    assert becomes_true(lambda: gateway.get(f"{session}/index.html").status == 404)


def test_a_browser_that_leaves_in_the_middle_harms_nobody(gateway, session):
    own = f"Host: 127.0.0.1:{gateway.port}\r\n"
    for head, body in (
        (f"GET {session}/bytes/50000000 HTTP/1.1\r\n{own}\r\n", b""),
        (f"POST {session}/mirror HTTP/1.1\r\n{own}Content-Length: 9000000\r\n\r\n", b"x" * 2_000_000),
        (f"POST {session}/mirror HTTP/1.1\r\n{own}Transfer-Encoding: chunked\r\n\r\n", b"5\r\nabcde\r\n"),
    ):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
            connection.sendall(head.encode() + body)
            time.sleep(0.3)
    time.sleep(0.3)
    assert gateway.get(f"{session}/index.html").status == 200


def test_trames_client_is_told_its_websocket_and_the_key(gateway: RunningGateway, session):
    answer = gateway.ask("POST", f"{session}/paraview/", b'{"application": "trame"}')
    assert answer.status == 200
    assert answer.json == {"sessionURL": f"ws://use_host{session}/ws", "secret": gateway.facts(session)["key"]}
    assert answer.json["sessionURL"] == answer.json["sessionURL"].lower()
    assert len(answer.json["secret"]) == 64
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_session_has_a_key_of_its_own(gateway, session):
    assert gateway.facts(session)["key"] != gateway.facts(gateway.open())["key"]
