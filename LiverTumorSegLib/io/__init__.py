"""File formats: the only place that reads or writes them (beside ``mrml/`` for Slicer scenes)."""
