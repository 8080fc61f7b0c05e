"""Settings of a server: what is refused, in words that say what to do; what every session is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from refusals import refused

from LiverTumorSegLib.web.settings import ServeSettings, session_words

TOKEN = "0123456789abcdef"


def test_the_defaults_serve_this_computer_only():
    settings = ServeSettings()
    assert (settings.host, settings.port, settings.is_loopback, settings.token) == ("127.0.0.1", 8080, True, "")
    assert (settings.max_sessions, settings.max_runs, settings.idle_minutes) == (8, 1, 30.0)
    limits = settings.limits
    assert (limits.spare_after_s, limits.start_s, limits.unopened_s, limits.wrong_token_s) == (10.0, 60.0, 120.0, 0.5)
    assert (limits.most_upload_files, limits.keep_free_bytes) == (20_000, 2**30)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "::1", "localhost", "LOCALHOST"])
def test_this_computer_is_known_by_its_names(host):
    assert ServeSettings(host=host).is_loopback


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "ct-server", "localhost.example", "127.0.0.1.example", "127.1"]
)
def test_any_other_host_needs_a_token(host):
    with refused(host, "token", "127.0.0.1"):
        ServeSettings(host=host)
    assert not ServeSettings(host=host, token=TOKEN).is_loopback


def test_who_can_be_reached_through_a_proxy_needs_a_token_too():
    with refused("https://liver.example.org", "token"):
        ServeSettings(address="https://liver.example.org")
    settings = ServeSettings(address="https://liver.example.org", token=TOKEN)
    assert settings.is_loopback
    assert not settings.is_private


@pytest.mark.parametrize(
    "address", ["liver.example.org", "https://", "https://a/b", "https://u@a", "ftp://a", "https://a?b"]
)
def test_what_is_no_address_is_refused(address):
    with refused("address", "--address"):
        ServeSettings(address=address, token=TOKEN)


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], " " * 20, TOKEN[:-1] + "     "])
def test_a_token_that_could_be_guessed_is_refused_and_not_repeated(token):
    with refused("token", "at least 16"):
        ServeSettings(token=token)


def test_a_token_is_not_shown_with_the_settings():
    assert TOKEN not in repr(ServeSettings(token=TOKEN))


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_there_is_not_is_refused(port):
    with refused(str(port), "65535", "--port"):
        ServeSettings(port=port)


@pytest.mark.parametrize("port", [0, 1, 65535])
def test_ports_from_end_to_end_are_taken(port):
    assert ServeSettings(port=port).port == port


@pytest.mark.parametrize("host", ["", " ", "http://localhost", "localhost/x", "[::1]", "user@host", "a b"])
def test_what_is_no_host_is_refused(host):
    with refused("--host"):
        ServeSettings(host=host, token=TOKEN)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [("max_upload_mib", "--max-upload-mib", 0), ("max_runs", "--max-runs", 0), ("max_sessions", "--max-sessions", -1),
     ("idle_minutes", "--idle-minutes", 0.0), ("idle_minutes", "--idle-minutes", float("nan"))],
)  # fmt: skip
def test_limits_that_allow_nothing_are_refused(name, option, value):
    with refused(option):
        ServeSettings(**{name: value})


def test_a_data_folder_that_is_none_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with refused("nothing at", "--data"):
        ServeSettings(data_folder=tmp_path / "absent")
    with refused("a file at", "--data"):
        ServeSettings(data_folder=tmp_path / "file")


def test_certificate_and_key_come_together_and_are_there(tmp_path):
    there, absent = tmp_path / "there.pem", tmp_path / "absent.pem"
    there.touch()
    with refused("certificate without its key", "--tls-key"):
        ServeSettings(tls_certificate=there)
    with refused("key without its certificate", "--tls-certificate"):
        ServeSettings(tls_key=there)
    with refused("absent.pem", "--tls-key"):
        ServeSettings(tls_certificate=there, tls_key=absent)
    with refused("absent.pem", "--tls-certificate"):
        ServeSettings(tls_certificate=absent, tls_key=there)
    assert ServeSettings(tls_certificate=there, tls_key=there).uses_tls


def test_a_session_is_told_the_data_folder_in_full_and_the_limit(tmp_path, monkeypatch):
    assert session_words(ServeSettings(max_upload_mib=5)) == ["--max-upload-mib", "5"]
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    words = session_words(ServeSettings(data_folder=Path("data")))
    assert words == ["--data", str((tmp_path / "data").resolve()), "--max-upload-mib", "4096"]
