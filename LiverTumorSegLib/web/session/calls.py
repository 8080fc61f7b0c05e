"""From the page to the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def call(server: Any, target: Callable[..., Any], *arguments: str) -> str:
    """JavaScript that calls a function or signal of the server; arguments are expressions of the page."""
    return f"trigger('{server.trigger_name(target)}', [{', '.join(arguments)}])"
