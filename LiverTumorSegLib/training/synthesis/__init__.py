"""Training images without real voxels: label maps are completed to whole anatomies and rendered as CT."""
