"""The process of one browser session: a trame server with a Slicer scene of its own."""
