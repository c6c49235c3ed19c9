"""The console script `dense-scene`."""
