"""Speed, size and memory of trained rows."""
