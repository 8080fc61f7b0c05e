"""Scenes of 3D Slicer: nodes, pictures and scene files. Functions take a scene; below the front ends, only this folder
imports vtk or slicer.

``client`` and ``handover`` import neither, so that a parent process can use them: the scene is made in a child process.
"""
