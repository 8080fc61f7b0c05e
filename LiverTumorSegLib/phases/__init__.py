"""The phases of one examination: which they are, and whether the liver has the same volume in all. No files."""
