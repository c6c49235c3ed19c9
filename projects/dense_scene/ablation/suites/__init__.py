"""Which rows are run: read, resolved, told apart from their parents."""
