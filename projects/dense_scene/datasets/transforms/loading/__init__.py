"""Loading images: checked, and no larger than they will be used."""
