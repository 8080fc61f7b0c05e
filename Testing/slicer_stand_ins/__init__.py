"""Stand-ins for what only desktop Slicer has, so that a scripted module runs in pytest on the real MRML scene.

Test-only, never shipped. Whatever has no stand-in raises an error that names it.
"""
