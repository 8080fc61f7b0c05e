"""What the Slicer module is made of. Imports nothing at load time that Slicer does not bring."""
