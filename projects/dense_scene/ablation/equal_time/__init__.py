"""The same training time for every row."""
