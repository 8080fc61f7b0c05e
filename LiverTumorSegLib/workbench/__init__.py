"""What front ends on a Slicer scene share: runs, numbers that follow the mask, files out. No Qt, nothing waits."""
