"""``livertumorseg serve``: the workstation in the browser."""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.web.settings import ServeSettings

TOKEN_VARIABLE = "LIVERTUMORSEG_TOKEN"
_MODULES = ("aiohttp", "slicer", "trame", "trame_slicer")


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``serve [--data FOLDER]``."""
    parser = subparsers.add_parser(
        "serve",
        help="open the workstation in a browser: segment, correct, measure, export",
        description="Serve the workstation to browsers: open a CT, segment it, correct the mask, see volumes (ml) and "
        "diameters (mm) follow, export. Each browser page has a Slicer scene and a temporary folder of its own, which "
        "end with it. Nothing is sent to other computers. Ctrl-C ends the server.",
        parents=list(parents),
    )
    parser.add_argument(
        "--data", type=some_path, metavar="FOLDER", help="offer the CTs in this folder, for reading only"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s: this computer only)")
    parser.add_argument("--port", type=int, default=8080, help="0: a free one (%(default)s)")
    parser.add_argument(
        "--address",
        default="",
        metavar="URL",
        help="what people enter where a proxy stands before the server, such as https://liver.example.org",
    )
    parser.add_argument(
        "--token-file",
        type=some_path,
        metavar="FILE",
        help=f"holds what people must know to get in; else ${TOKEN_VARIABLE}; else one is made and printed wherever "
        "other computers can reach the server",
    )
    parser.add_argument("--tls-certificate", type=some_path, metavar="FILE", help="PEM; serve https")
    parser.add_argument("--tls-key", type=some_path, metavar="FILE", help="PEM, of the certificate")
    parser.add_argument(
        "--max-upload-mib", type=int, default=4096, metavar="MIB", help="that one session may hold (%(default)s MiB)"
    )
    parser.add_argument(
        "--max-runs", type=int, default=1, metavar="N", help="segmentations at a time, others queue (%(default)s)"
    )
    parser.add_argument("--max-sessions", type=int, default=8, metavar="N", help="open pages (%(default)s)")
    parser.add_argument(
        "--idle-minutes",
        type=float,
        default=30.0,
        metavar="MIN",
        help="a session lives on for so long after its page was closed (%(default)s minutes)",
    )
    parser.add_argument("--offline", action="store_true", help="do not fetch the networks, even if they are missing")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Serve until somebody stops it."""
    import asyncio

    settings = _settings_from(arguments)
    _check_packages()
    from LiverTumorSegLib.web.gateway.app import serve
    from LiverTumorSegLib.web.gateway.leftovers import Leftovers

    _get_networks(job, offline=arguments.offline)
    leftovers = Leftovers()

    def tell(address: str) -> None:
        token = f"?token={quote(settings.token)}" if settings.token else ""
        job.output.result(f"Open {address}{token}\nCtrl-C ends the server.", address=address, token=settings.token)

    if not (settings.is_private or settings.uses_tls or settings.address.startswith("https:")):
        job.output.warning(
            "CTs and token travel readable over the network. Use --tls-certificate, or a proxy with TLS and --address."
        )
    with job.cleaned_up_by(leftovers.clear):
        asyncio.run(serve(settings, stopped=lambda: job.cancelled, on_ready=tell, leftovers=leftovers))
    return 0


def _settings_from(arguments: argparse.Namespace) -> ServeSettings:
    """Raises InputError where they contradict each other, or a token file cannot be read."""
    from LiverTumorSegLib.web.settings import ServeSettings, is_loopback

    token = _given_token(arguments.token_file)
    is_private = is_loopback(arguments.host) and not arguments.address
    return ServeSettings(
        host=arguments.host,
        port=arguments.port,
        data_folder=arguments.data,
        address=arguments.address.rstrip("/"),
        token=token if token or is_private else secrets.token_urlsafe(24),
        tls_certificate=arguments.tls_certificate,
        tls_key=arguments.tls_key,
        max_upload_mib=arguments.max_upload_mib,
        max_runs=arguments.max_runs,
        max_sessions=arguments.max_sessions,
        idle_minutes=arguments.idle_minutes,
    )


def _given_token(file: Path | None) -> str:
    """From the file or the environment; not an option, whose value everybody on this computer could read."""
    if file is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip()
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            found=f"{file} cannot be read ({error})",
            expected="a text file with the token",
            remedy="Change --token-file",
        ) from error
    if not token:
        raise InputError(found=f"{file} is empty", expected="a text file with the token", remedy="Change --token-file")
    return token


def _check_packages() -> None:
    """Raises InputError if what the server needs besides the main job is not installed."""
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            found=f"these Python packages are missing: {', '.join(missing)}",
            expected="what the workstation is built on (trame-slicer with the Slicer core)",
            remedy="Install it: pip install 'livertumorseg[web]'",
        )


def _get_networks(job: Job, *, offline: bool) -> None:
    """Before anybody waits for them; the sessions themselves never download."""
    from LiverTumorSegLib.cli.model_choice import choose_model
    from LiverTumorSegLib.settings import SegmentSettings

    _model, warnings = choose_model(SegmentSettings(), job.report, offline=offline)
    for warning in warnings:
        job.output.warning(warning)
