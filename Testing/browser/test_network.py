"""Nobody but the server is asked: the record that every test's page is held against sees what it should see."""

from __future__ import annotations

from playwright.sync_api import Browser
from workstation_page import BrowserRecord, WorkstationPage

NOBODY = "localhost:9"
"""Nothing listens there, and nothing leaves this computer."""
PAGE = f"""data:text/html,<img src="http://{NOBODY}/pixel.png"><script>
new WebSocket("ws://{NOBODY}/listen"); console.error("told"); throw new Error("thrown");
</script>"""


def test_the_record_sees_requests_to_others_and_errors(chromium: Browser):
    with chromium.new_context() as context:
        record = BrowserRecord("http://127.0.0.1:8080")
        record.watch(context)
        page = WorkstationPage(context.new_page(), record)
        page.page.goto(PAGE)
        page.wait_until(lambda: len(record.errors) >= 4, "the errors of picture, websocket and script")
    assert record.foreign_hosts == {NOBODY}
    assert record.websockets == 1
    assert any("told" in error for error in record.errors)
    assert any("thrown" in error for error in record.errors)


def test_a_page_of_the_server_may_ask_nobody_else(page: WorkstationPage):
    """Whatever gets into it: the browser keeps it in, by what the server says about its pages."""
    for script in (
        f"fetch('http://{NOBODY}/').catch(() => 0)",
        f"new Image().src = 'http://{NOBODY}/pixel.png'",
        f"try {{ new WebSocket('ws://{NOBODY}/') }} catch (_) {{}}",
    ):
        page.page.evaluate(f"() => {{ {script}; }}")
        page.wait_until(lambda: bool(page.record.errors), f"a refusal of {script}")
        assert all("Content Security Policy" in error for error in page.record.take_errors())
    # The record has seen the attempts, which are this test's own.
    assert page.record.foreign_hosts == {NOBODY}
    page.record.hosts.discard(NOBODY)
