"""What a server has to remove when it ends: its session processes and the folder that all their files are in."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import psutil

from LiverTumorSegLib.child.tree import ProcessTree
from LiverTumorSegLib.web.gateway.abandoned import PREFIX, claim

MARK_VARIABLE = "LIVERTUMORSEG_SESSION_MARK"
_TRIES = 5


class SessionTree:
    """A session process and all that it has started, those too that have lost their parent since.

    mark: what the process has in its environment as MARK_VARIABLE; descendants inherit it, which is how they are found.
    It is not the session's key, which is nobody else's business.
    """

    def __init__(self, pid: int, mark: str) -> None:
        self.tree, self.mark, self.is_killed = ProcessTree(pid), mark, False


def kill_trees(trees: Sequence[SessionTree]) -> None:
    """End them now, each once: afterwards its number may be another process'.

    Blocks for some tens of milliseconds.
    """
    living = [tree for tree in trees if not tree.is_killed]
    if not living:
        return
    with ThreadPoolExecutor(len(living)) as pool:
        list(pool.map(lambda tree: tree.tree.kill(), living))
    marks = {tree.mark for tree in living}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK_VARIABLE) in marks:
                process.kill()
    for tree in living:
        tree.is_killed = True


class Leftovers:
    """``clear`` may be called at any time from any thread, also when the event loop hangs; then nothing is left."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._claim: IO[bytes] | None = None
        self._trees: set[SessionTree] = set()

    def new_folder(self, name: str) -> Path:
        """Below the one folder of this server, which is made with the first one. Only its owner can enter it."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._claim = claim(self._root)
        folder = self._root / name
        folder.mkdir(mode=0o700)
        return folder

    def add(self, tree: SessionTree) -> None:
        self._trees.add(tree)

    def discard(self, tree: SessionTree) -> None:
        self._trees.discard(tree)

    def clear(self) -> None:
        """Kill every process, remove every file."""
        kill_trees(list(self._trees))
        if self._root is not None:
            remove_folder(self._root)
        if self._claim is not None:
            self._claim.close()


def remove_folder(folder: Path) -> None:
    """Also one into which something still writes; what the system does not let go of stays."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)
