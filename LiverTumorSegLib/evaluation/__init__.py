"""How well a segmentation agrees with a reference; every measure is defined for empty masks."""
