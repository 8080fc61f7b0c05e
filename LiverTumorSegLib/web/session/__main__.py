"""``python -m LiverTumorSegLib.web.session --folder F``: started by the gateway, which it talks to over its pipes."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from LiverTumorSegLib.web.session.channel import GatewayChannel

KEY_VARIABLE = "LIVERTUMORSEG_SESSION_KEY"


def main() -> None:
    """Serve one browser session until the gateway closes the pipe."""
    parser = argparse.ArgumentParser(prog="livertumorseg-session", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for everything that this session writes")
    parser.add_argument("--data", type=Path, help="folder of CTs that may be opened")
    parser.add_argument("--max-upload-mib", type=int, required=True, help="what the gateway lets through, for the page")
    arguments = parser.parse_args()
    channel = GatewayChannel.over_stdio()
    key = os.environ.pop(KEY_VARIABLE)
    # The gateway ends a session by killing it: what libraries and children take for temporary goes with its folder.
    os.environ["TMPDIR"] = tempfile.tempdir = str(arguments.folder)
    # Its own words on the output would be taken for messages; its command line is not ours.
    os.environ["WSLINK_READY_MSG"] = ""
    if sys.platform.startswith("linux"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    sys.argv = [sys.argv[0], "--server", "--authKey", key]
    asyncio.run(_serve(arguments, channel))
    # Slicer's objects are not worth the second that it takes to free them one by one.
    sys.stderr.flush()
    os._exit(0)


async def _serve(arguments: argparse.Namespace, channel: GatewayChannel) -> None:
    from LiverTumorSegLib.web.session.workstation import SessionSettings, Workstation

    settings = SessionSettings(arguments.folder, arguments.data, arguments.max_upload_mib)
    await Workstation(settings, channel).serve()


if __name__ == "__main__":
    main()
