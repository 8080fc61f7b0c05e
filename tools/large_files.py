"""Refuses files over 2 MiB: the clone stays under 100 MB for ever."""

import sys
from pathlib import Path

LIMIT_BYTES = 2 * 2**20

too_large = [name for name in sys.argv[1:] if Path(name).stat().st_size > LIMIT_BYTES]
if too_large:
    sys.exit(f"Over 2 MiB: {', '.join(too_large)}. Weights and images are fetched or generated, not committed.")
