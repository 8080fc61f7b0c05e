"""What only a real browser does: it obeys the headers, sends its own, and keeps the cookie."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from gateway_runs import TOKEN, RunningGateway, running_gateway

playwright = pytest.importorskip("playwright.sync_api")
UPLOAD = "async () => (await fetch('uploads/a/b.dcm', {method: 'PUT', body: 'dicom'})).status"
ECHO = """() => new Promise((done) => {
  const socket = new WebSocket(location.href.replace('http', 'ws').replace('index.html', 'ws'));
  socket.onopen = () => socket.send('hello');
  socket.onmessage = (message) => done(message.data);
  socket.onerror = () => done('refused');
})"""
OUTSIDE = "() => fetch('http://localhost:1/').then(() => 'let out', (error) => 'refused')"


@pytest.fixture(scope="module")
def browser():
    """Chromium of the system, or the one that playwright has fetched; skips where there is neither."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with playwright.sync_playwright() as running:
        try:
            started = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except playwright.Error:
            pytest.skip("no Chromium here")
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """In a browser that knows nothing."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def guarded(temporary_files) -> Iterator[RunningGateway]:
    with running_gateway(token=TOKEN, wrong_token_s=0.0) as gateway:
        yield gateway


@pytest.fixture
def other_site(guarded: RunningGateway) -> Iterator[str]:
    """A page of another site with a link to the server, its first page in a picture, and a session in a frame."""
    content = f"""<a id="link" href="{guarded.url}?token={quote(TOKEN)}">in</a><a id="plain" href="{guarded.url}">in</a>
    <img src="{guarded.url}"><iframe src="{guarded.url}signed-in"></iframe>""".encode()

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_a_person_signs_in_with_the_form_and_works(guarded, page):
    page.goto(guarded.url)
    page.fill("#token", "this is wrong")
    page.click("button")
    assert "This is not the token" in page.content()
    page.fill("#token", TOKEN)
    page.click("button")
    page.wait_for_url("**/s/*/index.html")
    assert page.inner_text("h1") == "stand-in"
    assert page.evaluate(UPLOAD) == 201
    assert page.evaluate(ECHO) == "hello"


def test_a_page_of_the_server_reaches_no_other_server(guarded, page):
    page.goto(f"{guarded.url}?token={quote(TOKEN)}")
    page.wait_for_url("**/s/*/index.html")
    blocked = []
    page.on("console", lambda message: blocked.append(message.text))
    assert page.evaluate(OUTSIDE) == "refused"
    assert any("Content Security Policy" in text for text in blocked)


def test_a_link_of_another_page_leads_in_with_the_token_and_the_token_is_not_in_the_address(guarded, page, other_site):
    page.goto(other_site)
    page.click("#link")
    page.wait_for_url("**/s/*/index.html")
    assert page.evaluate(ECHO) == "hello"
    # Later, by a link without it: the strict cookie stays at home until a page of the server asks.
    page.goto(other_site)
    page.click("#plain")
    page.click("text=I have signed in already")
    page.wait_for_url("**/s/*/index.html")


def test_another_page_can_neither_show_the_server_in_a_frame_nor_use_its_websocket(guarded, page, other_site):
    page.goto(f"{guarded.url}?token={quote(TOKEN)}")
    page.wait_for_url("**/s/*/index.html")
    session = page.url.removesuffix("index.html").replace("http", "ws")
    page.goto(other_site)
    [frame] = [frame for frame in page.frames if frame.parent_frame]
    assert "Signed in" not in frame.content()
    assert (
        page.evaluate(ECHO.replace("location.href", f"'{session}index.html'").replace("'http', 'ws'", "'', ''"))
        == "refused"
    )


def test_an_end_is_a_page_with_a_way_on(guarded, page):
    page.goto(f"{guarded.url}?token={quote(TOKEN)}")
    page.wait_for_url("**/s/*/index.html")
    page.goto(f"{guarded.url}s/{'0' * 32}/index.html")
    page.click("text=Start a new session")
    page.wait_for_url("**/s/*/index.html")
