"""What to install for scenes and pictures, in the words of messages. Imports neither vtk nor slicer."""

SLICER_CORE = "pip install 'livertumorseg[mrml]'"
OPENGL_PACKAGES = "libegl1 libegl-mesa0 libgl1-mesa-dri"
OPENGL = f"on Debian or Ubuntu: apt install {OPENGL_PACKAGES}"
