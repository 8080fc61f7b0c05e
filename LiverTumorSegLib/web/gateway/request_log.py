"""What the gateway says about requests that went wrong: its own mistakes, never what somebody has sent."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError

REQUEST_LOG = logging.getLogger(__name__)


def _is_own_mistake(record: logging.LogRecord) -> bool:
    """aiohttp quotes requests that are no HTTP, and with them tokens and the addresses of sessions."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


REQUEST_LOG.addFilter(_is_own_mistake)
