"""One page with everything that a suite found."""
