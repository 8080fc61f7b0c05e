"""The token: shown once, in the address or in the form; from then on a cookie that no other page can use."""

from __future__ import annotations

import logging
import socket
import subprocess
import time
from http.cookies import SimpleCookie
from urllib.parse import quote, urlencode

import pytest
from gateway_runs import TOKEN, Answer, RunningGateway, running_gateway

WRONG_S = 0.3


@pytest.fixture(scope="module")
def guarded(temporary_files):
    with running_gateway(token=TOKEN, wrong_token_s=WRONG_S, max_sessions=50) as gateway:
        yield gateway


def cookie_of(answer: Answer) -> str:
    return answer.headers["Set-Cookie"].split(";")[0]


def sign_in(gateway: RunningGateway) -> str:
    return cookie_of(gateway.ask("POST", "/login", urlencode({"token": TOKEN})))


def test_nothing_is_served_without_the_cookie(guarded):
    session = guarded.open(Cookie=sign_in(guarded))
    for method, path in (
        ("GET", "/"), ("HEAD", "/"), ("GET", session), ("GET", f"{session}/index.html"), ("GET", f"{session}/ws"),
        ("POST", f"{session}/paraview/"), ("PUT", f"{session}/uploads/a/b"), ("DELETE", f"{session}/uploads/a"),
        ("GET", f"{session}/exports/a"), ("GET", "/nothing"), ("GET", "/login"), ("POST", "/"),
        ("GET", "/signed-in/../"),
        ("POST", f"{session}/x?token={quote(TOKEN)}"), ("GET", f"{session}/index.html?token={quote(TOKEN)}"),
    ):  # fmt: skip
        answer = guarded.target(method, path)
        assert answer.status == 401, (method, path)
        assert "Set-Cookie" not in answer.headers


def test_the_page_without_the_cookie_asks_for_the_token(guarded):
    answer = guarded.get("/")
    assert 'action="/login"' in answer.text
    assert TOKEN not in answer.text


def test_the_token_in_the_address_gives_the_cookie_and_an_address_without_it(guarded):
    answer = guarded.get(f"/?token={quote(TOKEN)}")
    assert (answer.status, answer.headers["Location"]) == (303, "/signed-in")
    assert answer.headers["Cache-Control"] == "no-store"
    assert guarded.get("/", Cookie=cookie_of(answer)).status == 303


def test_the_token_in_the_form_gives_the_cookie_too(guarded):
    answer = guarded.ask("POST", "/login", urlencode({"token": f" {TOKEN}\n"}))
    assert (answer.status, answer.headers["Location"]) == (303, "/signed-in")
    assert guarded.get("/", Cookie=cookie_of(answer)).status == 303


def test_the_page_after_that_goes_on_by_itself_from_this_server(guarded):
    """A browser that came by a link elsewhere sends a strict cookie only then."""
    answer = guarded.get("/signed-in")
    assert answer.status == 200
    assert '<meta http-equiv="refresh" content="0; url=/">' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_cookie_is_for_this_server_alone_and_out_of_reach_of_scripts(guarded):
    answer = guarded.get(f"/?token={quote(TOKEN)}")
    [morsel] = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert morsel["httponly"]
    assert morsel["samesite"] == "Strict"
    assert morsel["path"] == "/"
    assert not morsel["domain"]
    assert not morsel["secure"]
    assert str(guarded.port) in morsel.key


def test_the_cookie_does_not_hold_the_token_and_is_worth_nothing_after_a_restart(guarded):
    cookie = sign_in(guarded)
    assert TOKEN not in cookie
    with running_gateway(token=TOKEN) as another:
        value = cookie.split("=", 1)[1]
        assert another.get("/", Cookie=f"livertumorseg-{another.port}={value}").status == 401
        assert sign_in(another).split("=", 1)[1] != value


