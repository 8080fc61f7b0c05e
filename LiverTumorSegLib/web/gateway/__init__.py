"""What browsers talk to: lets people in, starts and ends session processes, passes requests on to them.

It never imports slicer, vtk, torch or trame, so that it starts at once and nothing that a session does can stop it.
"""
