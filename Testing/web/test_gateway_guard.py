"""Who is not let in: pages whose name was made to mean this computer, other pages; and what every answer carries."""

from __future__ import annotations

import logging
import socket

import pytest
from gateway_runs import TOKEN, running_gateway

from LiverTumorSegLib.web.gateway import exports

SECURITY = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; worker-src 'self' "
    "blob:; connect-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
CHANGING = [("POST", "/paraview/"), ("POST", "/mirror"), ("PUT", "/uploads/guard/a"), ("DELETE", "/uploads/guard")]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LocalHost"])
def test_the_names_of_this_computer_are_let_in(gateway, session, name):
    assert gateway.get(f"{session}/index.html", Host=f"{name}:{gateway.port}").status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "127.0.0.1.evil.example:{port}", "localhost.evil.example:{port}", "localhost", "127.0.0.1",
     "127.0.0.1:1", "0.0.0.0:{port}", "localhost:{port}@evil.example", "evil.example", "localhost.:{port}",
     "127.1:{port}", " ", "localhost:{port}, evil.example"],
)  # fmt: skip
def test_no_other_name_is_let_in(gateway, session, host):
    host = host.format(port=gateway.port)
    for method, path in (("GET", "/"), ("GET", f"{session}/index.html"), ("POST", f"{session}/paraview/")):
        answer = gateway.ask(method, path, Host=host)
        assert answer.status in (400, 403)
        assert b"secret" not in answer.body


def test_a_request_without_a_host_or_with_two_is_not_let_in(gateway, session):
    own = f"127.0.0.1:{gateway.port}"
    for headers in ("", f"Host: {own}\r\nHost: evil.example\r\n", f"Host: evil.example\r\nHost: {own}\r\n"):
        answer = gateway.raw(f"GET {session}/index.html HTTP/1.1\r\n{headers}Connection: close\r\n\r\n".encode())
        assert answer.split()[1] in (b"400", b"403")
        assert b"stand-in" not in answer
    assert gateway.raw(f"GET {session}/index.html HTTP/1.0\r\n\r\n".encode()).split()[1] == b"403"


def test_the_host_in_the_target_does_not_replace_the_header(gateway, session):
    own = f"http://127.0.0.1:{gateway.port}"
    request = f"GET {own}{session}/index.html HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert gateway.raw(request.encode()).split()[1] == b"403"


@pytest.mark.parametrize(("method", "path"), CHANGING)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://{own}", "http://localhost:{port}", "", "{own}"]
)
def test_other_pages_can_change_nothing(gateway, session, method, path, origin):
    """Also those of the same computer under another name: browsers keep them apart, so does the gateway."""
    origin = origin.format(own=f"127.0.0.1:{gateway.port}", port=gateway.port)
    answer = gateway.ask(method, f"{session}{path}", b"", Origin=origin)
    assert answer.status == 403
    assert "Another page" in answer.message


@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_pages_of_the_server_itself_and_programs_can(gateway, session, method, path):
    own = {"Origin": f"http://127.0.0.1:{gateway.port}"}
    for number, headers in enumerate((own, {})):
        own_path = path.replace("guard", f"guard{number}{method.lower()}")
        assert gateway.ask(method, f"{session}{own_path}", b"", **headers).status in (200, 201, 204)


def test_a_page_may_be_read_whatever_the_origin_because_browsers_do_not_show_it_to_others(gateway, session):
    answer = gateway.get(f"{session}/index.html", Origin="http://evil.example")
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_answer_carries_the_security_headers_and_those_of_a_session_do_not_count(gateway, session):
    answers = {
        "proxied page": gateway.get(f"{session}/index.html"),
        "proxied answer": gateway.ask("POST", f"{session}/mirror"),
        "new session": gateway.get("/"),
        "life": gateway.ask("HEAD", "/"),
        "connection": gateway.ask("POST", f"{session}/paraview/"),
        "upload": gateway.ask("PUT", f"{session}/uploads/headers/a", b"x"),
        "refused upload": gateway.ask("PUT", f"{session}/uploads/headers/%2e%2e", b"x"),
        "no session": gateway.get(f"/s/{'0' * 32}/"),
        "nothing": gateway.get("/nothing"),
        "wrong method": gateway.ask("DELETE", "/"),
        "wrong host": gateway.get("/", Host="evil.example"),
        "no file": gateway.get(f"{session}/exports/nothing"),
    }
    for what, answer in answers.items():
        for name, value in SECURITY.items():
            assert answer.headers.get_all(name) == [value], f"{what}: {name}"
        assert "aiohttp" not in str(answer.headers), what


def test_a_mistake_of_the_gateway_carries_them_and_tells_nobody_but_the_log(gateway, session, monkeypatch, caplog):
    def fail(_name: str) -> None:
        secret = "details"
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(exports, "plain_name", fail)
    answer = gateway.get(f"{session}/exports/a")
    assert answer.status == 500
    assert b"details" not in answer.body
    assert [answer.headers[name] for name in SECURITY] == list(SECURITY.values())
    assert "details" in caplog.text
    caplog.clear()


def test_a_websocket_carries_them_too(gateway, session):
    head = (
        f"GET {session}/ws HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    answer = gateway.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 101")
    for name, value in SECURITY.items():
        assert f"{name}: {value}".encode() in answer


def test_on_a_network_any_name_is_let_in_with_the_token_and_none_without():
    with running_gateway(host="0.0.0.0", token=TOKEN) as gateway:
        for host in ("ct-server.hospital.example:8080", f"127.0.0.1:{gateway.port}"):
            assert gateway.get("/", Host=host).status == 401
            cookie = gateway.ask("POST", "/login", f"token={TOKEN}", Host=host).headers["Set-Cookie"].split(";")[0]
            assert gateway.get("/", Host=host, Cookie=cookie).status == 303
            assert gateway.ask("POST", "/login", "token=x", Host=host, Origin="http://evil.example").status == 403


def test_requests_that_are_no_http_are_refused_and_not_quoted_in_the_log(gateway, session, caplog):
    caplog.set_level(logging.DEBUG)
    for request in (
        b"GET /?token=secretword HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\0secretword",
        b"GET /\0secretword HTTP/1.1\r\n\r\n",
    ):
        answer = gateway.raw(request)
        assert answer.split()[1] == b"400"
    assert gateway.ask("HEAD", "/").status == 200
    assert "secretword" not in caplog.text


def test_behind_a_proxy_its_own_pages_pass_whichever_host_the_proxy_names():
    own, form = "https://liver.example.org", "application/x-www-form-urlencoded"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running_gateway(address=own, token=TOKEN, port=port) as gateway:
        assert gateway.url == f"{own}/"
        gateway.url = f"http://127.0.0.1:{port}/"
        for host in ("liver.example.org", f"127.0.0.1:{port}"):
            body = f"token={TOKEN}".encode()
            signed_in = gateway.ask("POST", "/login", body, Host=host, Origin=own, Content_Type=form)
            assert signed_in.status == 303
            assert "Secure" in signed_in.headers["Set-Cookie"]
            for origin in ("https://evil.example", "http://liver.example.org", f"{own}.evil.example", ""):
                assert gateway.ask("POST", "/login", body, Host=host, Origin=origin, Content_Type=form).status == 403
        assert gateway.get("/", Host="evil.example").status == 403
