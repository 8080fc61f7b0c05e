"""``python -m LiverTumorSegLib``: the command line, for places without an installed script (Slicer's Python)."""

from LiverTumorSegLib.cli.main import main

raise SystemExit(main())
