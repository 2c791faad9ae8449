"""The world in a box: what stands in for workers and for time."""
