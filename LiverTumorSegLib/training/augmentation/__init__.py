"""Random changes of patches: where they lie in their volume, and how a scanner would have shown them."""