@pytest.mark.parametrize("value", ["", "wrong", TOKEN, "0" * 64, "ä", "%00"])
def test_a_cookie_that_was_made_up_is_worth_nothing(guarded, value):
    cookie = f"livertumorseg-{guarded.port}={value}".encode().decode("latin-1")
    assert guarded.get("/", Cookie=cookie).status == 401


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ä" * 20, "\0", "%"])
def test_a_wrong_token_is_refused_after_a_while(guarded, token):
    for ask in (
        lambda: guarded.get(f"/?{urlencode({'token': token})}"),
        lambda: guarded.ask("POST", "/login", urlencode({"token": token})),
    ):
        begun = time.monotonic()
        answer = ask()
        assert time.monotonic() - begun >= WRONG_S
        assert answer.status == 401
        assert "This is not the token" in answer.text
        assert "Set-Cookie" not in answer.headers


def test_a_form_that_arrives_in_pieces_is_one_form(guarded):
    form = urlencode({"token": TOKEN}).encode()
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{guarded.port}\r\nContent-Length: {len(form)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=20) as connection:
        for piece in (head.encode(), form[:10], form[10:]):
            connection.sendall(piece)
            time.sleep(0.1)
        assert b" 303 " in connection.recv(65536).splitlines()[0]


@pytest.mark.parametrize("body", [b"", b"token", b"\xff\xfe", b"token=" + b"x" * 3_000_000])
def test_a_form_that_is_none_is_refused(guarded, body):
    answer = guarded.ask("POST", "/login", body)
    assert answer.status == 401
    assert guarded.get("/").status == 401


def test_a_form_of_another_page_is_refused_even_with_the_token(guarded):
    answer = guarded.ask("POST", "/login", urlencode({"token": TOKEN}), Origin="http://evil.example")
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers


def test_a_websocket_and_scripts_are_refused_in_their_own_words(guarded):
    session = guarded.open(Cookie=sign_in(guarded))
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13",
               "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    answer = guarded.get(f"{session}/ws", **upgrade)
    assert (answer.status, answer.headers["Content-Type"]) == (401, "text/plain; charset=utf-8")


def test_the_token_reaches_neither_the_log_nor_the_words_of_a_process(guarded, caplog):
    caplog.set_level(logging.DEBUG)
    cookie = cookie_of(guarded.get(f"/?token={quote(TOKEN)}"))
    guarded.get("/?token=wrongwrongwrongwrong")
    session = guarded.open(Cookie=cookie)
    answer = guarded.get(f"{session}/mirror", Cookie=cookie)
    for text in (caplog.text, answer.text, repr(guarded.settings)):
        for secret in (TOKEN, quote(TOKEN), "wrongwrongwrongwrong", cookie.split("=", 1)[1]):
            assert secret not in text


def test_without_a_token_the_address_is_as_good_without_one(gateway):
    answer = gateway.get("/?token=whatever")
    assert answer.headers["Location"].startswith("s/")
    assert "Set-Cookie" not in answer.headers
    assert gateway.ask("POST", "/login", "token=x").status == 404


def test_with_tls_the_cookie_is_for_tls_alone_and_pages_of_plain_http_are_other_pages(tmp_path):
    import http.client
    import ssl

    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    with running_gateway(token=TOKEN, tls_certificate=certificate, tls_key=key) as gateway:
        assert gateway.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(certificate))

        def ask(method: str, path: str, **headers: str) -> http.client.HTTPResponse:
            connection = http.client.HTTPSConnection("127.0.0.1", gateway.port, context=trusting, timeout=20)
            connection.request(method, path, urlencode({"token": TOKEN}), headers)
            response = connection.getresponse()
            response.read()
            return response

        own = f"127.0.0.1:{gateway.port}"
        answer = ask("POST", "/login", Origin=f"https://{own}")
        [morsel] = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert morsel["secure"]
        assert ask("GET", "/", Cookie=f"{morsel.key}={morsel.value}").status == 303
        assert ask("POST", "/login", Origin=f"http://{own}").status == 403
