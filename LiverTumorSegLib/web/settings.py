"""Settings of ``livertumorseg serve``: frozen, checked once at construction."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from LiverTumorSegLib.errors import InputError

SHORTEST_TOKEN = 16
_MOST_PORT = 65535
_ADDRESS = re.compile(r"https?://[^\s/@?#]+")


@dataclass(frozen=True)
class ServeLimits:
    """What nobody needs to set but tests. Times in seconds.

    spare_after_s: rest between a session that was taken and the start of the next spare one. start_s: the longest that
    a browser waits for a session that is starting. unopened_s: life of a session whose page was never opened.
    stalled_upload_s: the longest pause in an upload. keep_free_bytes: of the disk that uploads go to.
    """

    spare_after_s: float = 10.0
    start_s: float = 60.0
    unopened_s: float = 120.0
    wrong_token_s: float = 0.5
    look_s: float = 0.5
    stalled_upload_s: float = 60.0
    most_upload_files: int = 20_000
    keep_free_bytes: int = 2**30


@dataclass(frozen=True)
class ServeSettings:
    """One server.

    address: what people enter where a proxy stands before the server (https://liver.example.org), empty for none.
    data_folder: CTs that every session may open, None for uploads only. token: what people must know to get in, empty
    for nothing; needed wherever others than this computer can reach the server. max_upload_mib: of a session in total.
    max_runs: segmentations at a time, over all sessions. idle_minutes: life of a session after its last browser left.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    address: str = ""
    data_folder: Path | None = None
    token: str = field(default="", repr=False)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    max_upload_mib: int = 4096
    max_runs: int = 1
    max_sessions: int = 8
    idle_minutes: float = 30.0
    limits: ServeLimits = field(default_factory=ServeLimits)

    def __post_init__(self) -> None:
        self._check_address()
        self._check_access()
        self._check_tls()
        self._check_data_folder()
        self._check_limits()

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def is_private(self) -> bool:
        """Whether nobody on another computer can reach the server, not through a proxy either."""
        return self.is_loopback and not self.address

    @property
    def uses_tls(self) -> bool:
        return self.tls_certificate is not None

    def _check_address(self) -> None:
        if not self.host or any(character.isspace() or character in "/@[]?#" for character in self.host):
            raise InputError(
                found=f"the host {self.host!r}",
                expected="a host name or an address, such as 127.0.0.1, 0.0.0.0 or ::1",
                remedy="Change --host; the port has an option of its own, --port",
            )
        if self.address and not _ADDRESS.fullmatch(self.address):
            raise InputError(
                found=f"the address {self.address!r}",
                expected="what people enter in the browser, such as https://liver.example.org, without a path",
                remedy="Change --address",
            )
        if not 0 <= self.port <= _MOST_PORT:
            raise InputError(
                found=f"port {self.port}",
                expected=f"0 (the system chooses one) to {_MOST_PORT}",
                remedy="Change --port",
            )

    def _check_access(self) -> None:
        if not self.token and not self.is_private:
            where = self.address or f"host {self.host}"
            raise InputError(
                found=f"{where} without a token, which would let in everybody on the network",
                expected="a token wherever other computers can reach the server",
                remedy="Give a token, or --host 127.0.0.1 without --address",
            )
        if self.token and len(self.token.strip()) < SHORTEST_TOKEN:
            raise InputError(
                found=f"a token of {len(self.token.strip())} characters",
                expected=f"at least {SHORTEST_TOKEN}, so that it cannot be guessed",
                remedy='Make one: python -c "import secrets; print(secrets.token_urlsafe(24))"',
            )

    def _check_tls(self) -> None:
        if (self.tls_certificate is None) != (self.tls_key is None):
            there, absent = ("certificate", "key") if self.tls_key is None else ("key", "certificate")
            raise InputError(
                found=f"a TLS {there} without its {absent}",
                expected="both or neither",
                remedy=f"Give --tls-{absent} too",
            )
        for what, path in (("certificate", self.tls_certificate), ("key", self.tls_key)):
            if path is not None and not path.is_file():
                raise InputError(found=f"no TLS {what} at {path}", expected="a PEM file", remedy=f"Change --tls-{what}")

    def _check_data_folder(self) -> None:
        if self.data_folder is not None and not self.data_folder.is_dir():
            what = "a file" if self.data_folder.exists() else "nothing"
            raise InputError(
                found=f"{what} at {self.data_folder}", expected="a folder with CTs", remedy="Change --data"
            )

    def _check_limits(self) -> None:
        for option, value in (
            ("--max-upload-mib", self.max_upload_mib),
            ("--max-runs", self.max_runs),
            ("--max-sessions", self.max_sessions),
            ("--idle-minutes", self.idle_minutes),
        ):
            if not value > 0:
                raise InputError(found=f"{option} {value:g}", expected="more than 0", remedy=f"Change {option}")


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach an address. A name other than localhost counts as reachable by others."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def session_words(settings: ServeSettings) -> list[str]:
    """The options of every session process; the folder that is its own comes besides. Paths are absolute."""
    data = ["--data", str(settings.data_folder.resolve())] if settings.data_folder is not None else []
    return [*data, "--max-upload-mib", str(settings.max_upload_mib)]
