"""What kinds of errors cost how much AP."""
