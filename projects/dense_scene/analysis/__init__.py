"""What one asks of a finished run or a data set, a folder a question."""
