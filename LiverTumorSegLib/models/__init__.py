"""Networks as plain functions over a few operations: which engine runs them, they do not know."""
