"""Data sets, transforms, importers and checks."""
