"""Where a server listens: its socket, its certificate, its address in words."""

from __future__ import annotations

import errno
import socket
import ssl

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.web.settings import ServeSettings

_BACKLOG = 128


def listening_socket(settings: ServeSettings) -> socket.socket:
    """Bound and listening; port 0 has become a real one. Raises InputError if the system does not let it."""
    # One address, so that port 0 means one port; browsers try it for localhost too.
    host = "127.0.0.1" if settings.host.lower() == "localhost" else settings.host
    try:
        family = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, settings.port), family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise InputError(
            found=f"no address for host {host} ({error.strerror})",
            expected="a name or an address of this computer",
            remedy="Change --host",
        ) from error
    except OSError as error:
        raise _refused(error, host, settings.port) from error


def _refused(error: OSError, host: str, port: int) -> InputError:
    if error.errno == errno.EADDRINUSE:
        return InputError(
            found=f"port {port} of {host}, which another program uses",
            expected="a port that is free",
            remedy="Give another one with --port (0: the system chooses), or end the other program",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return InputError(
            found=f"host {host}, which is not an address of this computer",
            expected="127.0.0.1, or an address of one of its network interfaces (0.0.0.0: all)",
            remedy="Change --host",
        )
    return InputError(
        found=f"port {port} of {host}, which the system does not give ({error.strerror})",
        expected="a port that this user may use, usually 1024 and above",
        remedy="Change --port",
    )


def tls_context(settings: ServeSettings) -> ssl.SSLContext | None:
    """None without a certificate. Raises InputError if certificate and key cannot be used."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # With an empty password the system does not ask for one: nobody may be there to answer.
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")
    except (ssl.SSLError, OSError) as error:
        raise InputError(
            found=f"the TLS certificate {settings.tls_certificate} with the key {settings.tls_key} ({error})",
            expected="two PEM files that belong together, the key without a password",
            remedy="Change --tls-certificate or --tls-key",
        ) from error
    return context


def url_of(settings: ServeSettings, port: int) -> str:
    """For people: through the proxy, if there is one; a server on all interfaces goes by this computer's name."""
    if settings.address:
        return f"{settings.address}/"
    host = socket.gethostname() if settings.host in ("0.0.0.0", "::") else settings.host
    return f"{'https' if settings.uses_tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/"
