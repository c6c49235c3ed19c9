"""What must agree before the first iteration; a file for each question."""
